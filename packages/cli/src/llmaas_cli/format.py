"""Text formatting shared by commands and notebooks: numbers, energy, progress, errors."""

from __future__ import annotations

import os
from datetime import timedelta
from math import floor, log10
from typing import TYPE_CHECKING

import llmaas
from llmaas.text import visible

if TYPE_CHECKING:
    from llmaas.bulk import Progress
    from llmaas.types import Usage

MAX_ERROR_CHARACTERS = 4_000


def format_count(value: int | None) -> str:
    """Format a count with narrow spaces between thousands; a dash if it is unknown."""
    return "-" if value is None else f"{value:,}".replace(",", "\u202f")


def format_tokens(usage: Usage) -> str:
    """Format the token counts of a call, reasoning included."""
    reasoning = usage.reasoning_tokens
    thinking = f" ({format_count(reasoning)} reasoning)" if reasoning else ""
    prompt, completion = format_count(usage.prompt_tokens), format_count(usage.completion_tokens)
    return f"{prompt} in, {completion} out{thinking}"


def format_kwh(kwh: float) -> str:
    """Format an energy in kWh, with three significant digits and at least six decimals."""
    decimals = 6 if kwh <= 0 else max(6, 2 - floor(log10(kwh)))
    return f"{kwh:.{decimals}f} kWh"


def format_energy(kwh: float) -> str:
    """Format an energy in mWh, Wh or kWh, by its size."""
    for limit, factor, unit in ((0.001, 1e6, "mWh"), (1.0, 1e3, "Wh")):
        if kwh < limit:
            return f"{kwh * factor:.3g} {unit}"
    return f"{kwh:,.2f} kWh"


def describe_progress(progress: Progress) -> str:
    """Describe a bulk run on one line: rate, time left, current and projected cost."""
    from llmaas.pricing import format_eur

    parts = [f"{progress.per_second:.1f}/s"]
    if progress.seconds_left is not None:
        parts.append(f"{timedelta(seconds=round(progress.seconds_left))} left")
    cost = format_eur(progress.micro_eur)
    if progress.projected_micro_eur is not None:
        cost += f" of about {format_eur(progress.projected_micro_eur)}"
    parts.append(cost)
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.waiting:
        parts.append(f"{progress.waiting} in batches")
    return " · ".join(parts)


def describe_error(error: Exception) -> str:
    """Describe an error and its fix on one line, without the API key."""
    text = " ".join(_error_message(error).split()) or type(error).__name__
    if is_instance(error, "MissingAPIKeyError"):
        text = "LLMAAS_API_KEY is not set. Set it, or add --sandbox to try without a key."
    elif is_instance(error, "AuthenticationError") and not _has_key():
        text += " LLMAAS_API_KEY is not set."
    elif not _is_expected(error):
        text = f"{type(error).__name__}: {text} (set LLMAAS_DEBUG=1 for the traceback)"
    return visible(redact(text))[:MAX_ERROR_CHARACTERS]


def _error_message(error: Exception) -> str:
    """Extract the message of an error; that of an operating system error names the file."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    if isinstance(error, KeyError):  # str() would give the repr of the message
        return str(error.args[0]) if error.args else ""
    return str(error)


def _has_key() -> bool:
    return bool(os.environ.get("LLMAAS_API_KEY", "").strip())


def _is_expected(error: Exception) -> bool:
    known = OSError | ValueError | LookupError | ModuleNotFoundError
    return isinstance(error, known) or is_instance(error, "LLMaaSError")


def redact(text: str) -> str:
    """Replace the API key in a text."""
    key = os.environ.get("LLMAAS_API_KEY", "").strip()
    return text.replace(key, "***") if key else text


def is_instance(error: Exception, *names: str) -> bool:
    """Whether an error is of one of the named public classes of ``llmaas``.

    Most error classes import the openai SDK, so they are loaded only for an ``LLMaaSError``.
    """
    return isinstance(error, llmaas.LLMaaSError) and isinstance(
        error, tuple(getattr(llmaas, name) for name in names)
    )

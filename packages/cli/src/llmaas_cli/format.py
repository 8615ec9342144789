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

MAX_ERROR_CHARACTERS = 4_000


def number(value: int | None) -> str:
    """Format a count with narrow spaces between thousands; a dash if it is unknown."""
    return "-" if value is None else f"{value:,}".replace(",", "\u202f")


def kilowatt_hours(kwh: float) -> str:
    """Format an energy in kWh, with three significant digits and at least six decimals."""
    decimals = 6 if kwh <= 0 else max(6, 2 - floor(log10(kwh)))
    return f"{kwh:.{decimals}f} kWh"


def energy(kwh: float) -> str:
    """Format an energy in mWh, Wh or kWh, whichever reads best."""
    for limit, factor, unit in ((0.001, 1e6, "mWh"), (1.0, 1e3, "Wh")):
        if kwh < limit:
            return f"{kwh * factor:.3g} {unit}"
    return f"{kwh:,.2f} kWh"


def describe_progress(tally: Progress) -> str:
    """Describe a bulk run on one line: pace, time left, cost so far and projected."""
    from llmaas.pricing import format_eur

    parts = [f"{tally.per_second:.1f}/s"]
    if tally.seconds_left is not None:
        parts.append(f"{timedelta(seconds=round(tally.seconds_left))} left")
    cost = format_eur(tally.micro_eur)
    if tally.projected_micro_eur is not None:
        cost += f" of about {format_eur(tally.projected_micro_eur)}"
    parts.append(cost)
    if tally.failed:
        parts.append(f"{tally.failed} failed")
    if tally.waiting:
        parts.append(f"{tally.waiting} in batches")
    return " · ".join(parts)


def one_line(error: Exception) -> str:
    """Describe an error and its fix on one line, without the key."""
    text = " ".join(_sentences(error).split()) or type(error).__name__
    if is_instance(error, "MissingAPIKeyError"):
        text = "No API key. Set LLMAAS_API_KEY, or add --sandbox to try without one."
    elif not _is_expected(error):
        text = f"{type(error).__name__}: {text} (LLMAAS_DEBUG=1 shows where)"
    return visible(redact(text))[:MAX_ERROR_CHARACTERS]


def _sentences(error: Exception) -> str:
    """Return an error's message; that of an operating system error names the file."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    if isinstance(error, KeyError):  # whose text is the repr of its message
        return str(error.args[0]) if error.args else ""
    return str(error)


def _is_expected(error: Exception) -> bool:
    known = OSError | ValueError | LookupError | ModuleNotFoundError
    return isinstance(error, known) or is_instance(error, "LLMaaSError")


def redact(text: str) -> str:
    """Replace the API key in a text, whatever put it there."""
    key = os.environ.get("LLMAAS_API_KEY", "").strip()
    return text.replace(key, "***") if key else text


def is_instance(error: Exception, *names: str) -> bool:
    """Whether an error is of one of the named public classes of ``llmaas``.

    The classes of responses import the SDK: only an error of ours is compared with them.
    """
    return isinstance(error, llmaas.LLMaaSError) and isinstance(
        error, tuple(getattr(llmaas, name) for name in names)
    )

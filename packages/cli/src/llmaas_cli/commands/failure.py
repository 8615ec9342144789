"""Every failure of the command: one line that says what to do, an exit code, never a key."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llmaas.text import visible

if TYPE_CHECKING:
    from llmaas_cli.commands.streams import Output

FAILED, USAGE, INTERRUPTED = 1, 2, 130
"""Exit codes: the service refused or some prompts failed; the user can correct it; Ctrl-C."""
_CORRECTABLE = ("ConfigurationError", "InvalidInputError", "MissingAPIKeyError")
LONGEST = 4_000
"""Characters of an error that are shown."""


@contextmanager
def failures_in_one_line(*, as_json: bool) -> Iterator[None]:
    """Turn exceptions into a line on stderr, and with ``as_json`` also JSON on stdout."""
    from llmaas_cli.commands.output import reset
    from llmaas_cli.commands.streams import standard_streams

    with standard_streams() as out, _plain_warnings():
        reset()
        try:
            with _exit_codes(as_json):
                yield
        finally:
            _check(out)


@contextmanager
def _exit_codes(as_json: bool) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.exit(FAILED)
    except Exception as error:
        if os.environ.get("LLMAAS_DEBUG"):
            raise
        sys.exit(report(error, as_json=as_json))


def _check(out: Output) -> None:
    """Leave as stdout ended: a reader that left with what it wanted is no failure."""
    if out.reader_left:
        sys.exit(0 if out.delivered else FAILED)
    if out.failure is None:
        return
    from llmaas_cli.commands.output import say

    why = out.failure.strerror or out.failure
    say(f"error: standard output cannot be written ({why}). Its text is above.", "bold red")
    sys.exit(USAGE)


def report(error: Exception, *, as_json: bool = False) -> int:
    """Print ``error`` as one line and return the exit code it deserves."""
    from llmaas_cli.commands.output import print_json, say

    text = one_line(error)
    if as_json:
        print_json({"error": facts(error, text)})
    say(f"error: {text}", "bold red")
    return _exit_code(error)


def one_line(error: Exception) -> str:
    """Return what happened and what to do, on one line and without the key."""
    text = " ".join(_sentences(error).split()) or type(error).__name__
    if _is_ours(error, "MissingAPIKeyError"):
        text = "No API key. Set LLMAAS_API_KEY, or add --sandbox to try without one."
    elif not _expected(error):
        text = f"{type(error).__name__}: {text} (LLMAAS_DEBUG=1 shows where)"
    return visible(scrubbed(text))[:LONGEST]


def _sentences(error: Exception) -> str:
    """Return what went wrong as sentences; an operating system's message names the file."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    if isinstance(error, KeyError):  # whose text is the repr of its message
        return str(error.args[0]) if error.args else ""
    return str(error)


def scrubbed(text: str) -> str:
    """Return ``text`` without the API key, whatever put it there."""
    key = os.environ.get("LLMAAS_API_KEY", "").strip()
    return text.replace(key, "***") if key else text


def facts(error: Exception, text: str) -> dict[str, Any]:
    """Return what a program may want to know of an error."""
    known = ("status_code", "code", "request_id", "retry_after")
    found = {name: getattr(error, name, None) for name in known}
    return {"type": type(error).__name__, "message": text, **found}


def _exit_code(error: Exception) -> int:
    if _is_ours(error, "APIError", "StructuredOutputError", "BudgetExceededError"):
        return FAILED
    correctable = isinstance(error, OSError | ValueError | LookupError | ModuleNotFoundError)
    return USAGE if correctable or _is_ours(error, *_CORRECTABLE) else FAILED


def is_general(error: Exception) -> bool:
    """Whether every other input would meet the same error: a wrong key, no connection, no module.

    Such an error ends a command; any other costs its own input only.
    """
    names = (
        "AuthenticationError",
        "APIConnectionError",
        "ModelNotFoundError",
        "BudgetExceededError",
    )
    is_setup = _is_ours(error, "ConfigurationError") and not _is_ours(error, "InvalidInputError")
    return is_setup or _is_ours(error, *names) or isinstance(error, ImportError | BrokenPipeError)


def _expected(error: Exception) -> bool:
    known = OSError | ValueError | LookupError | ModuleNotFoundError
    return _is_ours(error, "LLMaaSError") or isinstance(error, known)


def _is_ours(error: Exception, *names: str) -> bool:
    """Tell by name, so that nothing imports the SDK only to compare classes."""
    kinds = {k.__name__ for k in type(error).__mro__ if k.__module__.startswith("llmaas.")}
    return not kinds.isdisjoint(names)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show our warnings as one line each, without file and line number."""

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        from llmaas_cli.commands.output import say

        say(f"warning: {scrubbed(str(message))}", "yellow")

    from llmaas.warnings import LLMaaSWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", LLMaaSWarning)
        warnings.showwarning = show
        yield

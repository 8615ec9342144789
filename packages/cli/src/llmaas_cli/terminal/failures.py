"""Errors of the command: one line that names the fix, an exit code, never a key."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llmaas_cli.format import is_instance, one_line, redact

if TYPE_CHECKING:
    from llmaas_cli.terminal.streams import Output

FAILED, USAGE, INTERRUPTED = 1, 2, 130
"""Exit codes: the service refused or some prompts failed; the user can correct it; Ctrl-C."""
_CORRECTABLE = ("ConfigurationError", "InvalidInputError", "MissingAPIKeyError")
_GENERAL = (
    "AuthenticationError",
    "APIConnectionError",
    "ModelNotFoundError",
    "BudgetExceededError",
)


@contextmanager
def failures_in_one_line(*, as_json: bool) -> Iterator[None]:
    """Turn exceptions into a line on stderr, and with ``as_json`` also JSON on stdout."""
    from llmaas_cli.terminal.output import reset
    from llmaas_cli.terminal.streams import standard_streams

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
    from llmaas_cli.terminal.output import say

    why = out.failure.strerror or out.failure
    say(f"error: standard output cannot be written ({why}). Its text is above.", "bold red")
    sys.exit(USAGE)


def report(error: Exception, *, as_json: bool = False) -> int:
    """Print ``error`` as one line and return the exit code it deserves."""
    from llmaas_cli.terminal.output import print_json, say

    text = one_line(error)
    if as_json:
        print_json({"error": error_fields(error, text)})
    say(f"error: {text}", "bold red")
    return _exit_code(error)


def error_fields(error: Exception, text: str) -> dict[str, Any]:
    """Collect the fields of an error for JSON output."""
    known = ("status_code", "code", "request_id", "retry_after")
    found = {name: getattr(error, name, None) for name in known}
    return {"type": type(error).__name__, "message": text, **found}


def _exit_code(error: Exception) -> int:
    if is_instance(error, "APIError", "StructuredOutputError", "BudgetExceededError"):
        return FAILED
    correctable = isinstance(error, OSError | ValueError | LookupError | ModuleNotFoundError)
    return USAGE if correctable or is_instance(error, *_CORRECTABLE) else FAILED


def is_general(error: Exception) -> bool:
    """Whether every other input would meet the same error: a wrong key, no connection, no module.

    Such an error ends a command; any other costs its own input only.
    """
    if is_instance(error, "InvalidInputError"):
        return False
    is_ours = is_instance(error, "ConfigurationError", *_GENERAL)
    return is_ours or isinstance(error, ImportError | BrokenPipeError)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show our warnings as one line each, without file and line number."""

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        from llmaas_cli.terminal.output import say

        say(f"warning: {redact(str(message))}", "yellow")

    from llmaas.warnings import LLMaaSWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", LLMaaSWarning)
        warnings.showwarning = show
        yield

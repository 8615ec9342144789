"""Errors of a command: one line with the fix, and an exit code. Never shows the API key."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmaas_cli.format import describe_error, is_instance, redact

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
def short_errors(*, as_json: bool) -> Iterator[None]:
    """Convert exceptions to one line on stderr, and with ``as_json`` also to JSON on stdout."""
    from llmaas_cli.terminal.output import reset
    from llmaas_cli.terminal.streams import standard_streams

    with standard_streams() as out, _short_warnings():
        reset()
        try:
            with _exit_codes(as_json):
                yield
        finally:
            _exit_if_unwritten(out)


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


def _exit_if_unwritten(out: Output) -> None:
    """Exit if stdout failed. A reader that left after some output is not a failure."""
    if out.reader_left:
        sys.exit(0 if out.delivered else FAILED)
    if out.failure is None:
        return
    from llmaas_cli.terminal.output import print_status

    reason = out.failure.strerror or out.failure
    print_status(
        f"error: standard output is not writable ({reason}). Its text is printed above.", "bold red"
    )
    sys.exit(USAGE)


def report(error: Exception, *, as_json: bool = False) -> int:
    """Print ``error`` as one line and return its exit code."""
    from llmaas_cli.terminal.output import print_json, print_status

    text = describe_error(error)
    if as_json:
        print_json({"error": error_fields(error, text)})
    print_status(f"error: {text}", "bold red")
    return _exit_code(error)


def error_fields(error: Exception, text: str) -> dict[str, object]:
    """Collect the fields of an error for JSON output."""
    known = ("status_code", "code", "request_id", "retry_after")
    found = {name: getattr(error, name, None) for name in known}
    return {"type": type(error).__name__, "message": text, **found}


def _exit_code(error: Exception) -> int:
    if is_instance(error, "APIError", "StructuredOutputError", "BudgetExceededError"):
        return FAILED
    correctable = isinstance(error, OSError | ValueError | LookupError | ModuleNotFoundError)
    return USAGE if correctable or is_instance(error, *_CORRECTABLE) else FAILED


def affects_all_inputs(error: Exception) -> bool:
    """Whether an error affects all inputs: a wrong key, no connection, a missing module.

    Such an error ends a command; any other fails its own input only.
    """
    if is_instance(error, "InvalidInputError"):
        return False
    is_ours = is_instance(error, "ConfigurationError", *_GENERAL)
    return is_ours or isinstance(error, ImportError | BrokenPipeError)


@contextmanager
def _short_warnings() -> Iterator[None]:
    """Print each ``LLMaaSWarning`` on one line, without file and line number."""

    def show(
        message: Warning | str, category: type[Warning], *where: object, **more: object
    ) -> None:
        from llmaas_cli.terminal.output import print_status

        print_status(f"warning: {redact(str(message))}", "yellow")

    from llmaas.warnings import LLMaaSWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", LLMaaSWarning)
        warnings.showwarning = show
        yield

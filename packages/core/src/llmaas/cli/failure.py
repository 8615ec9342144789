"""Every failure of the command: one line that says what to do, an exit code, never a key."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

USAGE, FAILED, INTERRUPTED = 2, 1, 130


@contextmanager
def failures_in_one_line(*, as_json: bool) -> Iterator[None]:
    """Turn exceptions into a line on stderr, and with ``as_json`` also JSON on stdout."""
    with _plain_warnings():
        try:
            try:
                yield
            finally:
                _flush()
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            _close_quietly()
        except Exception as error:
            if os.environ.get("LLMAAS_DEBUG"):
                raise
            sys.exit(report(error, as_json=as_json))


def report(error: Exception, *, as_json: bool = False) -> int:
    """Print ``error`` as one line and return the exit code it deserves."""
    from llmaas.cli.output import print_json, say

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
    return scrubbed(text)


def _sentences(error: Exception) -> str:
    """Return message, hint and request id of a service error with the stops in between."""
    if not _is_ours(error, "APIError"):
        return str(error)
    message, hint = getattr(error, "message", ""), getattr(error, "hint", None)
    request_id = getattr(error, "request_id", None)
    end = "" if message.endswith((".", "!", "?", "…")) else "."
    return f"{message}{end} {hint or ''} {f'[request id {request_id}]' if request_id else ''}"


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
    usage = _is_ours(error, "ConfigurationError") or isinstance(error, OSError | ValueError)
    answered = _is_ours(error, "APIError", "StructuredOutputError")
    return USAGE if usage and not answered else FAILED


def _expected(error: Exception) -> bool:
    return _is_ours(error, "LLMaaSError") or isinstance(error, OSError | ValueError | LookupError)


def _is_ours(error: Exception, *names: str) -> bool:
    """Tell by name, so that nothing imports the SDK only to compare classes."""
    kinds = {k.__name__ for k in type(error).__mro__ if k.__module__.startswith("llmaas.")}
    return not kinds.isdisjoint(names)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show our warnings as one line each, without file and line number."""

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        from llmaas.cli.output import say

        say(f"warning: {scrubbed(str(message))}", "yellow")

    from llmaas.warnings import LLMaaSWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", LLMaaSWarning)
        warnings.showwarning = show
        yield


def _flush() -> None:
    """Write out what is left now: at exit it is too late to be quiet about a reader that left."""
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()


def _close_quietly() -> None:
    """Leave when the reader of a pipe has left; nothing more can be flushed."""
    assert sys.__stdout__ is not None
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    sys.exit(0)

"""Errors of a cell: one line that names the fix, without traceback or key."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llmaas.text import visible
from llmaas.warnings import LLMaaSWarning
from llmaas_cli.format import describe_error, redact


class AskError(Exception):
    """Failed question. The cell fails, so that "Run All" stops there."""

    def _render_traceback_(self) -> list[str]:
        """Render one line instead of a traceback (a documented hook of IPython)."""
        return [f"{self}"]


@contextmanager
def short_errors() -> Iterator[None]:
    """Convert exceptions to ``AskError``, and print each ``LLMaaSWarning`` on one line."""
    with _short_warnings():
        try:
            yield
        except KeyboardInterrupt:
            raise AskError("Stopped: the turn is not added to the conversation.") from None
        except AskError:
            raise
        except Exception as error:
            if os.environ.get("LLMAAS_DEBUG"):
                raise
            raise AskError(describe_error(error)) from None


def print_note(text: str) -> None:
    """Print a note on stderr."""
    print(f"note: {visible(redact(text))}", file=sys.stderr)


@contextmanager
def _short_warnings() -> Iterator[None]:
    shown = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, LLMaaSWarning):
            print_note(str(message))
        else:
            shown(message, category, *where, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", LLMaaSWarning)
        warnings.showwarning = show
        yield

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
from llmaas_cli.format import one_line, redact


class AskError(Exception):
    """A question failed; the cell counts as failed, so that "run all" stops there."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback (its documented hook)."""
        return [f"{self}"]


@contextmanager
def short_errors() -> Iterator[None]:
    """Turn whatever goes wrong into an ``AskError``, and our warnings into a line each."""
    with _plain_warnings():
        try:
            yield
        except KeyboardInterrupt:
            raise AskError("Stopped: question and answer are not remembered.") from None
        except AskError:
            raise
        except Exception as error:
            if os.environ.get("LLMAAS_DEBUG"):
                raise
            raise AskError(one_line(error)) from None


def note(text: str) -> None:
    """Tell something beside the answer."""
    print(f"note: {visible(redact(text))}", file=sys.stderr)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    shown = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, LLMaaSWarning):
            note(str(message))
        else:
            shown(message, category, *where, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", LLMaaSWarning)
        warnings.showwarning = show
        yield

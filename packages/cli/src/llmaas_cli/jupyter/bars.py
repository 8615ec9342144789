"""Progress bars of bulk work: a widget in a notebook, one line in a terminal."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from llmaas.bulk import Progress

PACE = 0.1
"""Seconds between two drawings."""


def progress(label: str = "") -> ProgressBars:
    """Return a ``progress=`` for ``llmaas.bulk`` and for ``client.embed``.

    >>> await bulk.arun(prompts, "out.jsonl", model=..., progress=progress("Answers"))
    >>> client.embed(texts, model=..., progress=progress("Passages"))
    """
    return ProgressBars(label)


class ProgressBars:
    """Progress bar for ``bulk.Tally`` or ``(done, total)``; ends with the last item or block."""

    def __init__(self, label: str = "") -> None:
        self._lock = threading.Lock()
        self._label = f"{label}: " if label else ""
        self._surface: Surface | None = None
        self._drawn = 0.0
        self._line = ""

    def __call__(self, *progress: Any) -> None:
        """Show the progress of the work; safe to call from several threads."""
        with self._lock:
            self._show(*_read(*progress))

    def _show(self, done: int, total: int | None, facts: str, last: str) -> None:
        self._line = f"{self._label}{done} of {'?' if total is None else total}"
        if self._surface is None:
            self._surface = _surface()
        if total is not None and done >= total:
            self._line += last
            self.end()
        elif time.monotonic() - self._drawn > PACE:
            self._surface.draw(done, total, self._line + facts)
            self._drawn = time.monotonic()

    def end(self) -> None:
        """Put one line where the bar was."""
        if self._surface is not None:
            self._surface.end(self._line)
            self._surface = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.end()


def _read(*values: Any) -> tuple[int, int | None, str, str]:
    """Return done, total, and what to say meanwhile and at the end."""
    if len(values) == 2:
        return values[0], values[1], "", ""
    from llmaas.pricing import format_eur
    from llmaas_cli.format import describe_progress

    progress: Progress = values[0]
    failed = f", {progress.failed} failed" if progress.failed else ""
    return (
        progress.done,
        progress.total,
        f" · {describe_progress(progress)}",
        f"{failed}, {format_eur(progress.micro_eur)}",
    )


class Surface(Protocol):
    """Where progress is drawn."""

    def draw(self, done: int, total: int | None, line: str) -> None:
        """Show a state."""

    def end(self, line: str) -> None:
        """Leave one line."""


class Widget:
    """A bar of ipywidgets; at the end its place holds text, which a saved notebook keeps."""

    def __init__(self) -> None:
        from IPython.display import display
        from ipywidgets import HBox, IntProgress, Label

        self._bar, self._words = IntProgress(), Label()
        self._box = HBox([self._bar, self._words])
        self._place: Any = display(self._box, display_id=True)  # type: ignore[no-untyped-call]

    def draw(self, done: int, total: int | None, line: str) -> None:
        """Move the bar; a total that is unknown leaves it empty."""
        self._bar.max, self._bar.value = total or 1, done if total else 0
        self._words.value = line

    def end(self, line: str) -> None:
        """Put text in the bar's place."""
        self._place.update({"text/plain": line}, raw=True)
        for widget in (self._bar, self._words, self._box):
            widget.close()


class Line:
    """One line of a terminal, written over; in a file, the last state only."""

    def draw(self, done: int, total: int | None, line: str) -> None:
        """Write over the line, where that is possible."""
        if sys.stdout.isatty():
            print(f"\r{line}\x1b[K", end="", flush=True)

    def end(self, line: str) -> None:
        """Write the last state."""
        self.draw(0, None, "")
        print(line)


def _surface() -> Surface:
    """Return a bar before a notebook, a line elsewhere."""
    try:
        import ipywidgets  # noqa: F401 - asked for here, used by Widget
        from IPython import get_ipython
    except ModuleNotFoundError:
        return Line()
    return Widget() if hasattr(get_ipython(), "kernel") else Line()

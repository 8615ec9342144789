"""Progress bars of bulk runs: a widget in a notebook, one line in a terminal."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from llmaas.bulk import Progress

REDRAW_SECONDS = 0.1
"""Least time between two updates."""


def progress(label: str = "") -> ProgressBars:
    """Create a ``progress=`` callback for ``llmaas.bulk`` and ``client.embed``.

    >>> await bulk.arun(prompts, "out.jsonl", model=..., progress=progress("Answers"))
    >>> client.embed(texts, model=..., progress=progress("Passages"))
    """
    return ProgressBars(label)


class ProgressBars:
    """Progress bar for ``bulk.Progress`` or ``(done, total)``."""

    def __init__(self, label: str = "") -> None:
        self._lock = threading.Lock()
        self._label = f"{label}: " if label else ""
        self._display: ProgressDisplay | None = None
        self._drawn = 0.0
        self._line = ""

    def __call__(self, *progress: object) -> None:
        """Show the progress. Thread-safe."""
        with self._lock:
            self._show(*_parse_progress(*progress))

    def _show(self, done: int, total: int | None, facts: str, last: str) -> None:
        self._line = f"{self._label}{done} of {'?' if total is None else total}"
        if self._display is None:
            self._display = _create_display()
        if total is not None and done >= total:
            self._line += last
            self.finish()
        elif time.monotonic() - self._drawn > REDRAW_SECONDS:
            self._display.draw(done, total, self._line + facts)
            self._drawn = time.monotonic()

    def finish(self) -> None:
        """Replace the bar with one line."""
        if self._display is not None:
            self._display.finish(self._line)
            self._display = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.finish()


def _parse_progress(*values: Any) -> tuple[int, int | None, str, str]:
    """Parse arguments into done, total, text of an update and text of the end."""
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


class ProgressDisplay(Protocol):
    """Display of the progress."""

    def draw(self, done: int, total: int | None, line: str) -> None:
        """Draw the current state."""

    def finish(self, line: str) -> None:
        """Draw the final line."""


class WidgetBar:
    """Bar of ipywidgets, replaced by text at the end, which a saved notebook keeps."""

    def __init__(self) -> None:
        from IPython.display import display
        from ipywidgets import HBox, IntProgress, Label

        self._bar, self._label = IntProgress(), Label()
        self._box = HBox([self._bar, self._label])
        self._output: Any = display(self._box, display_id=True)  # type: ignore[no-untyped-call]

    def draw(self, done: int, total: int | None, line: str) -> None:
        """Update the bar; it stays empty while the total is unknown."""
        self._bar.max, self._bar.value = total or 1, done if total else 0
        self._label.value = line

    def finish(self, line: str) -> None:
        """Replace the bar with text."""
        self._output.update({"text/plain": line}, raw=True)
        for widget in (self._bar, self._label, self._box):
            widget.close()


class TerminalLine:
    """Line of a terminal that is overwritten; in a file, the final line only."""

    def draw(self, done: int, total: int | None, line: str) -> None:
        """Overwrite the line, in a terminal."""
        if sys.stdout.isatty():
            print(f"\r{line}\x1b[K", end="", flush=True)

    def finish(self, line: str) -> None:
        """Print the final line."""
        self.draw(0, None, "")
        print(line)


def _create_display() -> ProgressDisplay:
    """Create a widget in a notebook, a line elsewhere."""
    try:
        import ipywidgets  # noqa: F401 - checked here, used by WidgetBar
        from IPython import get_ipython
    except ModuleNotFoundError:
        return TerminalLine()
    return WidgetBar() if hasattr(get_ipython(), "kernel") else TerminalLine()

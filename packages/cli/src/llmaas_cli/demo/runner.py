"""Discovery of registered demos, and a timed run of one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points

from llmaas_cli.demo.documents import Document
from llmaas_cli.demo.interface import DemoFunction, DemoResult, DemoSettings

GROUP = "llmaas.demos"
EXTRA = "demo"


def frameworks() -> dict[str, EntryPoint]:
    """Return the registered demos by name, the core first."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    return dict(sorted(found.items(), key=lambda item: (item[0] != "core", item[0])))


def run(
    entry: EntryPoint,
    question: str,
    documents: Sequence[Document],
    *,
    settings: DemoSettings,
    out: Callable[[str], None],
) -> DemoResult:
    """Run one demo and measure its total time and its time to first text (seconds).

    Raises ``ConfigurationError`` with the extra to install if an import of the demo fails.
    """
    with _suggest_extra(entry):
        demo: DemoFunction = entry.load()  # imports are not part of the measured time
        clock = _TimedOutput(out)
        result = demo(question, documents, client_settings=settings, out=clock)
    return replace(
        result,
        seconds=result.seconds if result.seconds is not None else clock.elapsed(),
        seconds_to_first_text=result.seconds_to_first_text or clock.first,
        chat_model=settings.chat_model,
        embedding_model=settings.embedding_model,
    )


@contextmanager
def _suggest_extra(entry: EntryPoint) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        if entry.dist is None or EXTRA not in entry.dist.metadata.get_all("Provides-Extra", ()):
            raise
        from llmaas.errors import ConfigurationError

        raise ConfigurationError(
            f"The demo {entry.name!r} lacks a module ({str(error).rstrip('.')}). Run "
            f"`pip install '{entry.dist.name}[{EXTRA}]'`."
        ) from error


class _TimedOutput:
    """Output that records the time of the first text."""

    def __init__(self, out: Callable[[str], None]) -> None:
        self._out = out
        self._start = time.perf_counter()
        self.first: float | None = None

    def __call__(self, text: str) -> None:
        if self.first is None and text:
            self.first = self.elapsed()
        self._out(text)

    def elapsed(self) -> float:
        return time.perf_counter() - self._start

"""Printer of a stream's events: reasoning dimmed, the answer plain."""

from __future__ import annotations

from typing import Any

from llmaas_cli.terminal.output import write
from llmaas_cli.terminal.wrapping import Flow


class Printer:
    """Prints events: thoughts dimmed, the answer plain, an empty line in between."""

    def __init__(self, *, show_reasoning: bool) -> None:
        self._show_reasoning = show_reasoning
        self._flow = Flow()
        self._last = ""
        self._held = ""

    def print_event(self, event: Any) -> None:
        """Print one event, if it is text to be seen."""
        thought = event.type == "reasoning"
        if event.type not in ("text", "reasoning") or (thought and not self._show_reasoning):
            return
        text = self._whole_lines(event.text)
        if self._last != event.type:
            text = ("\n\n" if self._last else "") + text.lstrip("\n")
        self._last = event.type
        self._flow.put(text, "dim italic" if thought else "")

    def _whole_lines(self, text: str) -> str:
        """Return text with CR LF as one line end, also where a chunk ends between the two."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        return text.removesuffix("\r").replace("\r\n", "\n")

    def finish(self) -> None:
        """End the line."""
        self._flow.end()
        if self._last:
            write("\n")

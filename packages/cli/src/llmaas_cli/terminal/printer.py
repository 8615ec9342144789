"""Printer of a stream's events: reasoning dimmed, the answer plain."""

from __future__ import annotations

from typing import Any

from llmaas_cli.terminal.output import print_text
from llmaas_cli.terminal.wrapping import WordWrapper


class Printer:
    """Printer of streamed events, with an empty line between reasoning and answer."""

    def __init__(self, *, show_reasoning: bool) -> None:
        self._show_reasoning = show_reasoning
        self._wrapper = WordWrapper()
        self._last = ""
        self._held = ""

    def print_event(self, event: Any) -> None:
        """Print the text of an event, if it is visible."""
        is_reasoning = event.type == "reasoning"
        if event.type not in ("text", "reasoning") or (is_reasoning and not self._show_reasoning):
            return
        text = self._normalize_newlines(event.text)
        if self._last != event.type:
            text = ("\n\n" if self._last else "") + text.lstrip("\n")
        self._last = event.type
        self._wrapper.write(text, "dim italic" if is_reasoning else "")

    def _normalize_newlines(self, text: str) -> str:
        """Convert CR LF to LF, also when a chunk ends between the two."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        return text.removesuffix("\r").replace("\r\n", "\n")

    def finish(self) -> None:
        """End the line."""
        self._wrapper.flush()
        if self._last:
            print_text("\n")

"""Views of a streamed answer: rendered in a notebook, plain text in a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from llmaas.pricing import format_eur
from llmaas.text import visible
from llmaas_cli.format import format_energy, format_tokens
from llmaas_cli.jupyter.conversation import estimate_energy
from llmaas_cli.jupyter.markup import markdown_to_html, text_to_html
from llmaas_cli.terminal.output import is_interactive
from llmaas_cli.terminal.printer import Printer

if TYPE_CHECKING:
    from llmaas.types import Completion, Event

REDRAW_SECONDS = 0.08
"""Least time between two updates: a browser cannot follow every token."""


class View(Protocol):
    """View of one streamed answer, closed by a line of usage."""

    def show_event(self, event: Event) -> None:
        """Show an event."""

    def finish(self, footer: str) -> None:
        """Show the whole answer with its footer."""

    def abort(self) -> None:
        """Show the partial answer after an error."""


class NotebookView:
    """One cell output, updated while the answer streams; text collapses the reasoning."""

    def __init__(self) -> None:
        from IPython.display import display

        self._text, self._reasoning, self._footer_text = "", "", ""
        self._drawn = 0.0
        self._output: Any = display(self._bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def show_event(self, event: Event) -> None:
        """Add text or reasoning."""
        if event.type == "text":
            self._text += event.text
        elif event.type == "reasoning":
            self._reasoning += event.text
        if time.monotonic() - self._drawn > REDRAW_SECONDS:
            self._draw()

    def finish(self, footer: str) -> None:
        """Draw the whole answer and its footer."""
        self._footer_text = footer
        self._draw()

    def abort(self) -> None:
        """Draw the partial answer."""
        self.finish("Interrupted." if self._text or self._reasoning else "No answer.")

    def _draw(self) -> None:
        self._output.update(self._bundle(), raw=True)
        self._drawn = time.monotonic()

    def _bundle(self) -> dict[str, str]:
        plain = "\n\n".join(part for part in (self._text.strip(), self._footer_text) if part)
        html = self._thoughts() + markdown_to_html(self._text) + self._footer()
        return {"text/html": html or _small_html("…"), "text/plain": visible(plain) or "…"}

    def _thoughts(self) -> str:
        if not self._reasoning:
            return ""
        unfolded = "" if self._text or self._footer_text else " open"
        return (
            f'<details{unfolded} style="opacity: 0.7; margin-bottom: 0.5em">'
            "<summary>Reasoning</summary>"
            '<div style="border-left: 1px solid; padding-left: 0.7em; margin: 0.3em">'
            f"{text_to_html(self._reasoning)}</div></details>"
        )

    def _footer(self) -> str:
        return _small_html(self._footer_text) if self._footer_text else ""


def _small_html(text: str) -> str:
    return f'<small style="opacity: 0.6">{text_to_html(text)}</small>'


class TerminalView:
    """Plain text while it streams, preceded by dimmed reasoning."""

    def __init__(self) -> None:
        self._printer = Printer(show_reasoning=is_interactive())

    def show_event(self, event: Event) -> None:
        """Print the text of an event."""
        self._printer.print_event(event)

    def finish(self, footer: str) -> None:
        """End the line and print the footer."""
        self._printer.finish()
        print(visible(footer))

    def abort(self) -> None:
        """End the line."""
        self._printer.finish()


def create_view(shell: object) -> View:
    """Create the view of a shell: a notebook for a kernel, else a terminal."""
    return NotebookView() if hasattr(shell, "kernel") else TerminalView()


def describe_completion(completion: Completion, seconds: float, *, is_sandbox: bool) -> str:
    """Describe an answer on one line: model, tokens, EUR, energy, time, machine."""
    parts = [completion.model, *_describe_usage(completion), f"{seconds:.1f} s"]
    if completion.backend and completion.backend.machine_name:
        parts.append(completion.backend.machine_name)
    if is_sandbox:
        parts.append("sandbox")
    if completion.finish_reason == "length":
        parts.append("truncated by max_tokens")
    return " · ".join(parts)


def _describe_usage(completion: Completion) -> list[str]:
    usage = completion.usage
    if usage is None:
        return ["no usage reported"]
    kwh = estimate_energy(completion)
    return [
        format_tokens(usage),
        format_eur(completion.cost_micro_eur or 0),
        *([f"{format_energy(kwh)} (estimate)"] if kwh is not None else []),
    ]

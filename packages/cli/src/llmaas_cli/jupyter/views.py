"""Views of a streamed answer: rendered in a notebook, plain text in a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from llmaas.pricing import format_eur
from llmaas.text import visible
from llmaas_cli.format import energy, number
from llmaas_cli.jupyter.conversation import estimate_energy
from llmaas_cli.jupyter.markup import plain_html, to_html
from llmaas_cli.terminal.output import is_interactive
from llmaas_cli.terminal.printer import Printer

if TYPE_CHECKING:
    from llmaas.types import Completion, Event

PACE = 0.08
"""Seconds between two drawings: a browser cannot follow every token."""


class View(Protocol):
    """Takes events, and ends with a line about the answer."""

    def show_event(self, event: Event) -> None:
        """Show what an event brings."""

    def finish(self, facts: str) -> None:
        """Show the last state."""

    def abort(self) -> None:
        """Show that nothing more will come."""


class NotebookView:
    """One output of a cell, drawn again as the answer grows; reasoning folds when text comes."""

    def __init__(self) -> None:
        from IPython.display import display

        self._text, self._reasoning, self._facts = "", "", ""
        self._drawn = 0.0
        self._place: Any = display(self._bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def show_event(self, event: Event) -> None:
        """Add text or reasoning."""
        if event.type == "text":
            self._text += event.text
        elif event.type == "reasoning":
            self._reasoning += event.text
        if time.monotonic() - self._drawn > PACE:
            self._draw()

    def finish(self, facts: str) -> None:
        """Draw all of it, and the line below."""
        self._facts = facts
        self._draw()

    def abort(self) -> None:
        """Draw what came."""
        self.finish("Broken off." if self._text or self._reasoning else "No answer.")

    def _draw(self) -> None:
        self._place.update(self._bundle(), raw=True)
        self._drawn = time.monotonic()

    def _bundle(self) -> dict[str, str]:
        plain = "\n\n".join(part for part in (self._text.strip(), self._facts) if part)
        html = self._thoughts() + to_html(self._text) + self._footer()
        return {"text/html": html or _small("…"), "text/plain": visible(plain) or "…"}

    def _thoughts(self) -> str:
        if not self._reasoning:
            return ""
        unfolded = "" if self._text or self._facts else " open"
        return (
            f'<details{unfolded} style="opacity: 0.7; margin-bottom: 0.5em">'
            "<summary>Reasoning</summary>"
            '<div style="border-left: 1px solid; padding-left: 0.7em; margin: 0.3em">'
            f"{plain_html(self._reasoning)}</div></details>"
        )

    def _footer(self) -> str:
        return _small(self._facts) if self._facts else ""


def _small(text: str) -> str:
    return f'<small style="opacity: 0.6">{plain_html(text)}</small>'


class TerminalView:
    """Text as it comes, reasoning dimmed before it."""

    def __init__(self) -> None:
        self._printer = Printer(show_reasoning=is_interactive())

    def show_event(self, event: Event) -> None:
        """Print a piece."""
        self._printer.print_event(event)

    def finish(self, facts: str) -> None:
        """End the line, and say what it took."""
        self._printer.finish()
        print(visible(facts))

    def abort(self) -> None:
        """End the line; the error says the rest."""
        self._printer.finish()


def create_view(shell: Any) -> View:
    """Return the view that suits a shell: only a kernel has a notebook before it."""
    return NotebookView() if hasattr(shell, "kernel") else TerminalView()


def describe_completion(completion: Completion, seconds: float, *, is_sandbox: bool) -> str:
    """Return one line about an answer: model, tokens, EUR, energy, time, machine."""
    parts = [completion.model, *_amounts(completion), f"{seconds:.1f} s"]
    if completion.backend and completion.backend.machine_name:
        parts.append(completion.backend.machine_name)
    if is_sandbox:
        parts.append("sandbox")
    if completion.finish_reason == "length":
        parts.append("cut: max_tokens is reached")
    return " · ".join(parts)


def _amounts(completion: Completion) -> list[str]:
    usage = completion.usage
    if usage is None:
        return ["no usage reported"]
    thought = f" ({number(usage.reasoning_tokens)} of thought)" if usage.reasoning_tokens else ""
    kwh = estimate_energy(completion)
    return [
        f"{number(usage.prompt_tokens)} in, {number(usage.completion_tokens)} out{thought}",
        format_eur(completion.cost_micro_eur or 0),
        *([f"{energy(kwh)} (estimate)"] if kwh is not None else []),
    ]

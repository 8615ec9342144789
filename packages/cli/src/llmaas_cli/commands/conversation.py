"""Conversation of ``llmaas chat``: its history and its streamed turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from llmaas_cli.format import format_tokens
from llmaas_cli.terminal.output import is_interactive, print_status
from llmaas_cli.terminal.printer import Printer

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import Completion

Message = dict[str, Any]


class Conversation:
    """Chat history with its model, system message and cost."""

    def __init__(
        self,
        client: LLMaaS,
        model: str,
        system: str | None = None,
        *,
        params: dict[str, Any] | None = None,
        show_reasoning: bool = True,
    ) -> None:
        self.client, self.model, self.system = client, model, system
        self.params = params or {}
        self.show_reasoning = show_reasoning
        self.history: list[Message] = []
        self.spent_micro_eur = 0

    def build_messages(self, question: str) -> list[Message]:
        """Build the messages of the request for ``question``."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *self.history, {"role": "user", "content": question}]

    def ask(self, question: str) -> Completion:
        """Send a question, print the answer while it streams, and append both to the history."""
        start = time.perf_counter()
        completion = self._stream(question)
        self.history += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": completion.text},
        ]
        self.spent_micro_eur += completion.cost_micro_eur or 0
        if is_interactive(stderr=True):
            print_status(describe_turn(completion, time.perf_counter() - start), "dim")
        return completion

    def pop_last_turn(self) -> str | None:
        """Remove the last turn from the history and return its question; None if there is none."""
        if not self.history:
            return None
        question = self.history[-2]["content"]
        del self.history[-2:]
        return str(question)

    def _stream(self, question: str) -> Completion:
        messages = self.build_messages(question)
        with self.client.stream(messages, model=self.model, **self.params) as stream:
            printer = Printer(show_reasoning=self.show_reasoning and is_interactive())
            try:
                for event in stream:
                    printer.print_event(event)
            finally:
                printer.finish()
            return stream.completion


def describe_turn(completion: Completion, seconds: float) -> str:
    """Describe an answer on one line: model, tokens, cost, time, machine."""
    parts = [completion.model]
    if usage := completion.usage:
        parts += [
            format_tokens(usage),
            f"{completion.cost or 0:.6f} EUR",
        ]
    parts.append(f"{seconds:.1f} s")
    if completion.backend and completion.backend.machine_name:
        parts.append(completion.backend.machine_name)
    if completion.finish_reason == "length":
        parts.append("truncated by max_tokens")
    return " · ".join(parts)

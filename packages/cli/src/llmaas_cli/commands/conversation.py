"""Conversation of ``llmaas chat``: its history and its streamed turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from llmaas_cli.format import number
from llmaas_cli.terminal.output import is_interactive, say
from llmaas_cli.terminal.printer import Printer

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import Completion

Message = dict[str, Any]


class Conversation:
    """Messages so far and how to ask the next; the system message is kept apart."""

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

    def messages_with(self, question: str) -> list[Message]:
        """Return what is sent to ask ``question`` now."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, *self.history, {"role": "user", "content": question}]

    def ask(self, question: str) -> Completion:
        """Ask, print the answer as it comes, and remember both."""
        start = time.perf_counter()
        completion = self._streamed(question)
        self.history += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": completion.text},
        ]
        self.spent_micro_eur += completion.cost_micro_eur or 0
        if is_interactive(stderr=True):
            say(summary(completion, time.perf_counter() - start), "dim")
        return completion

    def forget_last(self) -> str | None:
        """Take the last turn out of the history and return its question."""
        if not self.history:
            return None
        question = self.history[-2]["content"]
        del self.history[-2:]
        return str(question)

    def _streamed(self, question: str) -> Completion:
        messages = self.messages_with(question)
        with self.client.stream(messages, model=self.model, **self.params) as stream:
            printer = Printer(show_reasoning=self.show_reasoning and is_interactive())
            try:
                for event in stream:
                    printer.print_event(event)
            finally:
                printer.finish()
            return stream.completion


def summary(completion: Completion, seconds: float) -> str:
    """Return one line about an answer: model, tokens, cost, time, machine."""
    parts = [completion.model]
    if usage := completion.usage:
        thought = (
            f" ({number(usage.reasoning_tokens)} of thought)" if usage.reasoning_tokens else ""
        )
        parts += [
            f"{number(usage.prompt_tokens)} in, {number(usage.completion_tokens)} out{thought}",
            f"{completion.cost or 0:.6f} EUR",
        ]
    parts.append(f"{seconds:.1f} s")
    if completion.backend and completion.backend.machine_name:
        parts.append(completion.backend.machine_name)
    if completion.finish_reason == "length":
        parts.append("cut: max_tokens is reached")
    return " · ".join(parts)

"""Usage totals of a model client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmaas.pricing import chat_cost_micro_eur, format_eur

if TYPE_CHECKING:
    from llmaas import Completion


@dataclass(slots=True)
class UsageTotals:
    """Token counts and cost of all answers of one client, at the tariff of each day."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cost_micro_eur: int = 0
    without_usage: int = 0
    """Answers without reported usage; they are not included in the other counts."""

    @property
    def cost_eur(self) -> float:
        """The cost in EUR."""
        return self.cost_micro_eur / 1_000_000

    def add(self, completion: Completion) -> None:
        """Add one answer."""
        self.requests += 1
        usage = completion.usage
        if usage is None:
            self.without_usage += 1
            return
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.reasoning_tokens += usage.reasoning_tokens or 0
        self.cost_micro_eur += chat_cost_micro_eur(usage)

    def __str__(self) -> str:
        return (
            f"{self.requests} answers, {self.prompt_tokens} + {self.completion_tokens} tokens "
            f"({self.reasoning_tokens} of reasoning), {format_eur(self.cost_micro_eur)}"
        )

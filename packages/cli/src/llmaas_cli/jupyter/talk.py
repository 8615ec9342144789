"""The notebook's conversation: its history, and what it has used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llmaas import LLMaaS, catalog
from llmaas.energy import chat_energy_kwh
from llmaas.pricing import billed_output_tokens, estimate_tokens
from llmaas_cli.demo.interface import CHAT_MODEL
from llmaas_cli.jupyter.connection import current

if TYPE_CHECKING:
    from llmaas.types import Completion, Event
    from llmaas_cli.endpoint import Backing

Message = Mapping[str, Any]
_ROOM = 16_000
"""Tokens of context taken for granted where the catalogue says nothing."""


@dataclass
class Used:
    """What the questions to one model took. Energy is an estimate, in kWh."""

    questions: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    micro_eur: int = 0
    kwh: float = 0.0
    seconds: float = 0.0

    def add(self, completion: Completion, seconds: float) -> None:
        """Count one answer."""
        self.questions += 1
        self.seconds += seconds
        self.micro_eur += completion.cost_micro_eur or 0
        self.kwh += energy_of(completion) or 0.0
        if completion.usage:
            self.tokens_in += completion.usage.prompt_tokens
            self.tokens_out += billed_output_tokens(completion.usage)


@dataclass
class Talk:
    """One conversation a notebook; ``used`` outlives its clearing."""

    model: str = CHAT_MODEL
    history: list[Message] = field(default_factory=list)
    used: dict[str, Used] = field(default_factory=dict)
    _client: LLMaaS | None = None
    _where: Backing | None = None

    def client(self) -> tuple[LLMaaS, Backing]:
        """Return a client of whoever answers now."""
        where = current()
        if self._client is None or self._where != where:
            self.close()
            self._client = LLMaaS(api_key=where.api_key, base_url=where.base_url)
            self._where = where
        return self._client, where

    def messages(self, question: str, system: str | None, model: str) -> Sequence[Message]:
        """Return what to send: as much of the history as half of the model's context holds."""
        known = catalog.resolve(model).model
        room = ((known.context if known else None) or _ROOM) // 2
        head = [_said("system", system)] if system else []
        messages = [*head, *self.history, _said("user", question)]
        if sum(estimate_tokens(message["content"]) for message in messages) < room // 2:
            return messages
        from llmaas.context import trim  # imports the SDK: only for what may not fit

        return trim(messages, room).messages

    def ask(
        self,
        question: str,
        take: Callable[[Event], None],
        *,
        model: str,
        system: str | None = None,
        **params: Any,
    ) -> Completion:
        """Ask, hand out the events as they come, and return the whole answer."""
        client, _ = self.client()
        messages = self.messages(question, system, model)
        with client.stream(messages, model=model, **params) as stream:
            for event in stream:
                take(event)
            return stream.completion

    def remember(self, question: str, completion: Completion) -> None:
        """Keep a turn for the questions to come."""
        self.history += [_said("user", question), _said("assistant", completion.text)]

    def count(self, completion: Completion, seconds: float) -> None:
        """Count what an answer used."""
        self.used.setdefault(completion.model, Used()).add(completion, seconds)

    def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            self._client.close()
            self._client = None


def energy_of(completion: Completion) -> float | None:
    """Estimate the kWh of an answer; None when nothing is known to estimate from."""
    return chat_energy_kwh(completion.usage, completion.model) if completion.usage else None


def _said(role: str, content: str) -> Message:
    return {"role": role, "content": content}

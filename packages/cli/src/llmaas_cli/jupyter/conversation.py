"""Conversation of a notebook: its history and its usage totals."""

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
    from llmaas_cli.endpoint import Endpoint

Message = Mapping[str, Any]
_CONTEXT_TOKENS = 16_000
"""Context assumed for models without a documented one."""


@dataclass
class ModelUsage:
    """Usage totals of one model; ``kwh`` is an estimate."""

    questions: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    micro_eur: int = 0
    kwh: float = 0.0
    seconds: float = 0.0

    def add(self, completion: Completion, seconds: float) -> None:
        """Add the usage of one answer."""
        self.questions += 1
        self.seconds += seconds
        self.micro_eur += completion.cost_micro_eur or 0
        self.kwh += estimate_energy(completion) or 0.0
        if completion.usage:
            self.tokens_in += completion.usage.prompt_tokens
            self.tokens_out += billed_output_tokens(completion.usage)


@dataclass
class Conversation:
    """Conversation of a notebook; ``used`` survives clearing the history."""

    model: str = CHAT_MODEL
    history: list[Message] = field(default_factory=list)
    used: dict[str, ModelUsage] = field(default_factory=dict)
    _client: LLMaaS | None = None
    _endpoint: Endpoint | None = None

    def client(self) -> tuple[LLMaaS, Endpoint]:
        """Get a client of the current endpoint, and the endpoint."""
        endpoint = current()
        if self._client is None or self._endpoint != endpoint:
            self.close()
            self._client = LLMaaS(api_key=endpoint.api_key, base_url=endpoint.base_url)
            self._endpoint = endpoint
        return self._client, endpoint

    def messages(self, question: str, system: str | None, model: str) -> Sequence[Message]:
        """Build the messages of a request; the history is trimmed to half of the context."""
        model_info = catalog.find_model(model)
        limit = ((model_info.context if model_info else None) or _CONTEXT_TOKENS) // 2
        system_message = [_message("system", system)] if system else []
        messages = [*system_message, *self.history, _message("user", question)]
        if sum(estimate_tokens(message["content"]) for message in messages) < limit // 2:
            return messages
        from llmaas.context import trim  # imports the openai SDK

        return trim(messages, limit).messages

    def ask(
        self,
        question: str,
        on_event: Callable[[Event], None],
        *,
        model: str,
        system: str | None = None,
        **params: Any,
    ) -> Completion:
        """Send a question, call ``on_event`` for each event, and return the whole answer."""
        client, _ = self.client()
        messages = self.messages(question, system, model)
        with client.stream(messages, model=model, **params) as stream:
            for event in stream:
                on_event(event)
            return stream.completion

    def add_turn(self, question: str, completion: Completion) -> None:
        """Append a turn to the history."""
        self.history += [_message("user", question), _message("assistant", completion.text)]

    def count(self, completion: Completion, seconds: float) -> None:
        """Add an answer to the usage totals."""
        self.used.setdefault(completion.model, ModelUsage()).add(completion, seconds)

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()
            self._client = None


def estimate_energy(completion: Completion) -> float | None:
    """Estimate the energy of an answer in kWh; None without usage or figures of the model."""
    return chat_energy_kwh(completion.usage, completion.model) if completion.usage else None


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}

"""What a session has used: every call counts, those for searching and stopped ones too."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from llmaas.energy import chat_energy_kwh, energy_kwh
from llmaas.hooks import CallInfo, CallResult
from llmaas.pricing import billed_output_tokens, chat_cost_micro_eur, format_eur
from llmaas.types import Usage
from llmaas_cli.format import format_kwh


@dataclass(slots=True)
class Meter:
    """A hook for ``LLMaaS(hooks=[meter])``. Energy is an estimate from the catalog."""

    micro_eur: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    kwh: float = 0.0
    ranked: int = 0
    """Passages that were ranked: their price is not one of tokens."""

    def before_call(self, about: CallInfo) -> Generator[Any, Any, CallInfo]:
        """Let the call through; remember what it is."""
        return about
        yield  # hooks are operations, which may yield effects: this one has none

    def after_call(self, about: CallInfo, outcome: CallResult) -> Generator[Any, Any, None]:
        """Count what the call used."""
        usage = outcome.usage or _estimate(about, outcome)
        cost = outcome.cost_micro_eur
        self.micro_eur += chat_cost_micro_eur(usage) if cost is None else cost
        if about.operation == "rerank":  # whose tokens are told, but not what is paid for
            self.ranked += getattr(outcome.result, "documents", 0)
        else:
            self.tokens_in += usage.prompt_tokens
            self.tokens_out += billed_output_tokens(usage)
        self.kwh += _energy(about, usage) or 0.0
        return
        yield

    def since(self, before: Meter) -> Meter:
        """Return what was used since a copy was taken."""
        return Meter(
            self.micro_eur - before.micro_eur,
            self.tokens_in - before.tokens_in,
            self.tokens_out - before.tokens_out,
            self.kwh - before.kwh,
            self.ranked - before.ranked,
        )

    def copy(self) -> Meter:
        """Return what has been used so far."""
        return replace(self)

    def __str__(self) -> str:
        tokens = f"{self.tokens_in:,} tokens in, {self.tokens_out:,} out"
        ranked = f" · {self.ranked:,} passages ranked" if self.ranked else ""
        return f"{format_eur(self.micro_eur)} · {tokens}{ranked} · {format_kwh(self.kwh)}"


def _estimate(about: CallInfo, outcome: CallResult) -> Usage:
    """Return what a stopped answer used, about: its usage would have come at the end."""
    if about.operation != "chat" or outcome.result is None:
        return Usage()
    tokens = about.input_tokens, outcome.output_tokens
    return Usage(*tokens, sum(tokens))


def _energy(about: CallInfo, usage: Usage) -> float | None:
    if about.operation == "embeddings":
        return energy_kwh(about.model, usage.prompt_tokens)
    return chat_energy_kwh(usage, about.model) if about.operation == "chat" else None

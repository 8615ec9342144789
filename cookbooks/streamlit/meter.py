"""Usage totals of a session, including search calls and interrupted streams."""

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
    """Hook that sums usage: ``LLMaaS(hooks=[meter])``. Energy is estimated from the catalog."""

    micro_eur: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    kwh: float = 0.0
    ranked: int = 0
    """Number of ranked passages, which are not billed by token."""

    def before_call(self, about: CallInfo) -> Generator[Any, Any, CallInfo]:
        """Allow the call and keep its description for ``after_call``."""
        return about
        yield  # makes this a generator: hooks may yield effects, this one yields none

    def after_call(self, about: CallInfo, outcome: CallResult) -> Generator[Any, Any, None]:
        """Add the usage of a call."""
        usage = outcome.usage or _estimate(about, outcome)
        cost = outcome.cost_micro_eur
        self.micro_eur += chat_cost_micro_eur(usage) if cost is None else cost
        if about.operation == "rerank":  # reports tokens, but is billed per document
            self.ranked += getattr(outcome.result, "documents", 0)
        else:
            self.tokens_in += usage.prompt_tokens
            self.tokens_out += billed_output_tokens(usage)
        self.kwh += _energy(about, usage) or 0.0
        return
        yield

    def since(self, before: Meter) -> Meter:
        """Compute the usage since an earlier copy."""
        return Meter(
            self.micro_eur - before.micro_eur,
            self.tokens_in - before.tokens_in,
            self.tokens_out - before.tokens_out,
            self.kwh - before.kwh,
            self.ranked - before.ranked,
        )

    def copy(self) -> Meter:
        """Copy the current totals."""
        return replace(self)

    def __str__(self) -> str:
        tokens = f"{self.tokens_in:,} tokens in, {self.tokens_out:,} out"
        ranked = f" · {self.ranked:,} passages ranked" if self.ranked else ""
        return f"{format_eur(self.micro_eur)} · {tokens}{ranked} · {format_kwh(self.kwh)}"


def _estimate(about: CallInfo, outcome: CallResult) -> Usage:
    """Estimate the usage of an interrupted stream, which ends before its usage is reported."""
    if about.operation != "chat" or outcome.result is None:
        return Usage()
    tokens = about.input_tokens, outcome.output_tokens
    return Usage(*tokens, sum(tokens))


def _energy(about: CallInfo, usage: Usage) -> float | None:
    if about.operation == "embeddings":
        return energy_kwh(about.model, usage.prompt_tokens)
    return chat_energy_kwh(usage, about.model) if about.operation == "chat" else None

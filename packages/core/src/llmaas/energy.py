"""Energy estimates from the figures of the catalog."""

from __future__ import annotations

from llmaas._tokens import Usage
from llmaas.catalog import resolve
from llmaas.pricing import billed_output_tokens


def energy_kwh(model: str, tokens: int) -> float | None:
    """Estimate the kWh for generating (or embedding) ``tokens``; None if no figure is published.

    The catalog's figure is an average over the whole machine under load.
    """
    found = resolve(model).model
    rate = found.kwh_per_mtoken if found else None
    return None if rate is None else rate * tokens / 1_000_000


def chat_energy_kwh(usage: Usage, model: str) -> float | None:
    """Estimate the kWh of an answer from its generated tokens, reasoning included."""
    return energy_kwh(model, billed_output_tokens(usage))

"""Reports of ``%llmaas``: models, costs, the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llmaas import LLMaaS, catalog
from llmaas.catalog import Model
from llmaas.pricing import format_eur, token_price_eur
from llmaas_cli.format import energy, number
from llmaas_cli.jupyter.conversation import ModelUsage
from llmaas_cli.jupyter.tables import Table


def model_table(client: LLMaaS, word: str = "") -> Table:
    """Tabulate the models that the service lists, filtered by a word (``vision``, ``qwen``).

    Falls back to the packaged catalog, with a warning, if the service does not answer.
    """
    catalog.refresh(client)
    rows = [_row(model) for model in catalog.filter(live=True)]
    kept = sorted(row for row in rows if word.casefold() in " ".join(row).casefold())
    heads = ["model", "kind", "context", "skills", "EUR/M tokens out", "kWh/M tokens"]
    return Table(heads, kept, numbers=[2, 4, 5])


def _row(model: Model) -> list[str]:
    skills = [name for name in ("reasoning", "vision", "tools") if getattr(model, name)]
    price = token_price_eur(model.category)
    return [
        model.id,
        model.category,
        number(model.context),
        ", ".join(skills),
        "-" if price is None else f"{price:g}",
        "-" if model.kwh_per_mtoken is None else f"{model.kwh_per_mtoken:g}",
    ]


def cost_table(used: Mapping[str, ModelUsage]) -> Table:
    """Return what was used, by model and in all."""
    rows = [_costs(model, [spent]) for model, spent in used.items()]
    heads = ["model", "questions", "tokens in", "out", "cost", "energy (estimate)", "time"]
    return Table(heads, [*rows, _costs("in all", list(used.values()))], numbers=range(1, 7))


def _costs(label: str, spent: Sequence[ModelUsage]) -> list[str]:
    return [
        label,
        number(sum(one.questions for one in spent)),
        number(sum(one.tokens_in for one in spent)),
        number(sum(one.tokens_out for one in spent)),
        format_eur(sum(one.micro_eur for one in spent)),
        energy(sum(one.kwh for one in spent)),
        f"{sum(one.seconds for one in spent):.1f} s",
    ]


def history_text(history: Iterable[Mapping[str, Any]]) -> str:
    """Return the conversation as text."""
    return "\n\n".join(f"{one['role']}: {one['content']}" for one in history)

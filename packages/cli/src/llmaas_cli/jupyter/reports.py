"""Reports of ``%llmaas``: models, costs, the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from llmaas import LLMaaS, catalog
from llmaas.catalog import Model
from llmaas.pricing import format_eur, token_price_eur
from llmaas_cli.format import format_count, format_energy
from llmaas_cli.jupyter.conversation import ModelUsage
from llmaas_cli.jupyter.tables import Table


def build_model_table(client: LLMaaS, word: str = "") -> Table:
    """Tabulate the models that the service lists, filtered by a word (``vision``, ``qwen``).

    Falls back to the packaged catalog, with a warning, if the service does not answer.
    """
    catalog.refresh(client)
    rows = [_model_row(model) for model in catalog.filter(live=True)]
    matching = sorted(row for row in rows if word.casefold() in " ".join(row).casefold())
    header = ["model", "kind", "context", "skills", "EUR/M tokens out", "kWh/M tokens"]
    return Table(header, matching, numbers=[2, 4, 5])


def _model_row(model: Model) -> list[str]:
    skills = [name for name in ("reasoning", "vision", "tools") if getattr(model, name)]
    price = token_price_eur(model.category)
    return [
        model.id,
        model.category,
        format_count(model.context),
        ", ".join(skills),
        "-" if price is None else f"{price:g}",
        "-" if model.kwh_per_mtoken is None else f"{model.kwh_per_mtoken:g}",
    ]


def build_cost_table(used: Mapping[str, ModelUsage]) -> Table:
    """Tabulate the usage by model, and the total."""
    rows = [_cost_row(model, [totals]) for model, totals in used.items()]
    header = ["model", "questions", "tokens in", "out", "cost", "energy (estimate)", "time"]
    return Table(header, [*rows, _cost_row("total", list(used.values()))], numbers=range(1, 7))


def _cost_row(label: str, totals: Sequence[ModelUsage]) -> list[str]:
    return [
        label,
        format_count(sum(total.questions for total in totals)),
        format_count(sum(total.tokens_in for total in totals)),
        format_count(sum(total.tokens_out for total in totals)),
        format_eur(sum(total.micro_eur for total in totals)),
        format_energy(sum(total.kwh for total in totals)),
        f"{sum(total.seconds for total in totals):.1f} s",
    ]


def format_history(history: Iterable[Mapping[str, object]]) -> str:
    """Format the conversation as text."""
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in history)

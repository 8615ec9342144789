"""``llmaas models``: available models, their capabilities and their end of support."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, UseSandbox

if TYPE_CHECKING:
    from llmaas.catalog import Model

_DAYS_PER_UNIT = {"d": 1, "w": 7, "m": 30, "y": 365}


class Order(StrEnum):
    """Sort keys of the list."""

    ID = "id"
    SPEED = "speed"
    ENERGY = "energy"
    CONTEXT = "context"
    END = "end"


def parse_days(text: str) -> timedelta:
    """Parse ``90d``, ``12w``, ``6m``, ``1y`` or a number of days."""
    found = re.fullmatch(r"(\d{1,4})([dwmy]?)", text.strip().lower())
    if not found:
        raise typer.BadParameter(f"must be a duration such as 90d, 12w, 6m or 1y, got {text!r}")
    return timedelta(days=int(found[1]) * _DAYS_PER_UNIT[found[2] or "d"])


def command(
    name: Annotated[str | None, typer.Argument(help="Show the card of one model.")] = (None),
    category: Annotated[
        str | None, typer.Option("--category", "-c", help="chat, embedding, rerank, vision, ...")
    ] = None,
    tools: Annotated[bool, typer.Option("--tools", help="Only models that call tools.")] = False,
    vision: Annotated[
        bool, typer.Option("--vision", help="Only models that accept images.")
    ] = False,
    reasoning: Annotated[
        bool, typer.Option("--reasoning", help="Only models that reason.")
    ] = False,
    lts: Annotated[bool, typer.Option("--lts", help="Only models with long-term support.")] = False,
    phase: Annotated[str | None, typer.Option(help="production, deprecated, undocumented.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Part of the publisher's name.")] = None,
    expiring: Annotated[
        timedelta | None,
        typer.Option(parser=parse_days, metavar="90d", help="Support ends within this time."),
    ] = None,
    min_context: Annotated[int | None, typer.Option(help="Tokens of context.")] = None,
    min_speed: Annotated[float | None, typer.Option(help="Tokens per second.")] = None,
    max_kwh: Annotated[float | None, typer.Option(help="kWh per million tokens.")] = None,
    max_price: Annotated[
        float | None, typer.Option(help="EUR per million tokens out (in, for embeddings).")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Include models that are not served.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="Query the service for its models.")] = False,
    sort: Annotated[Order, typer.Option(help="Order of the list.")] = Order.ID,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List models: capabilities, context, speed, energy, price and end of support."""
    from llmaas import catalog
    from llmaas_cli.commands import model_view

    if live or sandbox:
        _refresh(sandbox, base_url)
    if name is not None:
        model_view.print_model(name, as_json)
        return
    criteria: dict[str, Any] = {
        "category": category,
        "phase": phase,
        "publisher": publisher,
        "min_context": min_context,
        "min_speed": min_speed,
        "max_kwh": max_kwh,
        "expiring_within": expiring,
    }
    flags = {"tools": tools, "vision": vision, "reasoning": reasoning, "lts": lts}
    criteria |= {flag: True for flag, on in flags.items() if on}
    if not everything and phase != "deprecated":
        criteria["live"] = True
    found = catalog.filter(**{k: v for k, v in criteria.items() if v is not None})
    found = [model for model in found if _is_affordable(model, max_price)]
    model_view.print_models(sorted(found, key=_sort_key(sort)), as_json)


def _refresh(sandbox: bool, base_url: str | None) -> None:
    from llmaas import catalog
    from llmaas_cli.commands.connection import open_client

    with open_client(sandbox=sandbox, base_url=base_url) as client:
        catalog.refresh(client)


def _is_affordable(model: Model, limit: float | None) -> bool:
    from llmaas.pricing import token_price_eur

    if limit is None:
        return True
    price = token_price_eur(model.category)
    return price is not None and price <= limit


def _sort_key(order: Order) -> Any:
    """Build a sort key: best first, unknown last, then by id."""
    facts: dict[Order, Any] = {
        Order.ID: lambda m: 0,
        Order.SPEED: lambda m: m.tokens_per_second and -m.tokens_per_second,
        Order.ENERGY: lambda m: m.kwh_per_mtoken,
        Order.CONTEXT: lambda m: m.context and -m.context,
        Order.END: lambda m: m.end_of_support and m.end_of_support.toordinal(),
    }
    fact = facts[order]
    return lambda m: (fact(m) is None, fact(m) or 0, m.id.lower())

"""Models as a table, as a card, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llmaas_cli.format import number
from llmaas_cli.terminal.output import print_json, show, stdout, styled, table

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from llmaas.catalog import Model

_SOON = 90  # days


def show_list(models: Sequence[Model], as_json: bool) -> None:
    """Print many models."""
    from llmaas import catalog

    if as_json:
        print_json([plain(model) for model in models])
        return
    about = catalog.about()
    show(_table(models))
    notes = (
        f"{len(models)} models. Cards of {about['documented_on']}, "
        f"list of {about['observed_at'][:10]}. "
        "T tools, V vision, R reasoning.\n"
        "kWh per million tokens; EUR per million tokens in / out, per million documents "
        "(rerank) or per started minute (audio)."
    )
    show((notes, "dim"))


def show_card(name: str, as_json: bool) -> None:
    """Print one model, and what became of the name asked for."""
    from llmaas import catalog

    found, own = catalog.resolve(name), catalog.get(name)
    if own is None:
        raise LookupError(f"The catalog has no model {name!r}. {_suggestion(name)}")
    note = catalog.lifecycle_note(name)
    if as_json:
        served = found.model.id if found.model else None
        print_json({**plain(own), "requested": name, "served_by": served, "note": note})
        return
    card = table(("", {"style": "dim"}), "")
    for label, value in _facts(own):
        card.add_row(label, value)
    show(card)
    if note:
        show((note, "yellow"))


def plain(model: Model) -> dict[str, Any]:
    """Return a model as JSON takes it, with its context and prices."""
    from llmaas.pricing import unit_prices_eur

    prices = unit_prices_eur(model.category)
    return {**asdict(model), "context": model.context, "prices_eur": prices}


def _table(models: Iterable[Model]) -> Table:
    """Return one row a model, with as many columns as the terminal is wide."""
    shown = [name for name, needed in _NEEDED.items() if stdout().width >= needed]
    right = {"justify": "right", "no_wrap": True}
    columns = [(n, right if n in _NUMBERS else {"no_wrap": True}) for n in shown]
    made = table(("model", {"style": "bold cyan"}), *columns, header=True)
    for model in models:
        made.add_row(model.id, *(_COLUMNS[column](model) for column in shown))
    return made


def _abilities(model: Model) -> Text:
    flags = ((model.tools, "T"), (model.vision, "V"), (model.reasoning, "R"))
    if all(flag is None for flag, _ in flags):
        return styled(("?", "dim"))
    return styled(*((letter if flag else ("·", "dim")) for flag, letter in flags))


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _price(category: str) -> str:
    from llmaas.pricing import unit_prices_eur

    return " / ".join(f"{price:g}" for price in unit_prices_eur(category).values()) or "-"


def _end(model: Model) -> Text:
    """Return the end of support, colored by how near it is."""
    if model.phase == "deprecated":
        return styled((f"deprecated {model.end_of_support or ''}", "red"))
    left = model.days_of_support()
    if left is None:
        return styled("-")
    colour = "red" if left < 0 else "yellow" if left <= _SOON else "green"
    lts = " LTS" if model.lts else ""
    return styled((str(model.end_of_support), colour), (lts, "bold"))


def _facts(model: Model) -> Iterator[tuple[str, str | Text]]:
    from llmaas.pricing import unit_prices_eur

    yield "model", styled((model.id, "bold cyan"))
    yield "publisher", f"{model.publisher or '-'}, {model.parameters or '? parameters'}"
    yield "for", model.category
    yield "can", ", ".join(_abilities_in_words(model)) or "-"
    yield "context", f"{number(model.context)} tokens"
    yield "speed", f"{_figure(model.tokens_per_second)} tokens/s"
    yield "energy", f"{_figure(model.kwh_per_mtoken)} kWh per million tokens"
    yield "licence", model.licence or "-"
    yield "supported", styled(f"{model.released or '?'} to ").append_text(_end(model))
    yield "also called", ", ".join(model.aliases) or "-"
    for unit, price in unit_prices_eur(model.category).items():
        yield unit.replace("_", " "), f"{price:g} EUR"


def _abilities_in_words(model: Model) -> Iterator[str]:
    for ability in ("tools", "vision", "reasoning"):
        if getattr(model, ability):
            yield ability


def _suggestion(name: str) -> str:
    """Return what to do about an unknown name, as a sentence."""
    from llmaas import catalog

    near = catalog.similar(name)
    return f"Did you mean {' or '.join(near)}?" if near else "`llmaas models` lists all."


_NUMBERS = ("context", "tok/s", "kWh", "EUR")
_NEEDED = {
    "for": 40,
    "can": 80,
    "context": 60,
    "tok/s": 105,
    "kWh": 80,
    "EUR": 105,
    "support ends": 60,
}
"""Columns of the table, and how wide a terminal must be to show them."""
_COLUMNS: dict[str, Callable[[Model], str | Text]] = {
    "for": lambda model: model.category,
    "can": _abilities,
    "context": lambda model: number(model.context),
    "tok/s": lambda model: _figure(model.tokens_per_second),
    "kWh": lambda model: _figure(model.kwh_per_mtoken),
    "EUR": lambda model: _price(model.category),
    "support ends": _end,
}

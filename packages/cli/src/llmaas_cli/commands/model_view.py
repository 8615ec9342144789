"""Models as a table, as a card, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from llmaas_cli.format import format_count
from llmaas_cli.terminal.output import print_json, print_line, stdout, styled, table

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from llmaas.catalog import Model

_SOON_DAYS = 90  # days


def print_models(models: Sequence[Model], as_json: bool) -> None:
    """Print a table of models."""
    from llmaas import catalog

    if as_json:
        print_json([model_to_dict(model) for model in models])
        return
    about = catalog.about()
    print_line(_models_table(models))
    notes = (
        f"{len(models)} models. Cards of {about['documented_on']}, "
        f"list of {about['observed_at'][:10]}. "
        "T tools, V vision, R reasoning.\n"
        "kWh per million tokens; EUR per million tokens in / out, per million documents "
        "(rerank) or per started minute (audio)."
    )
    print_line((notes, "dim"))


def print_model(name: str, as_json: bool) -> None:
    """Print the card of one model, and the redirect of its name if there is one."""
    from llmaas import catalog

    found, own = catalog.resolve(name), catalog.get(name)
    if own is None:
        raise LookupError(f"The catalog has no model {name!r}. {_suggest_names(name)}")
    note = catalog.lifecycle_note(name)
    if as_json:
        served = found.model.id if found.model else None
        print_json({**model_to_dict(own), "requested": name, "served_by": served, "note": note})
        return
    card = table(("", {"style": "dim"}), "")
    for label, value in _card_rows(own):
        card.add_row(label, value)
    print_line(card)
    if note:
        print_line((note, "yellow"))


def model_to_dict(model: Model) -> dict[str, object]:
    """Convert a model to plain JSON values, with its context and prices."""
    from llmaas.pricing import unit_prices_eur

    prices = unit_prices_eur(model.category)
    return {**asdict(model), "context": model.context, "prices_eur": prices}


def _models_table(models: Iterable[Model]) -> Table:
    """Build a table with one row per model and the columns that fit the terminal."""
    shown = [name for name, needed in _MIN_WIDTHS.items() if stdout().width >= needed]
    right = {"justify": "right", "no_wrap": True}
    columns = [(n, right if n in _RIGHT_ALIGNED else {"no_wrap": True}) for n in shown]
    created = table(("model", {"style": "bold cyan"}), *columns, header=True)
    for model in models:
        created.add_row(model.id, *(_CELLS[column](model) for column in shown))
    return created


def _abilities(model: Model) -> Text:
    flags = ((model.tools, "T"), (model.vision, "V"), (model.reasoning, "R"))
    if all(flag is None for flag, _ in flags):
        return styled(("?", "dim"))
    return styled(*((letter if flag else ("·", "dim")) for flag, letter in flags))


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _format_prices(category: str) -> str:
    from llmaas.pricing import unit_prices_eur

    return " / ".join(f"{price:g}" for price in unit_prices_eur(category).values()) or "-"


def _format_end(model: Model) -> Text:
    """Format the end of support, colored by the days left."""
    if model.phase == "deprecated":
        return styled((f"deprecated {model.end_of_support or ''}", "red"))
    left = model.days_of_support()
    if left is None:
        return styled("-")
    color = "red" if left < 0 else "yellow" if left <= _SOON_DAYS else "green"
    lts = " LTS" if model.lts else ""
    return styled((str(model.end_of_support), color), (lts, "bold"))


def _card_rows(model: Model) -> Iterator[tuple[str, str | Text]]:
    from llmaas.pricing import unit_prices_eur

    yield "model", styled((model.id, "bold cyan"))
    yield "publisher", f"{model.publisher or '-'}, {model.parameters or '? parameters'}"
    yield "for", model.category
    yield "can", ", ".join(_ability_names(model)) or "-"
    yield "context", f"{format_count(model.context)} tokens"
    yield "speed", f"{_format_number(model.tokens_per_second)} tokens/s"
    yield "energy", f"{_format_number(model.kwh_per_mtoken)} kWh per million tokens"
    yield "license", model.licence or "-"
    yield "supported", styled(f"{model.released or '?'} to ").append_text(_format_end(model))
    yield "also called", ", ".join(model.aliases) or "-"
    for unit, price in unit_prices_eur(model.category).items():
        yield unit.replace("_", " "), f"{price:g} EUR"


def _ability_names(model: Model) -> Iterator[str]:
    for ability in ("tools", "vision", "reasoning"):
        if getattr(model, ability):
            yield ability


def _suggest_names(name: str) -> str:
    """Suggest models for an unknown name, as a sentence."""
    from llmaas import catalog

    near = catalog.similar(name)
    return f"Did you mean {' or '.join(near)}?" if near else "`llmaas models` lists all."


_RIGHT_ALIGNED = ("context", "tok/s", "kWh", "EUR")
_MIN_WIDTHS = {
    "for": 40,
    "can": 80,
    "context": 60,
    "tok/s": 105,
    "kWh": 80,
    "EUR": 105,
    "support ends": 60,
}
"""Least width of the terminal for each column."""
_CELLS: dict[str, Callable[[Model], str | Text]] = {
    "for": lambda model: model.category,
    "can": _abilities,
    "context": lambda model: format_count(model.context),
    "tok/s": lambda model: _format_number(model.tokens_per_second),
    "kWh": lambda model: _format_number(model.kwh_per_mtoken),
    "EUR": lambda model: _format_prices(model.category),
    "support ends": _format_end,
}

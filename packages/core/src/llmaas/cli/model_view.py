"""Models as a table, as a card, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llmaas.catalog import clock
from llmaas.cli.output import number, print_json, stdout

if TYPE_CHECKING:
    from rich.table import Table

    from llmaas.catalog import Model

_SOON = 90  # days
_WIDE = 105  # columns


def show_list(models: Sequence[Model], as_json: bool) -> None:
    """Print many models."""
    from llmaas import catalog

    if as_json:
        print_json([plain(model) for model in models])
        return
    about = catalog.about()
    stdout().print(_table(models))
    stdout().print(
        f"[dim]{len(models)} models. Cards of {about['documented_on']}, "
        f"list of {about['observed_at'][:10]}. "
        "T tools, V vision, R reasoning.\n"
        "kWh per million tokens; EUR per million tokens in / out, per million documents "
        "(rerank) or per started minute (audio).[/]"
    )


def show_card(name: str, as_json: bool) -> None:
    """Print one model, and what became of the name asked for."""
    from llmaas import catalog

    found, own = catalog.resolve(name), catalog.get(name)
    if own is None:
        near = ", ".join(_similar(name)) or "see `llmaas models`"
        raise LookupError(f"no model is called {name!r}; perhaps: {near}")
    note = catalog.lifecycle_note(name)
    if as_json:
        served = found.model.id if found.model else None
        print_json({**plain(own), "requested": name, "served_by": served, "note": note})
        return
    table = _two_columns()
    for label, value in _facts(own):
        table.add_row(label, value)
    stdout().print(table)
    if note:
        stdout().print(f"[yellow]{note}[/]")


def plain(model: Model) -> dict[str, Any]:
    """Return a model as JSON takes it, with its context and prices."""
    from llmaas.pricing import unit_prices_eur

    prices = unit_prices_eur(model.category)
    return {**asdict(model), "context": model.context, "prices_eur": prices}


def _table(models: Iterable[Model]) -> Table:
    """Return one row a model; a narrow terminal does without speed and price."""
    from rich.table import Table

    wide = stdout().width >= _WIDE
    shown = [column for column in _COLUMNS if wide or column not in ("tok/s", "EUR")]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold", style="bold cyan")
    for column in shown:
        right = column in ("context", "tok/s", "kWh", "EUR")
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    for model in models:
        table.add_row(model.id, *(_COLUMNS[column](model) for column in shown))
    return table


def _abilities(model: Model) -> str:
    flags = ((model.tools, "T"), (model.vision, "V"), (model.reasoning, "R"))
    if all(flag is None for flag, _ in flags):
        return "[dim]?[/]"
    return "".join(letter if flag else "[dim]·[/]" for flag, letter in flags)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _price(category: str) -> str:
    from llmaas.pricing import unit_prices_eur

    return " / ".join(f"{price:g}" for price in unit_prices_eur(category).values()) or "-"


def _end(model: Model) -> str:
    """Return the end of support, coloured by how near it is."""
    if model.phase == "deprecated":
        return f"[red]deprecated {model.end_of_support or ''}[/]"
    if model.end_of_support is None:
        return "-"
    left = (model.end_of_support - clock.today()).days
    colour = "red" if left < 0 else "yellow" if left <= _SOON else "green"
    lts = " [bold]LTS[/]" if model.lts else ""
    return f"[{colour}]{model.end_of_support}[/]{lts}"


def _facts(model: Model) -> Iterator[tuple[str, str]]:
    from llmaas.pricing import unit_prices_eur

    yield "model", f"[bold cyan]{model.id}[/]"
    yield "publisher", f"{model.publisher or '-'}, {model.parameters or '? parameters'}"
    yield "for", model.category
    yield "can", ", ".join(_abilities_in_words(model)) or "-"
    yield "context", f"{number(model.context)} tokens"
    yield "speed", f"{_figure(model.tokens_per_second)} tokens/s"
    yield "energy", f"{_figure(model.kwh_per_mtoken)} kWh per million tokens"
    yield "licence", model.licence or "-"
    yield "supported", f"{model.released or '?'} to {_end(model)}"
    yield "also called", ", ".join(model.aliases) or "-"
    for unit, price in unit_prices_eur(model.category).items():
        yield unit.replace("_", " "), f"{price:g} EUR"


def _abilities_in_words(model: Model) -> Iterator[str]:
    for ability in ("tools", "vision", "reasoning"):
        if getattr(model, ability):
            yield ability


def _two_columns() -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    return table


def _similar(name: str) -> list[str]:
    from difflib import get_close_matches

    from llmaas import catalog

    return get_close_matches(name, [model.id for model in catalog.all_models()], 3, 0.5)


_COLUMNS: dict[str, Callable[[Model], str]] = {
    "for": lambda model: model.category,
    "can": _abilities,
    "context": lambda model: number(model.context),
    "tok/s": lambda model: _figure(model.tokens_per_second),
    "kWh": lambda model: _figure(model.kwh_per_mtoken),
    "EUR": lambda model: _price(model.category),
    "support ends": _end,
}

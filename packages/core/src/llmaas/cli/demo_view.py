"""The demo on the screen: who answers, the answer as it comes, its sources, its bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from llmaas.cli.flow import Flow
from llmaas.cli.output import energy, number, say, stdout

if TYPE_CHECKING:
    from rich.status import Status
    from rich.table import Table

    from llmaas.demo import Backing, DemoResult, Document


def introduce(where: Backing, question: str, documents: Sequence[Document]) -> None:
    """Print who will answer, from what, and the question."""
    from rich.markup import escape

    console = stdout()
    console.print(f"[bold]LLMaaS demo[/], answered by [bold cyan]{where.description}[/]")
    characters = sum(len(document.text) for document in documents)
    if where.is_sandbox:
        console.print(
            "[dim]The sandbox quotes what fits best, it does not think; its figures are "
            "imitations. Set LLMAAS_API_KEY to ask the service.[/]"
        )
    else:
        console.print(f"[dim]{_announced(characters)} for each framework.[/]")
    names = sorted({document.language or "?" for document in documents})
    pages = max(1, characters // 3_000)
    console.print(
        f"[dim]{len(documents)} documents ({', '.join(names)}), about {pages} pages.[/]\n"
    )
    console.print(f"[bold yellow]?[/] [bold]{escape(question)}[/]\n")


def _announced(characters: int) -> str:
    """Say what embedding everything will cost, before it is done."""
    from llmaas.pricing import chat_cost_micro_eur
    from llmaas.types import Usage

    tokens = characters // 4
    cost = chat_cost_micro_eur(Usage(tokens, 0, tokens)) / 1_000_000
    return f"Every passage is embedded: about {cost:.2f} EUR"


class Performance:
    """One framework at work: a spinner until its answer comes, then the answer."""

    def __init__(self, name: str, *, quiet: bool, alone: bool) -> None:
        self._name, self._quiet, self._alone = name, quiet, alone
        self._status: Status | None = None
        self._flow: Flow | None = None

    def __enter__(self) -> Self:
        if not self._quiet:
            doing = f"[cyan]{self._name}[/]: embed, compare, rerank, ask"
            self._status = stdout().status(doing, spinner="dots")
            self._status.start()
        return self

    def out(self, text: str) -> None:
        """Print a piece of the answer."""
        if self._quiet or not text:
            return
        if self._flow is None:
            self._flow = self._begin()
        self._flow.put(text)

    def _begin(self) -> Flow:
        self._stop()
        if not self._alone:
            stdout().rule(f"[cyan]{self._name}[/]", align="left", style="dim")
        return Flow()

    def _stop(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stop()
        if self._flow is not None:
            self._flow.end()
            stdout().print("\n")


def show_one(name: str, outcome: DemoResult | Exception) -> None:
    """Print the reasoning, the sources and the bill of one answer."""
    from rich.markup import escape

    if isinstance(outcome, Exception):
        raise outcome
    if outcome.reasoning:
        stdout().print(f"[dim]thought: {escape(outcome.reasoning.strip())}[/]\n")
    stdout().print(_sources(outcome))
    stdout().print()
    stdout().print(_bill(outcome))


def compare(outcomes: Mapping[str, DemoResult | Exception]) -> None:
    """Print the answers side by side, one row a framework."""
    from rich.markup import escape
    from rich.table import Table

    from llmaas.cli.failure import one_line

    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("framework", style="bold cyan", no_wrap=True)
    table.add_column("answer", ratio=1, overflow="ellipsis", no_wrap=True)
    for label in ("in", "out", "reasoning", "EUR", "first", "total"):
        table.add_column(label, justify="right", no_wrap=True)
    for name, outcome in outcomes.items():
        if isinstance(outcome, Exception):
            table.add_row(name, "[red]failed, see below[/]", *["-"] * 6)
        else:
            table.add_row(name, escape(_first_line(outcome.answer)), *_figures(outcome))
    stdout().print(table)
    for name, outcome in outcomes.items():
        if isinstance(outcome, Exception):
            say(f"{name}: {one_line(outcome)}", "red")


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _figures(result: DemoResult) -> tuple[str, ...]:
    usage = result.usage
    return (
        number(usage.prompt_tokens if usage else None),
        number(usage.completion_tokens if usage else None),
        number(usage.reasoning_tokens if usage else None),
        f"{result.cost_micro_eur / 1_000_000:.6f}",
        _seconds(result.seconds_to_first_text),
        _seconds(result.seconds),
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _sources(result: DemoResult) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right", style="bold")
    table.add_column(overflow="fold")
    table.add_column(justify="right", style="dim")
    for source in result.sources:
        passage = source.passage
        cited = f"[{source.number}]" in result.answer
        where = f"{escape(passage.title)}\n[dim]{escape(passage.place)}, {passage.document}[/]"
        score = "" if source.score is None else f"{source.score:.3f}"
        style = "" if cited else "dim"
        table.add_row(escape(f"[{source.number}]"), where, score, style=style)
    return table


def _bill(result: DemoResult) -> Table:
    from rich.table import Table

    from llmaas.pricing import format_eur

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column(style="dim", overflow="fold")
    for label, count, what in _counts(result):
        table.add_row(label, count, what)
    costs = ", ".join(f"{step} {micro / 1_000_000:.6f}" for step, micro in result.costs.items())
    table.add_row("cost", f"[bold green]{format_eur(result.cost_micro_eur)}[/]", costs)
    if result.energy_kwh is not None:
        used = energy(result.energy_kwh)
        table.add_row("energy", used, "an estimate from the catalogue's kWh per million tokens")
    first = _seconds(result.seconds_to_first_text)
    table.add_row("time", _seconds(result.seconds), f"first text after {first}")
    return table


def _counts(result: DemoResult) -> list[tuple[str, str, str]]:
    rows = [
        ("embedded", f"{number(result.embedding_tokens)} tokens", result.embedding_model),
        ("reranked", f"{number(result.ranked_documents)} passages", ""),
    ]
    if usage := result.usage:
        thought = number(usage.reasoning_tokens)
        rows += [
            ("prompt", f"{number(usage.prompt_tokens)} tokens", result.chat_model),
            ("answer", f"{number(usage.completion_tokens)} tokens", f"reasoning {thought}"),
        ]
    if result.backend:
        machine = result.backend.machine_name or "?"
        rows.append(("machine", machine, f"engine {result.backend.engine_type or '?'}"))
    return rows

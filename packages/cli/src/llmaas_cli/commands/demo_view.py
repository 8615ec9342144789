"""Terminal output of the demo: endpoint, streamed answer, sources, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from llmaas_cli.format import energy, number
from llmaas_cli.terminal.output import is_interactive, is_unicode, say, show, stdout, styled, table
from llmaas_cli.terminal.wrapping import Flow

if TYPE_CHECKING:
    from rich.status import Status
    from rich.table import Table

    from llmaas_cli.demo import DemoResult, Document, Endpoint


_SANDBOX = (
    "The sandbox quotes what fits best, it does not think; its figures are imitations. "
    "Set LLMAAS_API_KEY to ask the service."
)


def introduce(
    where: Endpoint, question: str, documents: Sequence[Document], count: int = 1
) -> None:
    """Print who will answer, from what, and the question."""
    show(("LLMaaS demo", "bold"), ", answered by ", (where.description, "bold cyan"))
    characters = sum(len(document.text) for document in documents)
    if where.is_sandbox:
        show((_SANDBOX, "dim"))
    else:
        show((_announced(characters, count), "dim"))
    names = sorted({document.language or "?" for document in documents})
    pages = max(1, characters // 3_000)
    about = f"{len(documents)} documents ({', '.join(names)}), about {pages} pages.\n"
    show((about, "dim"))
    show(("?", "bold yellow"), " ", (question, "bold"), "\n")


_ANSWER = 5_000
"""Micro-EUR that ranking and answering take beside the embedding, about."""
_IMITATION = "* an imitation: the sandbox has no model, and nothing was paid."


def _announced(characters: int, count: int) -> str:
    """Say what the demo will cost, before anything is sent."""
    from llmaas.pricing import chat_cost_micro_eur
    from llmaas.types import Usage

    tokens = characters // 4
    embedded = chat_cost_micro_eur(Usage(tokens, 0, tokens))
    each = f"Every passage is embedded: about {_about(embedded)} EUR for each framework."
    total = f"{count} of them" if count > 1 else "With the answer"
    return f"{each} {total}: about {_about((embedded + _ANSWER) * count)} EUR in all."


def _about(micro_eur: int) -> str:
    """Return an amount with the digits that matter: cents, or two figures of less."""
    euros = micro_eur / 1_000_000
    return f"{euros:.2f}" if euros >= 0.01 else f"{euros:.2g}"


class Performance:
    """One framework at work: a spinner until its answer comes, then the answer."""

    def __init__(self, name: str, *, quiet: bool, alone: bool) -> None:
        self._name, self._quiet, self._alone = name, quiet, alone
        self._status: Status | None = None
        self._flow: Flow | None = None

    def __enter__(self) -> Self:
        if not self._quiet and is_interactive():
            doing = styled((self._name, "cyan"), ": embed, compare, rerank, ask")
            self._status = stdout().status(doing, spinner="dots" if is_unicode() else "line")
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
            stdout().rule(styled((self._name, "cyan")), align="left", style="dim")
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
            show("\n")


def show_one(name: str, outcome: DemoResult | Exception, *, is_sandbox: bool = False) -> None:
    """Print the reasoning, the sources and the bill of one answer."""
    if isinstance(outcome, Exception):
        raise outcome
    if outcome.reasoning:
        show((f"thought: {outcome.reasoning.strip()}\n", "dim"))
    show(_sources(outcome))
    show("")
    show(_bill(outcome, is_sandbox))
    if is_sandbox:
        show((_IMITATION, "dim"))


def compare(outcomes: Mapping[str, DemoResult | Exception], *, is_sandbox: bool = False) -> None:
    """Print the answers side by side, one row a framework."""
    from llmaas_cli.format import one_line

    titles = ("in", "out", "reasoning", "EUR", "first", "total")
    mark = "*" if is_sandbox else ""
    figures = [(title + mark, {"justify": "right", "no_wrap": True}) for title in titles]
    answer = ("answer", {"ratio": 1, "overflow": "ellipsis", "no_wrap": True})
    framework = ("framework", {"style": "bold cyan", "no_wrap": True})
    rows = table(framework, answer, *figures, header=True)
    rows.expand = True
    for name, outcome in outcomes.items():
        if isinstance(outcome, Exception):
            rows.add_row(name, styled(("failed, see below", "red")), *["-"] * 6)
        else:
            rows.add_row(name, _first_line(outcome.answer), *_figures(outcome))
    done = [outcome for outcome in outcomes.values() if not isinstance(outcome, Exception)]
    total = sum(outcome.cost_micro_eur for outcome in done)
    rows.add_row(styled(("in all", "bold")), "", "", "", "", f"{total / 1_000_000:.6f}", "", "")
    show(rows)
    if is_sandbox:
        show((_IMITATION, "dim"))
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
    rows = table(
        ("", {"justify": "right", "style": "bold"}), "", ("", {"justify": "right", "style": "dim"})
    )
    for source in result.sources:
        passage = source.passage
        cited = f"[{source.number}]" in result.answer
        where = styled(passage.title, (f"\n{passage.place}, {passage.document}", "dim"))
        score = "" if source.score is None else f"{source.score:.3f}"
        rows.add_row(f"[{source.number}]", where, score, style="" if cited else "dim")
    return rows


def _bill(result: DemoResult, is_sandbox: bool) -> Table:
    from llmaas.pricing import format_eur

    rows = table(("", {"style": "dim"}), ("", {"justify": "right"}), ("", {"style": "dim"}))
    mark = "*" if is_sandbox else ""
    for label, count, what in _counts(result):
        rows.add_row(label, count + mark, what)
    costs = ", ".join(f"{step} {micro / 1_000_000:.6f}" for step, micro in result.costs.items())
    cost = styled((format_eur(result.cost_micro_eur) + mark, "bold green"))
    rows.add_row("cost", cost, costs)
    if result.energy_kwh is not None:
        used = energy(result.energy_kwh)
        rows.add_row("energy", used + mark, "an estimate from the catalog's kWh per million tokens")
    first = _seconds(result.seconds_to_first_text)
    rows.add_row("time", _seconds(result.seconds) + mark, f"first text after {first}")
    return rows


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

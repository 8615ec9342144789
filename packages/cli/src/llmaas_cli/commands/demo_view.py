"""Terminal output of the demo: endpoint, streamed answer, sources, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from llmaas_cli.format import format_count, format_energy
from llmaas_cli.terminal.output import (
    is_interactive,
    is_unicode,
    print_line,
    print_status,
    stdout,
    styled,
    table,
)
from llmaas_cli.terminal.wrapping import WordWrapper

if TYPE_CHECKING:
    from rich.status import Status
    from rich.table import Table

    from llmaas_cli.demo import DemoResult, Document, Endpoint


_SANDBOX_NOTICE = (
    "The sandbox quotes matching passages without a model; its amounts are simulated. "
    "Set LLMAAS_API_KEY to use the service."
)


def print_header(
    endpoint: Endpoint, question: str, documents: Sequence[Document], count: int = 1
) -> None:
    """Print the endpoint, the documents and the question."""
    print_line(("LLMaaS demo", "bold"), ", answered by ", (endpoint.description, "bold cyan"))
    characters = sum(len(document.text) for document in documents)
    if endpoint.is_sandbox:
        print_line((_SANDBOX_NOTICE, "dim"))
    else:
        print_line((_cost_notice(characters, count), "dim"))
    names = sorted({document.language or "?" for document in documents})
    pages = max(1, characters // 3_000)
    summary = f"{len(documents)} documents ({', '.join(names)}), about {pages} pages.\n"
    print_line((summary, "dim"))
    print_line(("?", "bold yellow"), " ", (question, "bold"), "\n")


_ANSWER_MICRO_EUR = 5_000
"""Approximate cost of reranking and answering in micro-EUR."""
_SIMULATED = "* simulated: the sandbox has no model, and nothing was paid."


def _cost_notice(characters: int, count: int) -> str:
    """Estimate the cost of the demo, before anything is sent."""
    from llmaas.pricing import chat_cost_micro_eur
    from llmaas.types import Usage

    tokens = characters // 4
    embedded = chat_cost_micro_eur(Usage(tokens, 0, tokens))
    per_framework = f"Every passage is embedded: about {_round_eur(embedded)} EUR per framework."
    total = f"{count} of them" if count > 1 else "With the answer"
    sum_eur = _round_eur((embedded + _ANSWER_MICRO_EUR) * count)
    return f"{per_framework} {total}: about {sum_eur} EUR in total."


def _round_eur(micro_eur: int) -> str:
    """Format an amount in EUR: cents, or two significant digits below one cent."""
    euros = micro_eur / 1_000_000
    return f"{euros:.2f}" if euros >= 0.01 else f"{euros:.2g}"


class AnswerDisplay:
    """Display of one framework's run: a spinner, then the streamed answer."""

    def __init__(self, name: str, *, is_quiet: bool, is_only: bool) -> None:
        self._name, self._quiet, self._alone = name, is_quiet, is_only
        self._status: Status | None = None
        self._wrapper: WordWrapper | None = None

    def __enter__(self) -> Self:
        if not self._quiet and is_interactive():
            doing = styled((self._name, "cyan"), ": embed, compare, rerank, answer")
            self._status = stdout().status(doing, spinner="dots" if is_unicode() else "line")
            self._status.start()
        return self

    def write(self, text: str) -> None:
        """Print a part of the answer."""
        if self._quiet or not text:
            return
        if self._wrapper is None:
            self._wrapper = self._begin()
        self._wrapper.write(text)

    def _begin(self) -> WordWrapper:
        self._stop()
        if not self._alone:
            stdout().rule(styled((self._name, "cyan")), align="left", style="dim")
        return WordWrapper()

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
        if self._wrapper is not None:
            self._wrapper.flush()
            print_line("\n")


def print_result(name: str, outcome: DemoResult | Exception, *, is_sandbox: bool = False) -> None:
    """Print the reasoning, the sources and the cost of one answer."""
    if isinstance(outcome, Exception):
        raise outcome
    if outcome.reasoning:
        print_line((f"reasoning: {outcome.reasoning.strip()}\n", "dim"))
    print_line(_sources_table(outcome))
    print_line("")
    print_line(_cost_table(outcome, is_sandbox))
    if is_sandbox:
        print_line((_SIMULATED, "dim"))


def print_comparison(
    outcomes: Mapping[str, DemoResult | Exception], *, is_sandbox: bool = False
) -> None:
    """Print the answers as a table, one row per framework."""
    from llmaas_cli.format import describe_error

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
            rows.add_row(name, _first_line(outcome.answer), *_format_counts(outcome))
    done = [outcome for outcome in outcomes.values() if not isinstance(outcome, Exception)]
    total = sum(outcome.cost_micro_eur for outcome in done)
    rows.add_row(styled(("total", "bold")), "", "", "", "", f"{total / 1_000_000:.6f}", "", "")
    print_line(rows)
    if is_sandbox:
        print_line((_SIMULATED, "dim"))
    for name, outcome in outcomes.items():
        if isinstance(outcome, Exception):
            print_status(f"{name}: {describe_error(outcome)}", "red")


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _format_counts(result: DemoResult) -> tuple[str, ...]:
    usage = result.usage
    return (
        format_count(usage.prompt_tokens if usage else None),
        format_count(usage.completion_tokens if usage else None),
        format_count(usage.reasoning_tokens if usage else None),
        f"{result.cost_micro_eur / 1_000_000:.6f}",
        _format_seconds(result.seconds_to_first_text),
        _format_seconds(result.seconds),
    )


def _format_seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _sources_table(result: DemoResult) -> Table:
    rows = table(
        ("", {"justify": "right", "style": "bold"}), "", ("", {"justify": "right", "style": "dim"})
    )
    for source in result.sources:
        passage = source.passage
        cited = f"[{source.number}]" in result.answer
        endpoint = styled(passage.title, (f"\n{passage.place}, {passage.document}", "dim"))
        score = "" if source.score is None else f"{source.score:.3f}"
        rows.add_row(f"[{source.number}]", endpoint, score, style="" if cited else "dim")
    return rows


def _cost_table(result: DemoResult, is_sandbox: bool) -> Table:
    from llmaas.pricing import format_eur

    rows = table(("", {"style": "dim"}), ("", {"justify": "right"}), ("", {"style": "dim"}))
    mark = "*" if is_sandbox else ""
    for label, count, what in _count_rows(result):
        rows.add_row(label, count + mark, what)
    costs = ", ".join(f"{step} {micro / 1_000_000:.6f}" for step, micro in result.costs.items())
    cost = styled((format_eur(result.cost_micro_eur) + mark, "bold green"))
    rows.add_row("cost", cost, costs)
    if result.energy_kwh is not None:
        used = format_energy(result.energy_kwh)
        rows.add_row("energy", used + mark, "an estimate from the catalog's kWh per million tokens")
    first = _format_seconds(result.seconds_to_first_text)
    rows.add_row("time", _format_seconds(result.seconds) + mark, f"first text after {first}")
    return rows


def _count_rows(result: DemoResult) -> list[tuple[str, str, str]]:
    rows = [
        ("embedded", f"{format_count(result.embedding_tokens)} tokens", result.embedding_model),
        ("reranked", f"{format_count(result.ranked_documents)} passages", ""),
    ]
    if usage := result.usage:
        reasoning = format_count(usage.reasoning_tokens)
        rows += [
            ("prompt", f"{format_count(usage.prompt_tokens)} tokens", result.chat_model),
            ("answer", f"{format_count(usage.completion_tokens)} tokens", f"reasoning {reasoning}"),
        ]
    if result.backend:
        machine = result.backend.machine_name or "?"
        rows.append(("machine", machine, f"engine {result.backend.engine_type or '?'}"))
    return rows

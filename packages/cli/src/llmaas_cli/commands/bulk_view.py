"""Progress bar and final report of a bulk run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llmaas_cli.format import describe_progress

if TYPE_CHECKING:
    from llmaas.bulk import Report, Tally


@contextmanager
def showing(*, quiet: bool) -> Iterator[Callable[[Tally], None]]:
    """Yield what a run tells its progress to: a bar on stderr, or nothing."""
    from llmaas_cli.terminal.output import is_interactive, stderr

    if quiet or not is_interactive(stderr=True):
        yield lambda tally: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[facts]}"))
    with Progress(*columns, console=stderr()) as bar:
        task = bar.add_task("", total=None, facts="")
        yield lambda tally: bar.update(
            task, completed=tally.done, total=tally.total, facts=describe_progress(tally)
        )


def show(report: Report, as_json: bool) -> None:
    """Print how a run ended."""
    from llmaas_cli.terminal.output import print_json, say

    if as_json:
        print_json(summary(report))
        return
    for line, style in _sentences(report):
        say(line, style)


def summary(report: Report) -> dict[str, Any]:
    """Return a report for programs."""
    tally = report.tally
    return {
        "out": str(report.out),
        "complete": report.complete,
        "total": tally.total,
        "done": tally.done,
        "failed": tally.failed,
        "from_earlier_runs": tally.before,
        "waiting": tally.waiting,
        "repeated": report.repeated,
        "unsure": dict(report.unsure),
        "cost_micro_eur": tally.micro_eur,
        "cost_eur": tally.micro_eur / 1_000_000,
    }


def _sentences(report: Report) -> Iterator[tuple[str, str]]:
    from llmaas.pricing import format_eur

    tally = report.tally
    failed = f", {tally.failed} of them failed" if tally.failed else ""
    earlier = f", {tally.before} of them before" if tally.before else ""
    cost = format_eur(tally.micro_eur)
    yield f"{tally.done} prompts done{earlier}{failed}: {report.out}, {cost}", "green"
    if report.repeated:
        yield (
            f"{report.repeated} were sent more than once, because an attempt ended without an "
            'answer: they may have been billed twice (see "sent" in their lines).',
            "yellow",
        )
    if tally.waiting:
        yield f"{tally.waiting} are with the service: the same command collects them.", "yellow"
    for batch, count in report.unsure.items():
        yield (
            f"batch {batch}: {count} conversations are lost. They may have been billed; "
            "--resubmit sends them again.",
            "bold red",
        )

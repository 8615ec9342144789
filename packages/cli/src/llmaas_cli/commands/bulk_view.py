"""Progress bar and final report of a bulk run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmaas_cli.format import describe_progress

if TYPE_CHECKING:
    from llmaas.bulk import Progress, Report


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Show a progress bar on stderr unless ``quiet``; yield its update callback."""
    from llmaas_cli.terminal.output import is_interactive, stderr

    if quiet or not is_interactive(stderr=True):
        yield lambda progress: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[facts]}"))
    with Progress(*columns, console=stderr()) as bar:
        task = bar.add_task("", total=None, facts="")
        yield lambda progress: bar.update(
            task, completed=progress.done, total=progress.total, facts=describe_progress(progress)
        )


def print_report(report: Report, as_json: bool) -> None:
    """Print the outcome of a run."""
    from llmaas_cli.terminal.output import print_json, print_status

    if as_json:
        print_json(report_to_dict(report))
        return
    for line, style in _report_lines(report):
        print_status(line, style)


def report_to_dict(report: Report) -> dict[str, object]:
    """Convert a report to plain JSON values."""
    progress = report.progress
    return {
        "out": str(report.out),
        "complete": report.complete,
        "total": progress.total,
        "done": progress.done,
        "failed": progress.failed,
        "from_earlier_runs": progress.before,
        "waiting": progress.waiting,
        "resent": report.resent,
        "unconfirmed": dict(report.unconfirmed),
        "cost_micro_eur": progress.micro_eur,
        "cost_eur": progress.micro_eur / 1_000_000,
    }


def _report_lines(report: Report) -> Iterator[tuple[str, str]]:
    from llmaas.pricing import format_eur

    progress = report.progress
    failed = f", {progress.failed} of them failed" if progress.failed else ""
    earlier = f", {progress.before} of them in earlier runs" if progress.before else ""
    cost = format_eur(progress.micro_eur)
    yield f"{progress.done} prompts done{earlier}{failed}: {report.out}, {cost}", "green"
    if report.resent:
        yield (
            f"{report.resent} were sent more than once, because an attempt ended without an "
            'answer: they may have been billed twice (see "sent" in their lines).',
            "yellow",
        )
    if progress.waiting:
        yield (
            f"{progress.waiting} are in submitted batches. Run the same command again to "
            "collect them.",
            "yellow",
        )
    for batch, count in report.unconfirmed.items():
        yield (
            f"batch {batch}: {count} conversations are lost. They may have been billed; "
            "--resubmit sends them again.",
            "bold red",
        )

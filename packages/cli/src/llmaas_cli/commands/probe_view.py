"""Terminal output of ``llmaas probe``: announcement, progress, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmaas_cli.probe.model import Probe, Result
    from llmaas_cli.probe.report import Finding, Report

SIGNS = {
    "confirmed": ("✓", "green"),
    "contradicted": ("✗", "bold red"),
    "unclear": ("?", "yellow"),
    "not supported": ("-", "magenta"),
    None: (" ", "dim"),
}
_NARROW = 70
"""Columns below which findings are printed as lines instead of a table."""
_FEW = 3
"""Models that are named in a row; more are counted."""


@contextmanager
def progress_bar(total: int, *, quiet: bool) -> Iterator[Callable[[Result], None]]:
    """Show a progress bar on stderr unless ``quiet``; yield its update callback."""
    from llmaas_cli.terminal.output import is_interactive, stderr

    if quiet or not is_interactive(stderr=True):
        yield lambda result: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[name]}"))
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task("", total=total, name="")
        yield lambda result: bar.update(task, advance=1, name=result.name)


def print_report(report: Report) -> None:
    """Print all findings, grouped by section, and the totals."""
    from llmaas_cli.terminal.output import print_line

    section = ""
    for finding in report.findings:
        if finding.probe.section != section:
            section = finding.probe.section
            print_line("\n", (section, "bold"))
        _print_finding(finding)
    _print_totals(report)


def _print_finding(finding: Finding) -> None:
    from rich.table import Table

    from llmaas_cli.terminal.output import print_line, stdout, styled

    sign, style = SIGNS[finding.verdict and str(finding.verdict)]
    status = ", ".join(str(each) for each in finding.evidence.get("status", ()))
    facts = f" [{status}]" if status else ""
    text = styled(finding.probe.assumes, (f" {_models(finding)}{facts}".rstrip(), "dim"))
    follows = "" if finding.follows == "Nothing to do." else f"→ {finding.follows}"
    if stdout().width < _NARROW:
        print_line((sign, style), " ", (finding.probe.id, "bold"))
        stdout().print(text)
        if follows:
            stdout().print(styled((follows, style)))
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style=style)
    grid.add_column(style="bold", width=28, overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_row(sign, finding.probe.id, text)
    if follows:
        grid.add_row("", "", styled((follows, style)))
    print_line(grid)


def _models(finding: Finding) -> str:
    names = [name for name in finding.models if name]
    if len(names) > _FEW:
        return f"({len(names)} models)"
    return f"({', '.join(names)})" if names else ""


def _print_totals(report: Report) -> None:
    from llmaas.pricing import format_eur
    from llmaas_cli.probe.report import SANDBOX_NOTE
    from llmaas_cli.terminal.output import print_line

    counts = ", ".join(f"{count} {name}" for name, count in sorted(report.counts.items()))
    print_line("\n", (f"{counts}. Cost: {format_eur(report.cost_micro_eur)}.", "bold"))
    if report.is_sandbox:
        print_line((SANDBOX_NOTE, "yellow"))


def print_list(probes: list[Probe]) -> None:
    """Print the probes without running them."""
    from llmaas_cli.terminal.output import print_line, table

    rows = table("id", "section", "assumption", header=True)
    for probe in probes:
        rows.add_row(probe.id, probe.section, probe.assumes)
    print_line(rows)

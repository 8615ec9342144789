"""``llmaas cost report``: costs of past calls, from the log of ``UsageLog``."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas_cli.commands.options import AsJson

if TYPE_CHECKING:
    from llmaas.usage_log import Row

_MAX_BAR_WIDTH = 30
_OTHER_COLUMNS = 100  # terminal columns reserved for the other cells of a row


class Group(StrEnum):
    """Keys of a report's groups."""

    MODEL = "model"
    DAY = "day"
    TAG = "tag"
    OPERATION = "operation"


def command(
    log: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Log file of UsageLog (JSONL).")
    ],
    by: Annotated[Group, typer.Option(help="Group the costs by this.")] = Group.MODEL,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    as_json: AsJson = False,
) -> None:
    """Report the cost of past calls: llmaas cost report usage.jsonl --by day."""
    from llmaas.usage_log import report
    from llmaas_cli.terminal.output import print_json

    rows = report(log, str(by))
    if as_json:
        print_json([asdict(row) for row in rows])
    elif as_csv:
        _print_csv(rows, str(by))
    else:
        _print_table(rows, str(by))


def _print_csv(rows: list[Row], by: str) -> None:
    from llmaas.usage_log import Row
    from llmaas_cli.terminal.output import csv_cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([by, *Row.__slots__[1:]])
    writer.writerows(map(csv_cell, asdict(row).values()) for row in rows)


def _print_table(rows: list[Row], by: str) -> None:
    """Print a table with a bar for each cost. Energy is an estimate."""
    from llmaas.pricing import format_eur
    from llmaas_cli.format import format_count, format_energy
    from llmaas_cli.terminal.output import print_line, stdout, table

    titles = (by, "calls", "failed", "in", "out", "reasoning", "cost", "energy (estimate)")
    columns = [(title, {"justify": "left" if title == by else "right"}) for title in titles]
    width = min(_MAX_BAR_WIDTH, max(0, stdout().width - _OTHER_COLUMNS))
    report_table = table(*columns, *([""] if width else []), header=True)
    highest = max((row.cost_micro_eur for row in rows), default=0) or 1
    for row in rows:
        calls = (row.calls, row.failed)
        tokens = (row.prompt_tokens, row.completion_tokens, row.reasoning_tokens)
        used = "-" if row.energy_kwh is None else format_energy(row.energy_kwh)
        bar = "█" * round(width * row.cost_micro_eur / highest)
        cells = (
            row.group,
            *map(format_count, (*calls, *tokens)),
            format_eur(row.cost_micro_eur),
            used,
        )
        report_table.add_row(*cells, *([bar] if width else []))
    print_line(report_table)
    total = format_eur(sum(row.cost_micro_eur for row in rows))
    print_line("\n", (total, "bold"), " in total; energy by the catalog's kWh per million tokens")
    if unknown := sum(row.unknown for row in rows):
        print_line(f"Calls of unknown cost, not in the total: {format_count(unknown)}.")

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

_WIDTH = 30  # of the longest bar
_FIGURES = 100  # columns that the rest of a row may take


class Group(StrEnum):
    """What to sum up by."""

    MODEL = "model"
    DAY = "day"
    TAG = "tag"
    OPERATION = "operation"


def command(
    log: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Of UsageLog (JSONL).")],
    by: Annotated[Group, typer.Option(help="Sum up by this.")] = Group.MODEL,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    as_json: AsJson = False,
) -> None:
    """Report what calls have cost: llmaas cost report usage.jsonl --by day."""
    from llmaas.usage_log import report
    from llmaas_cli.terminal.output import print_json

    rows = report(log, str(by))
    if as_json:
        print_json([asdict(row) for row in rows])
    elif as_csv:
        _print_csv(rows, str(by))
    else:
        _draw(rows, str(by))


def _print_csv(rows: list[Row], by: str) -> None:
    from llmaas.usage_log import Row
    from llmaas_cli.terminal.output import csv_cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([by, *Row.__slots__[1:]])
    writer.writerows(map(csv_cell, asdict(row).values()) for row in rows)


def _draw(rows: list[Row], by: str) -> None:
    """Draw a table with a bar for each cost; energy is an estimate, and says so."""
    from llmaas.pricing import format_eur
    from llmaas_cli.format import energy, number
    from llmaas_cli.terminal.output import show, stdout, table

    titles = (by, "calls", "failed", "in", "out", "reasoning", "cost", "energy (estimate)")
    columns = [(title, {"justify": "left" if title == by else "right"}) for title in titles]
    width = min(_WIDTH, max(0, stdout().width - _FIGURES))
    drawn = table(*columns, *([""] if width else []), header=True)
    most = max((row.cost_micro_eur for row in rows), default=0) or 1
    for row in rows:
        calls = (row.calls, row.failed)
        tokens = (row.prompt_tokens, row.completion_tokens, row.reasoning_tokens)
        used = "-" if row.energy_kwh is None else energy(row.energy_kwh)
        bar = "█" * round(width * row.cost_micro_eur / most)
        cells = (row.group, *map(number, (*calls, *tokens)), format_eur(row.cost_micro_eur), used)
        drawn.add_row(*cells, *([bar] if width else []))
    show(drawn)
    total = format_eur(sum(row.cost_micro_eur for row in rows))
    show("\n", (total, "bold"), " in all; energy by the catalog's kWh per million tokens")
    if unknown := sum(row.unknown for row in rows):
        show(f"Answered calls of unknown cost, not in the sum: {number(unknown)}.")

"""Generator of the fault tables in tests/README.md: outcomes of every fault of the sandbox.

    python -m tools.fault_table

runs every case against fresh sandboxes and writes the outcomes, with date and versions. It
fails if a socket, file, thread, task or request is leaked.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence

from tests.helpers.contract.driver import drivers
from tests.helpers.faults import operations
from tests.helpers.faults.cases import CASES, ERROR, RETRIED, RIGHT, Case
from tests.helpers.faults.operations import OPERATIONS
from tests.helpers.faults.runner import Column, ColumnGroup, Outcomes, open_groups, run, warm
from tools.tables import dated, markdown, put

AT_ONCE = 2
WORDS = {RIGHT: "right", RETRIED: "retried", ERROR: "error"}
LEGEND = (
    "*right*: all that the sandbox says without the fault, at the first attempt. *retried*: the"
    " same, after exactly one more request. *error*: a typed error, in time, after no more"
    " requests than were allowed. One word where whole and streamed answers fare alike, else"
    " *whole / streamed*; -: the fault says nothing there. `keepalive-drop` asks twice: the second"
    " question meets a dead connection, of which the sandbox makes no record. Nothing was left"
    " over: each sandbox saw its sockets closed and its requests ended; files, threads and tasks"
    " were as before."
)
OTHERS = (
    "The core's other operations, by asyncio and by threads alike. `submit_batch` is never sent"
    " twice, since every batch is billed."
)
Title = Callable[[Column], str]


def table(cases: Sequence[Case], groups: Sequence[ColumnGroup], title: Title) -> str:
    """Run every case and render the outcomes; columns of one title share a cell."""
    heads = list(dict.fromkeys(title(column) for column in groups[0]))
    rows = [
        [case.title, *(cell(outcomes, head, title) for head in heads)]
        for case, outcomes in everything(cases, groups)
    ]
    return markdown(["", *heads], rows)


def everything(
    cases: Sequence[Case], groups: Sequence[ColumnGroup]
) -> Iterator[tuple[Case, Outcomes]]:
    """Yield the outcome of each case."""
    for at in range(0, len(cases), len(groups)):
        batch = cases[at : at + len(groups)]
        yield from zip(batch, run(batch, groups), strict=True)


def cell(outcomes: Outcomes, head: str, title: Title) -> str:
    """Render the outcomes of the columns of one title."""
    received = [outcomes.get(column, "-") for column in outcomes if title(column) == head]
    words = [WORDS.get(one, f"**{one}**") for one in received]
    return " / ".join(dict.fromkeys(words)) or "-"


def label(column: Column) -> str:
    """Return the class and its world."""
    return column.driver.label(column.mode)


def operation(column: Column) -> str:
    """Return the method."""
    return f"`{column.driver.name}`"


def main() -> None:
    """Write the tables."""
    warnings.simplefilter("ignore")
    ours = [driver for driver in drivers() if driver.ours]
    with open_groups(ours, AT_ONCE) as chat, open_groups(OPERATIONS, AT_ONCE) as silent:
        warm(chat)
        knowing = [
            [operations.with_expected_result(column) for column in group] for group in silent
        ]
        parts = [
            dated(ours),
            table(CASES, chat, label),
            LEGEND,
            OTHERS,
            table(operations.CASES, knowing, operation),
        ]
    put("faults", "tools/fault_table.py", "\n\n".join(parts))


if __name__ == "__main__":
    main()

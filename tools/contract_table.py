"""The table of the contract in tests/README.md: behaviours by our classes and the stock ones.

    python -m tools.contract_table

runs everything against a fresh sandbox and writes what came out, with date and versions.
"""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.helpers.contract.cases import BEHAVIOURS
from tests.helpers.contract.driver import Bench, Driver, Way, drivers
from tests.helpers.contract.registry import Behaviour, awaited, streamed, threaded, whole
from tools.tables import dated, markdown, put

HALVES = {"whole": whole, "streamed": streamed, "async": awaited, "sync": threaded}
SECONDS = 20
"""How long one check may take: whoever hangs has failed."""
NOTE = (
    "Each row is checked whole and streamed where both make sense, and by threads as well as by"
    " asyncio in the core, Haystack and LangChain; the other frameworks have asyncio only."
)


@dataclass(frozen=True)
class Hall:
    """Where everything is run: one sandbox and one event loop, as in a user's program."""

    box: Any
    runner: asyncio.Runner


def outcome(driver: Driver, behaviour: Behaviour, hall: Hall) -> str:
    """Return the cell of one behaviour: yes, no, which ways only, or n/a."""
    if behaviour.says in driver.lacks:
        return "n/a"
    ways = behaviour.ways(driver)
    return cell(ways, [way for way in ways if keeps(driver, behaviour, hall, way)])


def cell(ways: Sequence[Way], kept: Sequence[Way]) -> str:
    """Say in which of the ways a behaviour is kept."""
    if len(kept) in (0, len(ways)):
        return "yes" if kept else "no"
    for word, half in HALVES.items():
        if list(kept) == [way for way in ways if half(way)]:
            return f"{word} only"
    return ", ".join(map(str, kept)) + " only"


def keeps(driver: Driver, behaviour: Behaviour, hall: Hall, way: Way) -> bool:
    """Return whether one check passes; any failure, of whatever kind, is a no."""
    hall.box.reset()

    async def check() -> None:
        await asyncio.wait_for(behaviour.check(Bench(driver, hall.box, way)), SECONDS)

    try:
        hall.runner.run(check())
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:150]
        print(f"{driver.name}: {behaviour.says} ({way}): {said}", file=sys.stderr)
        return False
    return True


def table(columns: Sequence[Driver], hall: Hall) -> str:
    """Run everything and return the table, with date and versions."""
    rows = [
        [behaviour.says, *(outcome(driver, behaviour, hall) for driver in columns)]
        for behaviour in BEHAVIOURS
    ]
    head = ["", *(driver.name for driver in columns)]
    parts = [dated(columns), markdown(head, rows), NOTE, missing(columns)]
    return "\n\n".join(filter(None, parts))


def missing(columns: Sequence[Driver]) -> str:
    """Return why our columns say n/a."""
    lacks = [(driver, says) for driver in columns if driver.ours for says in driver.lacks]
    if not lacks:
        return ""
    lines = sorted(f"* {driver.name}, {says}: {driver.lacks[says]}" for driver, says in lacks)
    return "\n".join(["n/a:", "", *lines])


def main() -> None:
    """Write the table."""
    from llmaas_sandbox import Sandbox

    warnings.simplefilter("ignore")
    columns = list(drivers())
    with Sandbox() as box, asyncio.Runner() as runner:
        os.environ.update(LLMAAS_BASE_URL=box.base_url, LLMAAS_API_KEY=box.api_key)
        put("contract", "tools/contract_table.py", table(columns, Hall(box, runner)))


if __name__ == "__main__":
    main()

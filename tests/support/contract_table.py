"""The table of the contract in tests/README.md: behaviours by our classes and the stock ones.

    python tests/support/contract_table.py

runs everything against a fresh sandbox and writes what came out, with date and versions.
"""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from behaviours import BEHAVIOURS
from contract import TESTS, Behaviour, Bench, Driver, drivers

README = TESTS / "README.md"
BEGIN, END = "<!-- contract: written by tests/support/contract_table.py -->", "<!-- /contract -->"
SECONDS = 20
"""How long one check may take: whoever hangs has failed."""


@dataclass(frozen=True)
class Hall:
    """Where everything is run: one sandbox and one event loop, as in a user's program."""

    box: Any
    runner: asyncio.Runner


def outcome(driver: Driver, behaviour: Behaviour, hall: Hall) -> str:
    """Return the cell of one behaviour: yes, no, only one way, or n/a."""
    if behaviour.says in driver.lacks:
        return "n/a"
    kept = [mode for mode in behaviour.modes if keeps(driver, behaviour, hall, stream=mode)]
    if len(kept) == len(behaviour.modes):
        return "yes"
    if not kept:
        return "no"
    return "streamed only" if kept[0] else "whole only"


def keeps(driver: Driver, behaviour: Behaviour, hall: Hall, *, stream: bool) -> bool:
    """Return whether one check passes; any failure, of whatever kind, is a no."""
    hall.box.reset()

    async def check() -> None:
        await asyncio.wait_for(behaviour.check(Bench(driver, hall.box, stream)), SECONDS)

    try:
        hall.runner.run(check())
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:150]
        mode = "streamed" if stream else "whole"
        print(f"{driver.name}: {behaviour.says} ({mode}): {said}", file=sys.stderr)
        return False
    return True


def table(columns: Sequence[Driver], hall: Hall) -> str:
    """Run everything and return the table, with date and versions."""
    head = ["", *(driver.name for driver in columns)]
    rows = [
        [behaviour.says, *(outcome(driver, behaviour, hall) for driver in columns)]
        for behaviour in BEHAVIOURS
    ]
    lines = [head, ["---"] * len(head), *rows]
    names = sorted({driver.distribution for driver in columns} | {"openai"})
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    python = ".".join(map(str, sys.version_info[:3]))
    lacks = sorted(
        f"* {driver.name}, {says}: {why}"
        for driver in columns
        if driver.ours
        for says, why in driver.lacks.items()
    )
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}, Python {python}, {versions}.",
        "\n".join("| " + " | ".join(line) + " |" for line in lines),
        "Each row is checked whole and streamed where both make sense. n/a:",
        "\n".join(lacks),
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Write the table."""
    from llmaas_sandbox import Sandbox

    warnings.simplefilter("ignore")
    columns = list(drivers())
    with Sandbox() as box, asyncio.Runner() as runner:
        os.environ.update(LLMAAS_BASE_URL=box.base_url, LLMAAS_API_KEY=box.api_key)
        written = table(columns, Hall(box, runner))
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n\n{written}\n\n{END}{after}")


if __name__ == "__main__":
    main()

"""Generator of the contract table in tests/README.md: behaviors by our and the stock classes.

    python -m tools.contract_table

runs everything against a fresh sandbox and writes the results, with date and versions.
"""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.helpers.contract.cases import CASES
from tests.helpers.contract.driver import Driver, Harness, Mode, drivers
from tests.helpers.contract.registry import Case, asynchronous, streamed, threaded, whole
from tools.tables import dated, markdown, put

HALVES = {"whole": whole, "streamed": streamed, "async": asynchronous, "sync": threaded}
SECONDS = 20
"""Timeout of one check."""
NOTE = (
    "Each row is checked whole and streamed where both make sense, and by threads as well as by"
    " asyncio in the core, Haystack and LangChain; the other frameworks have asyncio only."
)


@dataclass(frozen=True)
class Environment:
    """One sandbox and one event loop for all checks, as in a user's program."""

    box: Any
    runner: asyncio.Runner


def outcome(driver: Driver, case: Case, environment: Environment) -> str:
    """Render the cell of one behavior: yes, no, a mode, or n/a."""
    if case.title in driver.unsupported:
        return "n/a"
    modes = case.modes(driver)
    return cell(modes, [mode for mode in modes if keeps(driver, case, environment, mode)])


def cell(modes: Sequence[Mode], kept: Sequence[Mode]) -> str:
    """Return the modes in which a behavior passes."""
    if len(kept) in (0, len(modes)):
        return "yes" if kept else "no"
    for word, half in HALVES.items():
        if list(kept) == [mode for mode in modes if half(mode)]:
            return f"{word} only"
    return ", ".join(map(str, kept)) + " only"


def keeps(driver: Driver, case: Case, environment: Environment, mode: Mode) -> bool:
    """Return whether one check passes; every exception is a failure."""
    environment.box.reset()

    async def check() -> None:
        await asyncio.wait_for(case.check(Harness(driver, environment.box, mode)), SECONDS)

    try:
        environment.runner.run(check())
    except Exception as error:
        stated = " ".join(f"{type(error).__name__}: {error}".split())[:150]
        print(f"{driver.name}: {case.title} ({mode}): {stated}", file=sys.stderr)
        return False
    return True


def table(columns: Sequence[Driver], environment: Environment) -> str:
    """Run everything and render the table, with date and versions."""
    rows = [
        [case.title, *(outcome(driver, case, environment) for driver in columns)] for case in CASES
    ]
    head = ["", *(driver.name for driver in columns)]
    parts = [dated(columns), markdown(head, rows), NOTE, missing(columns)]
    return "\n\n".join(filter(None, parts))


def missing(columns: Sequence[Driver]) -> str:
    """Return the reasons of n/a in our columns."""
    unsupported = [
        (driver, title) for driver in columns if driver.ours for title in driver.unsupported
    ]
    if not unsupported:
        return ""
    lines = sorted(
        f"* {driver.name}, {title}: {driver.unsupported[title]}" for driver, title in unsupported
    )
    return "\n".join(["n/a:", "", *lines])


def main() -> None:
    """Write the table."""
    from llmaas_sandbox import Sandbox

    warnings.simplefilter("ignore")
    columns = list(drivers())
    with Sandbox() as box, asyncio.Runner() as runner:
        os.environ.update(LLMAAS_BASE_URL=box.base_url, LLMAAS_API_KEY=box.api_key)
        put("contract", "tools/contract_table.py", table(columns, Environment(box, runner)))


if __name__ == "__main__":
    main()

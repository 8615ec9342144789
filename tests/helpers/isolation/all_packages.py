"""Main uses of every package in one process, and their attempts to leave this machine.

    python -m tests.helpers.isolation.all_packages REPORT

Runs the demo of every framework (embed, rank, chat) on the embedded sandbox, then asks every
adapter for an answer, a tool call and a stream, and writes the results to REPORT.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from tests.helpers.isolation import network

network.forbid(silent=True)


def demos() -> dict[str, Any]:
    """Return what each framework's demo says, its error included."""
    from llmaas_cli.commands import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main(["demo", "--json"])
    return {result["framework"]: result for result in json.loads(out.getvalue())["results"]}


async def answers() -> dict[str, str]:
    """Return what each adapter answers, in each way it can be asked."""
    from llmaas_sandbox import Sandbox
    from tests.helpers.contract.driver import WEATHER, Harness, drivers

    said: dict[str, str] = {}
    with Sandbox() as box:
        for driver in drivers():
            for mode in driver.modes if driver.ours else ():
                harness = Harness(driver, box, mode)
                text = (await harness.ask(text='Say "Oui"')).text
                called = await harness.ask(text="Weather in Paris?", tools=[WEATHER])
                said[f"{driver.name} {mode}"] = f"{text} {called.calls[0][0]}"
    return said


def main(report: str) -> None:
    """Do all of it, wait for what is sent in the background, and write the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told: dict[str, Any] = {"demos": demos(), "answers": asyncio.run(answers())}
    import time

    time.sleep(2)  # for senders in background threads
    Path(report).write_text(json.dumps({**told, "attempts": network.attempts}))


if __name__ == "__main__":
    main(sys.argv[1])

"""A thousand streams at once for ten minutes, some of them struck by faults; none may be wrong.

    python tests/load [--streams N] [--seconds S] [--threads N] [--thread-seconds S] [--write]

A sandbox in a process of its own answers at a reading pace. Every answer is compared with what
it says to the same question without a fault, asked beforehand without our client. Then the same
by threads. ``--write`` keeps the figures in tests/README.md. Ends with 1 when an answer was
wrong, an error came where no fault was, or something was left over.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from resource_monitor import Gauge, files, threads
from results import Tally
from runners import SETTLING, Plan, awaited, threaded
from workload import all_asked

KEY = "sk-sandbox"
MOST_GROWTH = 1.0
"""Megabytes a minute that count as flat: the noise of an allocator under load."""
LONG_ENOUGH = 120.0
"""Seconds from which on growth tells something."""


@dataclass
class Figures:
    """What one run showed."""

    kind: str
    at_once: int
    seconds: float
    streams: int
    events: int
    struck: int
    right: int
    errors: dict[str, int]
    wrong: int
    half_within: float
    most_within: float
    memory: tuple[float, float]
    slope: float
    left: dict[str, int]

    @property
    def is_good(self) -> bool:
        """Whether nothing was wrong and nothing is left."""
        grows = self.seconds >= LONG_ENOUGH and self.slope > MOST_GROWTH
        return not self.wrong and not any(self.left.values()) and not grows


def main() -> int:
    """Run, print, and keep the figures if asked to."""
    given = arguments()
    os.nice(5)  # others may be at work here
    with served(pace=0) as url:
        asked = all_asked(url, KEY)
    with served(given.pace) as url:

        def plan(streams: int, seconds: float) -> Plan:
            told = (given.faults, given.seed, given.timeout, not given.no_silence)
            return Plan(url, KEY, asked, streams, seconds, *told)

        runs = [measured("asyncio", plan(given.streams, given.seconds))]
        if given.threads:
            runs.append(measured("threads", plan(given.threads, given.thread_seconds)))
    print(json.dumps([asdict(run) for run in runs], indent=1) if given.json else told(runs))
    if given.write:
        keep(told(runs), given)
    return 0 if all(run.is_good for run in runs) else 1


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=1000, help="at once, by asyncio")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--threads", type=int, default=64, help="streams at once, by threads")
    parser.add_argument("--thread-seconds", type=float, default=60.0)
    parser.add_argument("--faults", type=float, default=0.05, help="share of requests struck")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--pace", type=float, default=3.0, help="chunks a second of a stream")
    parser.add_argument("--timeout", type=float, default=60.0, help="longest silence, seconds")
    parser.add_argument("--no-silence", action="store_true", help="no fault that takes a timeout")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="keep the figures in the README")
    return parser.parse_args()


@contextmanager
def served(pace: float) -> Iterator[str]:
    """Run a sandbox in a process of its own and give its address."""
    command = [sys.executable, "-m", "llmaas_sandbox", "--port", "0", "--key", KEY]
    command += ["--tokens-per-second", str(pace)]
    quiet = subprocess.DEVNULL  # asyncio's complaints about callers that hung up
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True)
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline().split(":")[2].split("/")[0])
        wait_for(port)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(300):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the sandbox did not start")


def measured(kind: str, plan: Plan) -> Figures:
    """Run a plan and look at what it took and left."""
    before, began = (files(), threads()), time.monotonic()
    with Gauge() as gauge:
        if kind == "asyncio":
            tally, tasks = asyncio.run(awaited(plan))
        else:
            tally, tasks = threaded(plan), 0
    seconds = time.monotonic() - began
    gc.collect()
    until = time.monotonic() + SETTLING
    while (files() > before[0] or threads() > before[1]) and time.monotonic() < until:
        time.sleep(0.05)
    left = {
        "files": max(0, files() - before[0]),
        "threads": max(0, threads() - before[1]),
        "tasks": tasks,
    }
    return figures(kind, plan, tally, gauge, seconds, left)


def figures(
    kind: str, plan: Plan, tally: Tally, gauge: Gauge, seconds: float, left: dict[str, int]
) -> Figures:
    """Put together what one run showed."""
    samples = gauge.steady or [(0.0, 0.0)]
    return Figures(
        kind=kind,
        at_once=plan.streams,
        seconds=seconds,
        streams=tally.streams,
        events=tally.events,
        struck=tally.struck,
        right=tally.right,
        errors=dict(tally.errors.most_common()),
        wrong=tally.wrong,
        half_within=tally.longest_of(0.5),
        most_within=tally.longest_of(0.99),
        memory=(samples[0][1], samples[-1][1]),
        slope=gauge.slope,
        left=left,
    )


def told(runs: list[Figures]) -> str:
    """Return the figures as a table."""
    rows: list[tuple[str, list[Any]]] = [
        ("at once", [run.at_once for run in runs]),
        ("seconds", [f"{run.seconds:.0f}" for run in runs]),
        ("streams", [f"{run.streams:,}" for run in runs]),
        ("events read", [f"{run.events:,}" for run in runs]),
        ("half, 99 % of the streams within", [spans(run) for run in runs]),
        ("struck by a fault", [f"{run.struck:,}" for run in runs]),
        ("right answers", [f"{run.right:,}" for run in runs]),
        ("typed errors, all where a fault was", [f"{sum(run.errors.values()):,}" for run in runs]),
        ("**wrong, short or unexplained**", [f"**{run.wrong}**" for run in runs]),
        ("memory after a third, at the end", [memory_of(run) for run in runs]),
        ("growth a minute in between", [f"{run.slope:+.2f} MB" for run in runs]),
        ("files, threads, tasks left over", [left_of(run) for run in runs]),
    ]
    lines = [["", *(run.kind for run in runs)], ["---"] * (len(runs) + 1)]
    lines += [[name, *map(str, values)] for name, values in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spans(run: Figures) -> str:
    """Return how long streams took."""
    return f"{run.half_within:.1f} s, {run.most_within:.1f} s"


def memory_of(run: Figures) -> str:
    """Return the memory at two moments."""
    return f"{run.memory[0]:.1f} MB, {run.memory[1]:.1f} MB"


def left_of(run: Figures) -> str:
    """Return what was left over."""
    return ", ".join(str(number) for number in run.left.values())


def keep(table: str, given: argparse.Namespace) -> None:
    """Write the figures into tests/README.md."""
    sys.path.append(str(Path(__file__).parents[2]))
    from tools.tables import dated, put

    said = (
        f"{dated([])} `--streams {given.streams} --seconds {given.seconds:g} --threads"
        f" {given.threads} --thread-seconds {given.thread_seconds:g} --faults {given.faults:g}"
        f" --seed {given.seed} --pace {given.pace:g}`, on processors that others used as well."
    )
    put("load", "python tests/load --write", f"{said}\n\n{table}")


if __name__ == "__main__":
    sys.exit(main())

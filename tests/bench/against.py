"""Comparison of this checkout with another one, in alternating rounds.

Beside the medians stand the best rounds: other work on the machine only ever makes a round worse.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from client import Client
from session import request_work, start_server, start_worker
from workloads import WORKS, Cost, Work

HEAD = """\
| client | work | before | after | after / before | of the best rounds |
|---|---|---:|---:|---:|---:|"""


def lines(
    clients: Sequence[type[Client]], names: Sequence[str], root: Path, rounds: int, scale: float
) -> Iterator[str]:
    """Yield the lines of a Markdown table, each as soon as it is known."""
    yield HEAD
    with start_server() as url:
        for client in clients:
            with ExitStack() as stack:
                before = stack.enter_context(start_worker(client, url, root))
                after = stack.enter_context(start_worker(client, url))
                for work in WORKS:
                    if work.name in names and client.can(work.method):
                        times = max(1, round(work.times * scale))
                        turns = [
                            figures(client, work, (before, after), times) for _ in range(rounds + 1)
                        ]
                        yield line(client, work, turns[1:])  # the first turn warms up


def figures(
    client: type[Client], work: Work, workers: Sequence[subprocess.Popen[str]], times: int
) -> list[float]:
    """Return the figures of one turn."""
    return [
        work.figure(Cost(**request_work(each, client.name, work.name, times))) for each in workers
    ]


def line(client: type[Client], work: Work, turns: Sequence[Sequence[float]]) -> str:
    """Return the line of one work."""
    best = max if work.more_is_better else min
    before, after = zip(*turns, strict=True)
    cells = [
        client.name,
        f"{work.name}, {work.unit}",
        format_value(median(before)),
        format_value(median(after)),
    ]
    ratios = [median(after) / median(before), best(after) / best(before)]
    return "| " + " | ".join([*cells, *(f"{ratio:.2f}" for ratio in ratios)]) + " |"


def format_value(value: float) -> str:
    """Return a figure as it is printed."""
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"

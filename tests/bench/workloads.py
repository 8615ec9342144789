"""Workloads: each repeats one operation and returns its cost and units."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client import Client
from stub import CHUNKS, PIECE, SHORT_CHUNKS, TEXT, VECTORS

QUESTION = [{"role": "user", "content": "What does the handbook say about packages? " * 3}]
TEXTS = [f"Sentence number {number} of a document of some length." for number in range(VECTORS)]
CONCURRENT_CALLS = 500
SPEAKERS = ("user", "assistant")


@dataclass(frozen=True)
class Cost:
    """What some work has cost: processor and clock seconds, for how many units."""

    cpu: float
    wall: float
    units: int


@dataclass(frozen=True)
class Work:
    """One kind of work. ``times`` is how often a round does it, ``unit`` what its figure means."""

    name: str
    method: str
    run: Callable[[Client, asyncio.Runner, Any, int], int]
    times: int
    unit: str = "µs"
    length: int = 0
    """The number of messages in the conversation; 0 is one question."""

    def figure(self, cost: Cost) -> float:
        """Return the figure to print, from what a round has cost."""
        if self.unit == "requests/s":
            return cost.units / cost.wall
        return cost.cpu / cost.units * (1e3 if self.unit == "ms" else 1e6)

    @property
    def more_is_better(self) -> bool:
        """Whether a higher figure is the better one."""
        return self.unit == "requests/s"


def history(length: int) -> list[dict[str, str]]:
    """Return a conversation of so many messages."""
    words = "A turn of a conversation about packages, repositories and their keys. " * 4
    return [{"role": SPEAKERS[n % 2], "content": f"{n}: {words}"} for n in range(length)]


def ask(client: Client, _runner: asyncio.Runner, messages: Any, times: int) -> int:
    """Ask, one call after the other."""
    for _ in range(times):
        check_equal(client.call(messages, "granite"), TEXT)
    return times


def ask_async(client: Client, runner: asyncio.Runner, messages: Any, times: int) -> int:
    """Ask asynchronously, one call after the other."""

    async def calls() -> None:
        for _ in range(times):
            check_equal(await client.acall(messages, "granite"), TEXT)

    runner.run(calls())
    return times


def read_streams(client: Client, _runner: asyncio.Runner, messages: Any, times: int) -> int:
    """Read long streams; units are their chunks."""
    for _ in range(times):
        check_equal(client.stream(messages, "granite"), PIECE * CHUNKS)
    return times * CHUNKS


def read_streams_async(client: Client, runner: asyncio.Runner, messages: Any, times: int) -> int:
    """Read long streams asynchronously; units are their chunks."""

    async def streams() -> None:
        for _ in range(times):
            check_equal(await client.astream(messages, "granite"), PIECE * CHUNKS)

    runner.run(streams())
    return times * CHUNKS


def run_concurrently(client: Client, runner: asyncio.Runner, messages: Any, times: int) -> int:
    """Keep 500 calls in flight; each is answered after 50 ms."""

    async def call_queued(queue: list[int]) -> None:
        while queue:
            queue.pop()
            check_equal(await client.acall(messages, "slow"), TEXT)

    async def call_all() -> None:
        queue = list(range(times))
        await asyncio.gather(*[call_queued(queue) for _ in range(min(CONCURRENT_CALLS, times))])

    runner.run(call_all())
    return times


def embedding(encoding: str) -> Callable[[Client, asyncio.Runner, Any, int], int]:
    """Return the work of embedding 256 texts at once."""

    def work(client: Client, _runner: asyncio.Runner, _messages: Any, times: int) -> int:
        for _ in range(times):
            check_equal(client.embed(TEXTS, encoding), VECTORS)
        return times

    return work


def measure_memory_growth(client: Client, runner: asyncio.Runner, times: int) -> float:
    """Return by how many KB the process grew over many short streams, after a tenth of them."""
    messages = client.prepare(QUESTION)

    async def streams(count: int) -> None:
        for _ in range(count):
            check_equal(await client.astream(messages, "short"), PIECE * SHORT_CHUNKS)

    runner.run(streams(times // 10))
    before = resident_kb()
    runner.run(streams(times - times // 10))
    return resident_kb() - before


def resident_kb() -> float:
    """Return the memory of this process: now on Linux, elsewhere the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() / 1024


def check_equal(actual: object, expected: object) -> None:
    """Refuse to measure wrong work."""
    if actual != expected:
        raise AssertionError(f"got {str(actual)[:60]!r} instead of {str(expected)[:60]!r}")


def measure_work(work: Work, client: Client, runner: asyncio.Runner, times: int) -> Cost:
    """Do the work and return what it cost, without the conversion of the conversation."""
    messages = client.prepare(history(work.length) if work.length else QUESTION)
    cpu, wall = time.process_time(), time.perf_counter()
    units = work.run(client, runner, messages, times)
    return Cost(time.process_time() - cpu, time.perf_counter() - wall, units)


WORKS = [
    Work("call", "call", ask, 100),
    Work("call, async", "acall", ask_async, 100),
    Work("chunk", "stream", read_streams, 2),
    Work("chunk, async", "astream", read_streams_async, 2),
    Work("101 messages", "call", ask, 10, length=101),
    Work("101 messages, async", "acall", ask_async, 10, length=101),
    Work("401 messages", "call", ask, 4, length=401),
    Work("401 messages, async", "acall", ask_async, 4, length=401),
    Work("embed, floats", "embed", embedding("float"), 3, "ms"),
    Work("embed, base64", "embed", embedding("base64"), 3, "ms"),
    Work("500 in flight", "acall", run_concurrently, 2500, "requests/s"),
]

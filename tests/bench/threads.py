"""Calls of one client by many threads: ours and the openai SDK's, side by side.

    python tests/bench/threads.py [--rounds N]

Each call is answered after 50 ms. Prints the processor time per call and the calls per second of
the best round.
"""

from __future__ import annotations

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor

from client import Client
from drivers.core import LLMaaS
from drivers.openai_sdk import OpenAI
from session import start_server
from workloads import TEXT, Cost, Work, check_equal, measure_work

THREADS = (1, 32, 200)
CALLS_PER_THREAD = 10


def main() -> None:
    """Measure all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(
        "| client | threads | CPU per call, µs | calls per second |\n| --- | ---: | ---: | ---: |"
    )
    with start_server() as url:
        clients = [LLMaaS(url), OpenAI(url)]
        for threads in THREADS:
            for client in clients:
                cpu, rate = best_of(client, threads, rounds)
                print(f"| {client.name} | {threads} | {cpu:,.0f} | {rate:,.0f} |", flush=True)


def best_of(client: Client, threads: int, rounds: int) -> tuple[float, float]:
    """Return the lowest processor time per call in µs, and the highest calls per second."""
    with ThreadPoolExecutor(threads) as pool, asyncio.Runner() as runner:

        def call_all(client: Client, _runner: asyncio.Runner, messages: object, times: int) -> int:
            for text in pool.map(lambda _: client.call(messages, "slow"), range(times)):
                check_equal(text, TEXT)
            return times

        work = Work("threads", "call", call_all, threads * CALLS_PER_THREAD)
        costs: list[Cost] = [
            measure_work(work, client, runner, work.times) for _ in range(rounds + 1)
        ][1:]  # the first opens the connections
    return (
        min(work.figure(cost) for cost in costs),
        max(cost.units / cost.wall for cost in costs),
    )


if __name__ == "__main__":
    main()

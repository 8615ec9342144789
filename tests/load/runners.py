"""Runners that keep many streams open, with asyncio or threads."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fault_schedule import Strike, strike
from results import Hearing, Tally, of_answer, of_error
from workload import Asked

from llmaas import AsyncLLMaaS, LLMaaS

SETTLING = 10.0
"""Seconds until what is under way must be gone."""


@dataclass(frozen=True)
class Plan:
    """Options of a run."""

    base_url: str
    api_key: str
    asked: Sequence[Asked]
    streams: int
    """How many at once."""
    seconds: float
    share: float
    """How many requests of a hundred are struck, as a fraction."""
    seed: int
    timeout: float
    silence: bool = True

    def client_options(self) -> dict[str, Any]:
        """Return the arguments of a client."""
        address = {"base_url": self.base_url, "api_key": self.api_key}
        return {**address, "timeout": self.timeout, "deadline": 2 * self.timeout}

    def request(self, number: int) -> tuple[Asked, Strike, dict[str, Any]]:
        """Return a question, what strikes it, and the request; no two bodies are the same."""
        asked = self.asked[number % len(self.asked)]
        struck = strike(self.seed, number, self.share, silence=self.silence)
        headers = {"x-sandbox-fault": struck.fault} if struck.fault else {}
        told = {**asked.options, "max_tokens": 4096, "user": f"load-{number}"}
        return asked, struck, {**told, "extra_headers": headers}


async def awaited(plan: Plan) -> tuple[Tally, int]:
    """Run tasks; return what came, and how many tasks were left afterwards."""
    tally, numbers = Tally(), itertools.count()
    until = time.monotonic() + plan.seconds
    async with AsyncLLMaaS(**plan.client_options()) as client:

        async def caller() -> None:
            while time.monotonic() < until:
                await one(client, plan, next(numbers), tally)

        await asyncio.gather(*(caller() for _ in range(plan.streams)))
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others, timeout=SETTLING)
    return tally, len(asyncio.all_tasks()) - 1


async def one(client: AsyncLLMaaS, plan: Plan, number: int, tally: Tally) -> None:
    """Ask once and judge."""
    asked, struck, request = plan.request(number)
    heard, began = Hearing(), time.monotonic()
    try:
        async with await client.stream(**request) as stream:
            async for event in stream:
                heard.take(event)
        verdict = of_answer(heard, asked.said)
    except Exception as error:
        verdict = of_error(error, asked.said, struck)
    tally.events += heard.events
    tally.ended(struck, time.monotonic() - began, verdict)


def threaded(plan: Plan) -> Tally:
    """Run threads on one client; return what came."""
    tally, numbers = Tally(), itertools.count()
    until = time.monotonic() + plan.seconds
    with LLMaaS(**plan.client_options()) as client:

        def caller() -> None:
            while time.monotonic() < until:
                one_here(client, plan, next(numbers), tally)

        threads = [threading.Thread(target=caller) for _ in range(plan.streams)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return tally


def one_here(client: LLMaaS, plan: Plan, number: int, tally: Tally) -> None:
    """Ask once in this thread and judge."""
    asked, struck, request = plan.request(number)
    heard, began = Hearing(), time.monotonic()
    try:
        with client.stream(**request) as stream:
            for event in stream:
                heard.take(event)
        verdict = of_answer(heard, asked.said)
    except Exception as error:
        verdict = of_error(error, asked.said, struck)
    with tally.lock:
        tally.events += heard.events
    tally.ended(struck, time.monotonic() - began, verdict)

"""Blocks hold in the threads that they start, and in no others."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import LLMaaS
from llmaas.hooks import REGISTRY
from llmaas.quota import Budget
from llmaas.usage_log import UsageLog, report, tagged

MODEL = "llama3.3:70b"


def ask(*_: Any) -> Any:
    return LLMaaS().chat('Say "Oui"', model=MODEL, max_tokens=50)


def in_threads() -> None:
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_own_threads() -> None:
    class Own(threading.Thread):
        def run(self) -> None:
            ask()

    threads = [Own() for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_a_pool() -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, range(4)))


def in_a_pool_that_was_there() -> None:
    list(POOL.map(ask, range(4)))


def in_an_executor() -> None:
    async def go() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(POOL, ask) for _ in range(4)))

    asyncio.run(go())


def in_a_timer_of_a_thread() -> None:
    def outer() -> None:
        timers = [threading.Timer(0.01, ask) for _ in range(4)]
        for timer in timers:
            timer.start()
        for timer in timers:
            timer.join()

    thread = threading.Thread(target=outer)
    thread.start()
    thread.join()


POOL = ThreadPoolExecutor(2)
list(POOL.map(int, "12"))  # its threads are older than every block
WAYS = [
    in_threads,
    in_own_threads,
    in_a_pool,
    in_a_pool_that_was_there,
    in_an_executor,
    in_a_timer_of_a_thread,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_budget_counts_what_its_threads_cost(sandbox: Any, way: Callable[[], None]) -> None:
    cost = ask().cost
    with LLMaaS().budget(1) as budget:
        way()
    assert budget.spent == pytest.approx(4 * cost)
    way()
    assert budget.spent == pytest.approx(4 * cost)  # it is over


def test_a_budget_refuses_calls_of_its_threads(sandbox: Any) -> None:
    with LLMaaS().budget(0.000_000_5), ThreadPoolExecutor(2) as pool:
        failed = [pool.submit(ask).exception() for _ in range(4)]
    assert [type(error) for error in failed] == [llmaas.BudgetExceededError] * 4
    assert not list(sandbox.requests)


def test_threads_of_others_do_not_pay(sandbox: Any) -> None:
    """Two requests of a web application, at once: each in its thread, one with a budget."""
    enter, leave = threading.Event(), threading.Event()

    def other() -> None:
        enter.wait(10)
        ask()
        in_a_pool_that_was_there()
        leave.set()

    thread = threading.Thread(target=other)
    thread.start()
    with Budget(1) as budget:
        enter.set()
        assert leave.wait(30)
    thread.join()
    assert budget.spent == 0


def test_a_thread_of_a_pool_belongs_to_no_block(sandbox: Any) -> None:
    """A pool whose thread was started in a block, and that works for others meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        with Budget(1) as budget:
            pool.submit(int).result()
            outside = contextvars.Context()
            seen = outside.run(lambda: pool.submit(REGISTRY.block_hooks)).result()
            assert seen == ()
            assert pool.submit(REGISTRY.block_hooks).result() == (budget,)
        assert pool.submit(REGISTRY.block_hooks).result() == ()


def test_only_our_own_variables_are_handed_on() -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("other", default=0)
    seen: list[int] = []
    with Budget(1):
        variable.set(7)
        thread = threading.Thread(target=lambda: seen.append(variable.get()))
        thread.start()
        thread.join()
    variable.set(0)
    assert seen == [0]


def test_a_thread_that_ended_is_collected() -> None:
    with Budget(1):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        kept = weakref.ref(thread)
        del thread
        gc.collect()
    assert kept() is None


def test_a_tag_holds_in_threads(sandbox: Any, tmp_path: Path) -> None:
    log = tmp_path / "usage"
    client = LLMaaS(hooks=[UsageLog(log)])
    with tagged("project"), ThreadPoolExecutor(1) as pool:
        pool.submit(client.chat, "?", model=MODEL).result()
    assert [row.group for row in report(log, "tag")] == ["project"]

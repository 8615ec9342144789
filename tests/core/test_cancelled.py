"""A task that is cancelled while a ledger works: nothing stays reserved, nothing is forgotten."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llmaas import AsyncLLMaaS
from llmaas.quota import Budget, Limit, MemoryLedger, Quota, RedisLedger, SQLiteLedger
from waiting import eventually, soon

MODEL = "llama3.3:70b"
LIMITS = [Limit(1_000, 3600)]


class Slow:
    """A ledger that needs a moment for what it does, as one over a network may."""

    def __init__(self, ledger: Any, take: float = 0.0, settle: float = 0.0) -> None:
        self._ledger, self._take, self._settle = ledger, take, settle
        self.used = ledger.used
        self.taking = threading.Event()

    def take(self, *args: Any) -> Any:
        self.taking.set()
        taken = self._ledger.take(*args)
        time.sleep(self._take)
        return taken

    def settle(self, *args: Any) -> None:
        time.sleep(self._settle)
        self._ledger.settle(*args)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "redis":
        made = RedisLedger(request.getfixturevalue("redis_url"), prefix=str(tmp_path))
        yield made
        made.close()
    else:
        yield MemoryLedger() if request.param == "memory" else SQLiteLedger(tmp_path / "l.db")


async def cancelled(work: Any, when: Any, times: int = 1) -> None:
    """Start a call, cancel it once something holds, and wait until it has ended."""
    task = asyncio.ensure_future(work)
    await soon(when)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.02)
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("times", [1, 3])
def test_cancelled_while_the_ledger_takes(sandbox: Any, ledger: Any, times: int) -> None:
    slow = Slow(ledger, take=0.2)
    quota = Quota(limits=LIMITS, ledger=slow)
    client = AsyncLLMaaS(watchers=[quota])
    call = client.chat("?", model=MODEL, max_tokens=500)
    asyncio.run(cancelled(call, slow.taking.is_set, times))
    assert quota.used()[3600] == 0
    assert not list(sandbox.requests)


def test_cancelled_while_a_file_is_locked_by_another(sandbox: Any, tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    slow = Slow(SQLiteLedger(path))
    budget = Budget(1, ledger=slow)
    client = AsyncLLMaaS(watchers=[budget])
    with writing(path):
        asyncio.run(cancelled(client.chat("?", model=MODEL), slow.taking.is_set))
    assert budget.spent == 0


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the file's write lock, as another process may, for a third of a second."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, other.execute, ["COMMIT"])
    timer.start()
    yield
    timer.join()
    other.close()


def test_a_settlement_that_waits_for_a_thread_is_not_dropped(sandbox: Any, ledger: Any) -> None:
    quota = Quota(limits=LIMITS, ledger=ledger)
    client = AsyncLLMaaS(watchers=[quota])
    sandbox.script([{"content": "Oui.", "delay": 0.3}])

    async def go() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        task = asyncio.ensure_future(client.chat("?", model=MODEL, max_tokens=500))
        await soon(lambda: list(sandbox.requests))  # taken and sent; it is answered later
        busy = loop.run_in_executor(None, time.sleep, 1.0)
        await asyncio.sleep(0.7)  # answered; the settlement stands in line behind the sleeper
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await busy

    asyncio.run(go())
    assert 0 < quota.used()[3600] < 50  # what the answer really used, not what was reserved


def test_cancelled_during_the_call_itself(sandbox: Any, ledger: Any) -> None:
    budget = Budget(1, ledger=Slow(ledger, settle=0.1))
    client = AsyncLLMaaS(watchers=[budget])
    sandbox.script([{"content": "Oui.", "delay": 5}])
    asyncio.run(cancelled(client.chat("?", model=MODEL), lambda: list(sandbox.requests), times=2))
    assert budget.spent == 0


def test_a_call_that_is_closed_with_its_loop_gives_back(sandbox: Any, ledger: Any) -> None:
    budget = Budget(1, ledger=ledger)
    client = AsyncLLMaaS(watchers=[budget])
    sandbox.script([{"content": "Oui.", "delay": 5}])
    call = client.chat("?", model=MODEL)

    async def begin() -> None:
        task = asyncio.ensure_future(call)
        await asyncio.sleep(0.3)
        assert budget.spent > 0
        task.cancel()

    asyncio.run(begin())
    assert budget.spent == 0


class Silent:
    """A transport that never answers."""

    async def send(self, request: Any) -> Any:
        await asyncio.sleep(3600)


def test_a_call_whose_loop_is_gone_still_gives_back(sandbox: Any, ledger: Any) -> None:
    budget = Budget(1, ledger=ledger)
    client = AsyncLLMaaS(watchers=[budget], transport=Silent())
    call = client.chat("?", model=MODEL)
    loop = asyncio.new_event_loop()
    task = loop.create_task(call)
    loop.run_until_complete(asyncio.sleep(0.2))
    assert budget.spent > 0
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    loop.set_exception_handler(lambda *_: None)  # a task that nobody waits for: told to nobody
    call.close()
    assert not task.done()
    eventually(lambda: budget.spent == 0)


def test_a_timeout_around_a_call_works_as_ever(sandbox: Any, ledger: Any) -> None:
    quota = Quota(limits=LIMITS, ledger=Slow(ledger, take=0.3))
    client = AsyncLLMaaS(watchers=[quota])

    async def go() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.chat("?", model=MODEL, max_tokens=500)
        assert (await client.chat('Say "Oui"', model=MODEL, max_tokens=500)).text == "Oui"

    asyncio.run(go())

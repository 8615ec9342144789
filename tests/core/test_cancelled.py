"""A task that is cancelled while a ledger works: nothing stays reserved, nothing is forgotten."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llmaas import AsyncLLMaaS
from llmaas.guard import GUARDIAN, Guard
from llmaas.quota import Budget, Limit, MemoryLedger, Quota, RedisLedger, SQLiteLedger
from tests.helpers.waiting import eventually, soon

MODEL = "llama3.3:70b"
LIMITS = [Limit(1_000, 3600)]


class Slow:
    """A ledger that needs a moment for what it does, as one over a network may.

    With ``is_held`` it takes until ``let_go`` is set.
    """

    def __init__(self, ledger: Any, *, is_held: bool = False, settle: float = 0.0) -> None:
        self._ledger, self._settle = ledger, settle
        self.used = ledger.used
        self.taking, self.let_go = threading.Event(), threading.Event()
        self.settling = threading.Event()
        if not is_held:
            self.let_go.set()

    def reserve(self, *args: Any) -> Any:
        self.taking.set()
        taken = self._ledger.reserve(*args)
        assert self.let_go.wait(20)
        return taken

    def settle(self, *args: Any) -> None:
        self.settling.set()
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


async def cancelled(
    work: Any, when: Any, times: int = 1, then: Callable[[], object] = lambda: None
) -> None:
    """Start a call, cancel it once something holds, do what comes then, and wait for its end."""
    task = asyncio.ensure_future(work)
    await soon(when)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.02)
    then()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("times", [1, 3])
def test_cancelled_while_the_ledger_takes(sandbox: Any, ledger: Any, times: int) -> None:
    slow = Slow(ledger, is_held=True)
    quota = Quota(limits=LIMITS, ledger=slow)
    client = AsyncLLMaaS(hooks=[quota])
    call = client.chat("?", model=MODEL, max_tokens=500)
    asyncio.run(cancelled(call, slow.taking.is_set, times, slow.let_go.set))
    eventually(lambda: quota.used()[3600] == 0)
    assert not list(sandbox.requests)


def test_cancelled_while_a_file_is_locked_by_another(sandbox: Any, tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    slow = Slow(SQLiteLedger(path))
    budget = Budget(1, ledger=slow)
    client = AsyncLLMaaS(hooks=[budget])
    with writing(path) as commit:
        call = client.chat("?", model=MODEL)
        asyncio.run(cancelled(call, slow.taking.is_set, then=commit))
    eventually(lambda: budget.spent == 0)


@contextmanager
def writing(path: Path) -> Iterator[Callable[[], object]]:
    """Hold the file's write lock, as another process may, until it is told to commit."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield lambda: other.execute("COMMIT")
    other.close()


def test_a_settlement_is_not_dropped_when_its_call_is_cancelled(sandbox: Any, ledger: Any) -> None:
    slow = Slow(ledger, settle=0.2)
    quota = Quota(limits=LIMITS, ledger=slow)
    client = AsyncLLMaaS(hooks=[quota])
    call = client.chat('Say "Oui"', model=MODEL, max_tokens=500)
    asyncio.run(cancelled(call, slow.settling.is_set))
    eventually(lambda: 0 < quota.used()[3600] < 50)  # what the answer really used


def test_cancelled_during_the_call_itself(sandbox: Any, ledger: Any) -> None:
    budget = Budget(1, ledger=Slow(ledger, settle=0.1))
    client = AsyncLLMaaS(hooks=[budget])
    sandbox.script([{"content": "Oui.", "delay": 5}])
    call = client.chat("?", model=MODEL, max_tokens=1_000)
    asyncio.run(cancelled(call, lambda: list(sandbox.requests), times=2))
    assert budget.spent > 0.008  # what it cost is unknown: the reservation stays


def test_a_call_that_is_closed_with_its_loop_is_settled(sandbox: Any, ledger: Any) -> None:
    budget = Budget(1, ledger=ledger)
    client = AsyncLLMaaS(hooks=[budget])
    sandbox.script([{"content": "Oui.", "delay": 5}])
    call = client.chat("?", model=MODEL)

    async def begin() -> None:
        task = asyncio.ensure_future(call)
        await soon(lambda: list(sandbox.requests))
        assert budget.spent > 0
        task.cancel()

    asyncio.run(begin())
    assert budget.spent > 0  # the service may have billed it
    refused = ledger.reserve(budget.account, 10_000_000, [budget.limit])
    assert not refused.in_flight  # nothing is reserved any more


class Silent:
    """A transport that never answers."""

    is_asked = False

    async def send(self, request: Any) -> Any:
        self.is_asked = True
        await asyncio.sleep(3600)


def test_a_call_whose_loop_is_gone_still_gives_back(sandbox: Any, ledger: Any) -> None:
    quota = Quota(limits=LIMITS, ledger=ledger)
    silent = Silent()
    client = AsyncLLMaaS(hooks=[quota], transport=silent)
    call = client.chat("?", model=MODEL, max_tokens=500)
    loop = asyncio.new_event_loop()
    task = loop.create_task(call)
    loop.run_until_complete(soon(lambda: silent.is_asked))
    assert quota.used()[3600] > 0
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    loop.set_exception_handler(lambda *_: None)  # a task that nobody waits for: told to nobody
    call.close()
    assert not task.done()
    eventually(lambda: quota.used()[3600] == 0)


def test_a_timeout_around_a_call_works_as_ever(sandbox: Any, ledger: Any) -> None:
    slow = Slow(ledger, is_held=True)
    quota = Quota(limits=LIMITS, ledger=slow)
    client = AsyncLLMaaS(hooks=[quota])

    async def go() -> None:
        asyncio.get_running_loop().call_later(0.3, slow.let_go.set)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.chat("?", model=MODEL, max_tokens=500)
        assert (await client.chat('Say "Oui"', model=MODEL, max_tokens=500)).text == "Oui"

    asyncio.run(go())


def test_cancelled_while_an_answer_is_judged(sandbox: Any, ledger: Any) -> None:
    budget, quota = Budget(1, ledger=ledger), Quota(limits=LIMITS)
    guard = Guard(guardian=GUARDIAN, check_answers=True)
    client = AsyncLLMaaS(hooks=[budget, quota, guard])
    sandbox.script([{"content": "no"}, {"content": "Oui."}, {"content": "no", "delay": 20}])
    call = client.chat("?", model=MODEL, max_tokens=100)
    asyncio.run(cancelled(call, lambda: len(sandbox.requests) == 3))
    assert quota.used()[3600] < 50  # what two answers took, and nothing that was reserved
    # The answer's own cost, and what the guardian's may have been.
    assert 0 < budget.spent < 0.01


@pytest.mark.parametrize("hook", [Budget, Quota])
def test_cancelled_while_a_ledger_refuses(sandbox: Any, hook: Any) -> None:
    """Who waits for a quota and tries again would otherwise never hear of it."""
    slow = Slow(MemoryLedger(), is_held=True)
    options = {"eur": 0.0} if hook is Budget else {"limits": LIMITS, "wait": False}
    slow.let_go.set()
    slow.reserve("tokens:default", 900, LIMITS)
    slow.taking.clear()
    slow.let_go.clear()
    client = AsyncLLMaaS(hooks=[hook(ledger=slow, **options)])
    call = client.chat("?", model=MODEL, max_tokens=500)
    asyncio.run(cancelled(call, slow.taking.is_set, then=slow.let_go.set))
    assert not list(sandbox.requests)

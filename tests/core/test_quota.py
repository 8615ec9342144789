"""Quotas and budgets: never over a limit, nothing lost, whoever shares them."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.hooks import CallInfo
from llmaas.ops.effects import Wait
from llmaas.quota import (
    TIERS,
    Budget,
    Limit,
    MemoryLedger,
    Quota,
    RedisLedger,
    SQLiteLedger,
    highest_cost_micro_eur,
)
from llmaas.quota.ledger import Denied, Reservation
from llmaas.settings import Settings
from tests.helpers import redis_worker
from tests.helpers.waiting import soon

MODEL = "llama3.3:70b"


@pytest.fixture(params=["memory", "sqlite", "redis"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "redis":
        made = RedisLedger(request.getfixturevalue("redis_url"), prefix=str(tmp_path))
        yield made
        made.close()
    else:
        yield MemoryLedger() if request.param == "memory" else SQLiteLedger(tmp_path / "l.db")


def test_tiers_match_documentation() -> None:
    assert [TIERS[n].tokens_per_hour for n in (1, 2, 3, 4)] == [150_000, 300_000, 450_000, 600_000]
    assert all(tier.tokens_per_day == 24 * tier.tokens_per_hour for tier in TIERS.values())  # type: ignore[operator]


def test_ledger_reserves_denies_and_settles(ledger: Any) -> None:
    limits = [Limit(100, 60), Limit(150)]
    first = ledger.reserve("a", 80, limits)
    assert isinstance(first, Reservation)
    refused = ledger.reserve("a", 30, limits)
    assert isinstance(refused, Denied)
    assert 0 < refused.seconds <= 62
    ledger.settle(first, 10, limits)
    assert isinstance(ledger.reserve("a", 90, limits), Reservation)
    assert ledger.used("a", limits[0]) == 100
    assert ledger.reserve("a", 101, limits) == Denied(None)
    assert isinstance(ledger.reserve("b", 100, limits), Reservation)


def test_window_frees_amounts_with_time(ledger: Any) -> None:
    limits = [Limit(10, 2)]
    assert isinstance(ledger.reserve("a", 10, limits), Reservation)
    refused = ledger.reserve("a", 1, limits)
    assert isinstance(refused, Denied)
    time.sleep(refused.seconds + 0.02)
    assert isinstance(ledger.reserve("a", 10, limits), Reservation)


def test_total_limit_never_frees_amounts(ledger: Any) -> None:
    assert isinstance(ledger.reserve("a", 10, [Limit(10)]), Reservation)
    assert ledger.reserve("a", 1, [Limit(10)]) == Denied(None)


def test_threads_never_exceed_limit(ledger: Any) -> None:
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda _: ledger.reserve("a", 7, [Limit(100, 60)]), range(64)))
    assert sum(isinstance(t, Reservation) for t in taken) == 14
    assert ledger.used("a", Limit(100, 60)) == 98


def test_sqlite_ledger_survives_pickling(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "l.db")
    ledger.reserve("a", 5, [Limit(10)])
    again = pickle.loads(pickle.dumps(ledger))
    assert again.used("a", Limit(10)) == 5


def test_sqlite_tables_of_earlier_versions_are_read(tmp_path: Path) -> None:
    """The table names and columns are the file format: budgets outlive releases."""
    columns = {"taken": "bucket INTEGER, amount INTEGER, PRIMARY KEY (account, span, bucket)"}
    columns["reserved"] = (
        "id TEXT, bucket INTEGER, amount INTEGER, owner TEXT, ends REAL, "
        "PRIMARY KEY (account, span, id)"
    )
    with closing(sqlite3.connect(tmp_path / "ledger")) as database, database:
        for name, rest in columns.items():
            database.execute(f"CREATE TABLE {name} (account TEXT, span REAL, {rest})")
        database.execute("INSERT INTO taken VALUES ('cost:a', 0, 0, 75)")
        database.execute("INSERT INTO reserved VALUES ('cost:a', 0, 'r', 0, 15, 'gone', 9e99)")
    ledger = SQLiteLedger(tmp_path / "ledger")
    assert ledger.used("cost:a", Limit(100)) == 75
    ledger.settle(Reservation("cost:a", 15, 0.0, "r"), 20, [Limit(100)])
    assert ledger.used("cost:a", Limit(100)) == 80


def test_budget_refuses_call_before_it_is_sent(sandbox: Any, api: Any) -> None:
    client = api()
    with client.client.budget(eur=0.001) as budget, pytest.raises(llmaas.BudgetExceededError) as e:
        client.do("chat", "Bonjour ?", model=MODEL)
    assert not sandbox.requests
    assert budget.spent == 0
    assert "Nothing was sent" in str(e.value)


def test_budget_settles_on_actual_cost(sandbox: Any, api: Any) -> None:
    client = api()
    with client.client.budget(eur=1) as budget:
        first = client.do("chat", "Bonjour ?", model=MODEL)
        events = client.events("Bonjour ?", model=MODEL)
        vectors = client.do("embed", ["a", "b"], model="bge-m3:567m")
        ranking = client.do("rerank", "q", ["a", "b"], model="qwen3-reranker:4b")
    costs = [first.cost_micro_eur, events[-1].completion.cost_micro_eur]
    costs += [vectors.cost_micro_eur, ranking.cost_micro_eur]
    assert budget.spent == sum(costs) / 1_000_000
    client.do("chat", "Bonjour ?", model=MODEL)  # outside of the block
    assert budget.spent == sum(costs) / 1_000_000


def test_budget_charges_interrupted_streams_and_releases_failures(sandbox: Any, api: Any) -> None:
    client = api()
    with client.client.budget(eur=1) as budget:
        with pytest.raises(llmaas.InternalServerError):
            client.do("chat", "?", model=MODEL, extra_headers={"x-sandbox-fault": "status:500"})
        assert budget.spent == 0
        with pytest.raises(llmaas.StreamInterrupted):
            client.events("Dis ?", model=MODEL, extra_headers={"x-sandbox-fault": "cut:4"})
        assert budget.spent > 0  # without usage, all that was reserved


def test_budget_charges_requests_before_the_failed_one(sandbox: Any, api: Any) -> None:
    budget = Budget(1.0)
    client, texts = api(hooks=[budget]), [f"{n} " + "x" * 398 for n in range(3)]
    two = client.do("embed", texts[:2], model="bge-m3:567m").cost_micro_eur / 1_000_000
    assert budget.spent == two > 0
    sandbox.script([{}, {}, {"status": 500}])
    with pytest.raises(llmaas.InternalServerError):
        client.do("embed", texts, model="bge-m3:567m", batch_size=1, concurrency=1)
    assert budget.spent == pytest.approx(2 * two)


def test_budget_charges_single_document(sandbox: Any, api: Any) -> None:
    budget = Budget(0.000_010)  # enough for two documents, not for eleven
    client = api(hooks=[budget])
    ranking = client.do("rerank", "Who?", "One alone.", model="qwen3-reranker:4b")
    assert [ranked.index for ranked in ranking.results] == [0]
    assert budget.spent == ranking.cost_micro_eur / 1_000_000 > 0


def test_budget_charges_abandoned_stream(sandbox: Any) -> None:
    client = LLMaaS()
    with client.budget(eur=1) as budget:
        with client.stream("Bonjour à tous ?", model=MODEL) as stream:
            next(stream)
        assert budget.spent > 0


def test_budgets_nest_and_are_scoped_to_task(sandbox: Any) -> None:
    client = AsyncLLMaaS()

    async def one(eur: float) -> float:
        async with client.budget(eur) as budget:
            await client.chat("Bonjour ?", model=MODEL)
            await asyncio.sleep(0)
            return budget.spent

    async def go() -> tuple[list[float], float]:
        async with client.budget(5) as outer:
            return await asyncio.gather(one(1), one(2)), outer.spent

    inner, outer = asyncio.run(go())
    assert inner[0] == inner[1] > 0
    assert outer == pytest.approx(sum(inner))


def test_budget_survives_restart_with_sqlite_ledger(sandbox: Any, tmp_path: Path) -> None:
    def budget() -> Budget:
        return Budget(1, ledger=SQLiteLedger(tmp_path / "b.db"), account="projet")

    LLMaaS(hooks=[budget()]).chat("Bonjour ?", model=MODEL)
    assert budget().spent > 0


def test_parallel_calls_never_exceed_budget(sandbox: Any) -> None:

    client = LLMaaS()
    body = {"max_tokens": 1000}
    about = CallInfo("chat", MODEL, client.settings, [{"role": "user", "content": "x"}], body)
    highest = highest_cost_micro_eur(about)
    budget = Budget(3.5 * highest / 1_000_000)
    options = {
        "model": MODEL,
        "max_tokens": 1000,
        "extra_headers": {"x-sandbox-fault": "slow-headers:2"},
    }
    shared = LLMaaS(hooks=[budget])
    all_are_here = threading.Barrier(8)

    def ask(_: int) -> bool:
        all_are_here.wait(20)
        try:
            shared.chat("x", **options)
        except llmaas.BudgetExceededError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 3


def test_quota_waits_or_raises(sandbox: Any, api: Any) -> None:
    limits = [Limit(100, 3600)]
    client = api(hooks=[Quota(limits=limits, wait=False)])
    client.do("chat", "Bonjour ?", model=MODEL, max_tokens=90)
    sandbox.reset()
    with pytest.raises(llmaas.QuotaExceededError) as caught:
        client.do("chat", "Bonjour ?", model=MODEL, max_tokens=95)
    assert caught.value.retry_after > 0
    with pytest.raises(llmaas.QuotaExceededError, match="ever"):
        client.do("chat", "Bonjour ?", model=MODEL, max_tokens=101)
    assert not sandbox.requests


def test_quota_wakes_waiter_after_settlement(sandbox: Any) -> None:
    quota = Quota(limits=[Limit(1_000, 3600)])
    client = AsyncLLMaaS(hooks=[quota])

    async def go() -> int:
        answers = await asyncio.gather(
            *(client.chat(f"Dis {n} ?", model=MODEL, max_tokens=600) for n in range(12))
        )
        return sum(a.usage.completion_tokens for a in answers)

    used = asyncio.run(asyncio.wait_for(go(), 60))
    assert quota.used()[3600] == used


class Noted:
    """A hook behind the quota: it sees calls in the order in which they were let through."""

    def __init__(self) -> None:
        self.order: list[str] = []

    def before_call(self, about: Any) -> Any:
        self.order.append(about.inputs[0]["content"])
        return
        yield

    def after_call(self, ticket: Any, outcome: Any) -> Any:
        return
        yield


def test_quota_serves_calls_in_order(sandbox: Any) -> None:
    noted = Noted()
    client = AsyncLLMaaS(hooks=[Quota(limits=[Limit(600, 3600)]), noted])

    async def go() -> None:
        # Small calls, which would fit, stay behind the large ones that came before them.
        await asyncio.gather(
            *(client.chat(str(n), model=MODEL, max_tokens=500 if n % 2 else 5) for n in range(6))
        )

    asyncio.run(asyncio.wait_for(go(), 60))
    assert noted.order == [str(n) for n in range(6)]


def test_queued_calls_do_not_poll() -> None:
    """Who stands in line is called: a thousand waiters look at nothing meanwhile."""
    quota = Quota(limits=[Limit(1_024, 3600)])
    about = CallInfo("chat", MODEL, Settings.create(api_key="k"), "?")
    assert isinstance(quota.ledger.reserve(quota.account, 1_024, quota.limits), Reservation)
    line = [quota.before_call(about) for _ in range(1_000)]
    effects = [next(place) for place in line]
    assert all(isinstance(effect, Wait) for effect in effects)
    assert effects[0].seconds < 0.1  # others may give back through the ledger
    assert all(effect.seconds >= 1 for effect in effects[1:])
    assert len(quota._queue) == 1_000
    line[0].close()
    effects[1].wakeup.wait(0)  # it was woken already
    for place in reversed(line[1:]):
        place.close()


def test_queued_call_waits_at_most_max_wait() -> None:
    quota = Quota(limits=[Limit(1_024, 3600)], max_wait=4_000)
    about = CallInfo("chat", MODEL, Settings.create(api_key="k"), "?")
    quota.ledger.reserve(quota.account, 1_024, quota.limits)
    line = [quota.before_call(about) for _ in range(200)]
    next(line[0])
    quota._max_wait = 0.1
    naps = [effect.seconds for effect in map(next, line[1:])]
    assert max(naps) <= 0.1
    for place in reversed(line):
        place.close()


def test_cancelled_call_leaves_queue(sandbox: Any) -> None:
    quota = Quota(limits=[Limit(100, 3600)])
    client = AsyncLLMaaS(hooks=[quota])

    async def go() -> None:
        quota.ledger.reserve(quota.account, 100, quota.limits)
        task = asyncio.ensure_future(client.chat("?", model=MODEL, max_tokens=50))
        await soon(lambda: quota._queue)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert not quota._queue


@pytest.mark.timeout(400)  # nine processes, on a busy machine
def test_processes_share_limit(sandbox: Any, redis_url: str) -> None:
    """No 429 seen, the limit never exceeded, at least 95 % of it used."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    where = (sandbox.base_url, sandbox.api_key, redis_url, 25, queue)
    processes = [context.Process(target=redis_worker.work, args=where) for _ in range(8)]
    for process in processes:
        process.start()
    results = [entry for _ in processes for entry in queue.get(timeout=300)]
    for process in processes:
        process.join()
    used = sum(tokens for tokens, _ in results)
    assert {why for _, why in results} == {"quota"}
    assert 0.95 * redis_worker.HOURLY <= used <= redis_worker.HOURLY
    ledger = RedisLedger(redis_url, prefix="crowd")
    assert ledger.used("tokens:default", Limit(redis_worker.HOURLY, 3600)) == used
    ledger.close()

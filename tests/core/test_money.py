"""Nothing escapes a budget or a quota: texts that look like images, odd numbers, lost answers."""

from __future__ import annotations

import asyncio
import pickle
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.hooks import CallInfo
from llmaas.quota import Budget, Limit, Quota, SQLiteLedger
from llmaas.settings import Settings
from tests.helpers.waiting import eventually

MODEL = "llama3.3:70b"
LONG = "data: " + "mot " * 100_000
PIXEL = "data:image/png;base64," + "A" * 400_000


@pytest.mark.parametrize(
    "messages",
    [
        LONG,
        [{"role": "user", "content": LONG}],
        [{"role": "user", "content": [{"type": "text", "text": LONG}]}],
        [{"role": "system", "content": "data:image/png;base64," + LONG}],
        [{"role": "user", "content": [{"type": "text", "text": "?", "image_url": LONG}]}],
    ],
)
def test_a_text_that_begins_like_an_image_counts(sandbox: Any, messages: Any) -> None:
    with LLMaaS().budget(0.001), pytest.raises(llmaas.BudgetExceededError):
        LLMaaS().chat(messages, model=MODEL, max_tokens=5)
    assert not list(sandbox.requests)


@pytest.mark.parametrize("name", ["embed", "rerank"])
def test_a_text_of_vectors_that_begins_like_an_image_counts(sandbox: Any, name: str) -> None:
    client = LLMaaS()
    asked: dict[str, Any] = {
        "embed": lambda: client.embed([LONG], model="bge-m3:567m"),
        "rerank": lambda: client.rerank("?", [LONG], model="qwen3-reranker:4b"),
    }
    with client.budget(0.000_003), pytest.raises(llmaas.BudgetExceededError):
        asked[name]()
    assert not list(sandbox.requests)


def test_images_do_not_count_as_text(sandbox: Any) -> None:
    about = CallInfo(
        "chat",
        MODEL,
        Settings.create(api_key="k"),
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}],
    )
    assert about.most_input_tokens < 20


BAD = [
    {"max_tokens": -100_000},
    {"n": -3},
    {"max_completion_tokens": -1},
    {"extra_body": {"max_tokens": -5}},
    {"extra_body": {"n": -5}},
    {"max_tokens": float("inf")},
    {"max_tokens": "many"},
    {"n": [1]},
]


@pytest.mark.parametrize("options", BAD)
@pytest.mark.parametrize("name", ["chat", "submit_batch"])
def test_a_number_that_would_make_room_is_refused(
    sandbox: Any, api: Any, options: Any, name: str
) -> None:
    budget, quota = Budget(10), Quota(limits=[Limit(1_000_000, 3600)])
    client = api(hooks=[quota, budget])
    with pytest.raises(llmaas.ConfigurationError):
        client.do(name, "?" if name == "chat" else ["?"], model=MODEL, **options)
    assert (budget.spent, quota.used()) == (0, {3600: 0})
    assert not list(sandbox.requests)


def test_reservation_uses_larger_of_two_token_limits() -> None:
    settings = Settings.create(api_key="k")

    def most(params: dict[str, Any]) -> int:
        return CallInfo("chat", MODEL, settings, "?", params).max_tokens

    assert most({"max_tokens": 5, "max_completion_tokens": 90}) == 90
    assert most({"max_tokens": 90, "max_completion_tokens": 5, "n": 2}) == 180
    assert most({"max_tokens": 5, "extra_body": {"max_tokens": 90}}) == 90
    assert most({"max_tokens": "90"}) == 90
    assert most({"n": None}) == 1024


def test_budget_keeps_reservation_when_answer_is_lost(sandbox: Any, api: Any) -> None:
    budget = Budget(10)
    client = api(hooks=[budget], max_retries=0)
    sandbox.script([{"raw": b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"}])
    with pytest.raises(llmaas.APIError):
        client.do("chat", "?", model=MODEL, max_tokens=1_000)
    assert budget.spent >= 0.008


def test_budget_keeps_reservation_when_usage_is_unknown(sandbox: Any, api: Any) -> None:
    budget = Budget(10)
    choice = {"index": 0, "message": {"role": "assistant", "content": "Oui"}}
    sandbox.script([{"json": {"id": "1", "model": MODEL, "choices": [choice]}}])
    api(hooks=[budget]).do("chat", "?", model=MODEL, max_tokens=1_000)
    assert budget.spent >= 0.008


def test_budget_releases_reservation_when_connection_fails() -> None:
    budget = Budget(10)
    client = LLMaaS(api_key="k", base_url="http://127.0.0.1:9/v1", hooks=[budget], max_retries=0)
    with pytest.raises(llmaas.APIConnectionError):
        client.chat("?", model=MODEL)
    assert budget.spent == 0


def test_waiting_budget_serves_all_calls(sandbox: Any) -> None:
    """Each may cost half of it, and costs next to nothing."""
    budget = Budget(0.02, wait=True)
    client = AsyncLLMaaS(hooks=[budget])

    async def go() -> list[Any]:
        calls = (client.chat("?", model=MODEL, max_tokens=1_000) for _ in range(12))
        return await asyncio.gather(*calls)

    assert len(asyncio.run(go())) == 12


def test_waiting_budget_stops_at_deadline(sandbox: Any, api: Any) -> None:
    budget = Budget(0.01, wait=True)
    budget.ledger.reserve(budget.account, 9_000, [budget.limit])
    with pytest.raises(llmaas.DeadlineExceededError):
        api(hooks=[budget]).do("chat", "?", model=MODEL, max_tokens=1_000, deadline=0.3)


def test_denial_says_whether_running_calls_free_enough() -> None:
    budget = Budget(0.01)
    taken = budget.ledger.reserve(budget.account, 9_000, [budget.limit])
    client = LLMaaS(api_key="k", base_url="http://127.0.0.1:9/v1", hooks=[budget])
    with pytest.raises(llmaas.BudgetExceededError) as caught:
        client.chat("?", model=MODEL, max_tokens=1_000)
    assert caught.value.retry_after is not None
    assert pickle.loads(pickle.dumps(caught.value)).retry_after == caught.value.retry_after
    budget.ledger.settle(taken, 9_000, [budget.limit])  # type: ignore[arg-type]
    with pytest.raises(llmaas.BudgetExceededError) as caught:
        client.chat("?", model=MODEL, max_tokens=1_000)
    assert caught.value.retry_after is None


def test_embeddings_are_reserved_per_request(sandbox: Any, api: Any) -> None:
    """A budget a third above their cost is enough, though twice their estimate is not."""
    texts = [f"{n:0400}" for n in range(300)]
    client = api()
    micro = client.do("embed", texts, model="bge-m3:567m", batch_size=10).cost_micro_eur
    cost = micro / 1e6
    budget = Budget(cost * 1.3)
    api(hooks=[budget]).do("embed", texts, model="bge-m3:567m", batch_size=10)
    assert budget.spent == pytest.approx(cost)
    with pytest.raises(llmaas.BudgetExceededError):
        api(hooks=[budget]).do("embed", texts, model="bge-m3:567m", batch_size=10)
    assert budget.spent == pytest.approx(cost)  # it was refused as a whole


def test_embeddings_do_not_wait_for_surrounding_stream(sandbox: Any) -> None:
    """What the stream has reserved is given back only after them."""
    client = LLMaaS()
    with client.budget(0.01), client.stream("Dis ?", model=MODEL, max_tokens=1_200) as stream:
        next(stream)
        with pytest.raises(llmaas.BudgetExceededError) as caught:
            client.embed(["x" * 4_000] * 2, model="bge-m3:567m")
    assert caught.value.retry_after is not None


# --- a ledger that is held or away ------------------------------------------------------------


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program holds the file."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_deadline_ends_waiting_for_a_file(sandbox: Any, api: Any, tmp_path: Path) -> None:
    quota = Quota(limits=[Limit(1_000, 3600)], ledger=SQLiteLedger(tmp_path / "l.db"))
    client = api(hooks=[quota])
    with held(tmp_path / "l.db"):
        began = time.monotonic()
        with pytest.raises(llmaas.DeadlineExceededError):
            client.do("chat", "?", model=MODEL, max_tokens=50, deadline=0.5)
        assert time.monotonic() - began < 10
    eventually(lambda: quota.used()[3600] == 0)  # what came too late was given back


def test_timeout_ends_wait_for_sqlite_file(sandbox: Any, tmp_path: Path) -> None:
    quota = Quota(limits=[Limit(1_000, 3600)], ledger=SQLiteLedger(tmp_path / "l.db"))

    async def go() -> None:
        async with asyncio.timeout(0.5):
            await AsyncLLMaaS(hooks=[quota]).chat("?", model=MODEL, max_tokens=50)

    with held(tmp_path / "l.db"):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            asyncio.run(go())
        assert time.monotonic() - began < 10
    eventually(lambda: quota.used()[3600] == 0)


def test_answer_does_not_wait_for_settlement(sandbox: Any, api: Any, tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    budget = Budget(10, ledger=SQLiteLedger(path))
    client = api(hooks=[budget])
    sandbox.script([{"content": "Oui", "delay": 1.0}])
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(client.do("chat", "?", model=MODEL, max_tokens=1_000))
    )
    thread.start()
    eventually(lambda: list(sandbox.requests))
    with held(path):
        thread.join(10)
        assert answers
        assert answers[0].text == "Oui"
    eventually(lambda: budget.spent == pytest.approx(answers[0].cost))


def test_a_file_that_is_no_ledger_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "diary").write_bytes(b"Dear diary, " * 100)
    with pytest.raises(llmaas.LedgerError, match="diary"):
        SQLiteLedger(tmp_path / "diary")
    assert (tmp_path / "diary").read_bytes() == b"Dear diary, " * 100
    with pytest.raises(llmaas.LedgerError):
        SQLiteLedger(tmp_path / "none" / "l.db")


def test_a_ledger_file_is_private(tmp_path: Path) -> None:
    SQLiteLedger(tmp_path / "l.db").reserve("a", 1, [Limit(1)])
    assert {path.stat().st_mode & 0o77 for path in tmp_path.iterdir()} == {0}

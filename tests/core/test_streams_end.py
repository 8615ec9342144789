"""However a stream ends, its connection is given back and its reservation settled, once."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import llmaas
import llmaas.errors
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.quota import Budget, SQLiteLedger
from llmaas.telemetry import AuditLog
from tests.helpers.waiting import eventually, soon

MODEL = "llama3.3:70b"
STALLED = {"extra_headers": {"x-sandbox-fault": "stall:30:3"}}
AT_ONCE = 10.0
"""Of thirty seconds: a busy machine may be late."""


class Ends:
    """A hook that keeps how calls ended."""

    def __init__(self) -> None:
        self.errors: list[BaseException | None] = []
        self.results: list[Any] = []

    def before_call(self, about: Any) -> Any:
        return
        yield

    def after_call(self, ticket: Any, outcome: Any) -> Any:
        self.errors.append(outcome.error)
        self.results.append(outcome.result)
        return
        yield


def left(sandbox: Any) -> bool:
    """Whether the client of every request closed its connection."""
    return all(request.disconnected for request in sandbox.requests)


def test_closing_from_another_thread_ends_a_waiting_read(sandbox: Any) -> None:
    ends = Ends()
    stream = LLMaaS(hooks=[ends]).stream("Dis ?", model=MODEL, **STALLED)
    next(stream)
    threading.Timer(0.4, stream.close).start()
    began = time.monotonic()
    with pytest.raises(llmaas.StreamInterrupted, match="closed") as caught:
        stream.until_done()
    assert time.monotonic() - began < AT_ONCE
    assert caught.value.completion.text
    assert len(ends.errors) == 1
    eventually(lambda: left(sandbox))


def test_closing_from_another_task_ends_a_waiting_read(sandbox: Any) -> None:
    ends = Ends()
    client = AsyncLLMaaS(hooks=[ends])

    async def go() -> None:
        stream = await client.stream("Dis ?", model=MODEL, **STALLED)
        reader = asyncio.ensure_future(stream.until_done())
        await asyncio.sleep(0.4)
        assert not reader.done()
        began = time.monotonic()
        await stream.aclose()
        with pytest.raises(llmaas.StreamInterrupted, match="closed"):
            await reader
        assert time.monotonic() - began < AT_ONCE
        await soon(lambda: left(sandbox))

    asyncio.run(go())
    assert len(ends.errors) == 1


def test_closing_over_tls_from_another_thread(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="the sandbox's extra `tls` makes the certificates")
    from llmaas_sandbox import Sandbox

    with Sandbox(tls="good", data_dir=tmp_path) as box:
        client = LLMaaS(base_url=box.base_url, api_key=box.api_key, ca_bundle=box.ca_bundle)
        stream = client.stream("Dis ?", model=MODEL, **STALLED)
        threading.Timer(0.4, stream.close).start()
        began = time.monotonic()
        with pytest.raises(llmaas.StreamInterrupted):
            stream.until_done()
        assert time.monotonic() - began < AT_ONCE


def test_reading_on_after_closing_is_no_short_answer(sandbox: Any) -> None:
    stream = LLMaaS().stream("Dis ?", model=MODEL, **STALLED)
    next(stream)
    stream.close()
    with pytest.raises(llmaas.StreamInterrupted, match="closed"):
        stream.until_done()
    stream.close()  # again, which changes nothing


def test_leaving_at_done_ends_well(sandbox: Any, api: Any) -> None:
    ends = Ends()
    client = api(hooks=[ends])

    def read() -> None:
        for event in client.client.stream('Say "Oui"', model=MODEL):
            if event.type == "done":
                break

    async def aread() -> None:
        async for event in await client.client.stream('Say "Oui"', model=MODEL):
            if event.type == "done":
                break

    if isinstance(client.client, AsyncLLMaaS):
        asyncio.run(aread())
    else:
        read()
    assert ends.errors == [None]
    assert ends.results[0].finish_reason == "stop"


def test_at_done_the_budget_is_settled_and_the_connection_free(sandbox: Any) -> None:
    client = LLMaaS()
    with client.budget(1) as budget:
        for event in client.stream('Say "Oui"', model=MODEL):
            if event.type == "done":
                assert budget.spent == event.completion.cost_micro_eur / 1e6
                break
    before = sandbox.connections
    assert client.chat('Say "Oui"', model=MODEL).text == "Oui"
    assert sandbox.connections == before


@pytest.mark.parametrize("reads", [0, 1])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_dropped_stream_is_ended(sandbox: Any, tmp_path: Path, kind: str, reads: int) -> None:
    ledger = SQLiteLedger(tmp_path / "l.db") if kind == "sqlite" else None
    budget, ends = Budget(1, ledger=ledger), Ends()
    client = LLMaaS(hooks=[budget, ends])
    stream = client.stream("Dis ?", model=MODEL, **STALLED)
    for _ in range(reads):
        next(stream)
    del stream  # no collection is needed: nothing in it refers to itself
    eventually(lambda: ends.errors)
    assert type(ends.errors[0]).__name__ == "StreamAbandoned"
    eventually(lambda: left(sandbox))
    reserved = budget.spent
    assert reserved > 0  # an answer had begun, so that it was billed; but nothing is held any more
    eventually(lambda: budget.spent == reserved)


@pytest.mark.parametrize("reads", [0, 1])
def test_a_dropped_stream_of_asyncio_is_ended(sandbox: Any, reads: int) -> None:
    ends = Ends()
    client = AsyncLLMaaS(hooks=[ends])

    async def go() -> None:
        stream = await client.stream("Dis ?", model=MODEL, **STALLED)
        for _ in range(reads):
            await anext(stream)
        del stream
        await soon(lambda: ends.errors)
        await soon(lambda: left(sandbox))

    asyncio.run(go())
    assert [type(error).__name__ for error in ends.errors] == ["StreamAbandoned"]


def test_many_dropped_streams_leave_room_in_the_pool(sandbox: Any) -> None:
    client = LLMaaS()
    for _ in range(30):
        client.stream("Dis ?", model=MODEL, **STALLED)
    eventually(lambda: left(sandbox))
    assert len(list(sandbox.requests)) == 30
    assert client.chat('Say "Oui"', model=MODEL).text == "Oui"


def test_a_collector_in_the_middle_of_a_settlement_blocks_nobody(sandbox: Any) -> None:
    """A stream in a cycle is found by the collector while its own ledger's lock is held."""
    ledger = SQLiteLedger(":memory:")
    client = LLMaaS(hooks=[Budget(1, ledger=ledger)])
    cycle: dict[str, Any] = {"stream": client.stream("Dis ?", model=MODEL, **STALLED)}
    cycle["me"] = cycle
    del cycle
    ledger.hold()
    gc.collect()
    ledger.let_go()


def test_a_stream_left_early_is_told_as_abandoned(sandbox: Any, tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    client = LLMaaS(hooks=[AuditLog(log)])
    with client.stream("Dis ?", model=MODEL, **STALLED) as stream:
        next(stream)
    assert '"outcome": "StreamAbandoned"' in log.read_text()


def test_only_the_iterator_is_kept(sandbox: Any) -> None:
    """The loop holds the iterator alone: the stream object itself is gone at once."""
    for _ in range(3):
        events = list(LLMaaS().stream('Say "Oui"', model=MODEL))
        assert events[-1].completion.text == "Oui"  # type: ignore[union-attr]


def test_a_cancelled_reader_ends_its_stream(sandbox: Any) -> None:
    ends = Ends()
    client = AsyncLLMaaS(hooks=[ends])

    async def go() -> None:
        stream = await client.stream("Dis ?", model=MODEL, **STALLED)
        reader = asyncio.ensure_future(stream.until_done())
        await asyncio.sleep(0.4)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await soon(lambda: left(sandbox))

    asyncio.run(go())
    assert [type(error) for error in ends.errors] == [asyncio.CancelledError]


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")  # aiohttp rightly says so
def test_a_stream_that_outlives_its_loop(sandbox: Any) -> None:
    ends = Ends()
    client = AsyncLLMaaS(hooks=[ends])
    kept: list[Any] = []

    async def go() -> None:
        kept.append(await client.stream("Dis ?", model=MODEL, **STALLED))

    asyncio.run(go())
    kept.clear()
    eventually(lambda: ends.errors)
    eventually(lambda: left(sandbox))
    gc.collect()  # here, where the warning is expected

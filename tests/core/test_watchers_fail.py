"""Hooks that fail, and what they may say: no answer is lost, no content leaks by them."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.hooks import CallInfo
from llmaas.quota import Budget, Limit, MemoryLedger, Quota, highest_cost_micro_eur
from llmaas.telemetry import AuditLog

MODEL = "llama3.3:70b"


class Broken(MemoryLedger):
    """A ledger whose disk is full when it settles."""

    is_local = False

    def settle(self, *_: Any) -> None:
        raise OSError("no space left on device")


def test_an_answer_is_not_lost_to_a_ledger_that_cannot_settle(
    sandbox: Any, api: Any, caplog: pytest.LogCaptureFixture
) -> None:
    other = Budget(1)
    client = api(hooks=[other, Quota(limits=[Limit(1_000, 3600)], ledger=Broken())])
    with caplog.at_level(logging.WARNING, "llmaas"):
        answer = client.do("chat", 'Say "Oui"', model=MODEL, max_tokens=50)
        events = client.events('Say "Oui"', model=MODEL, max_tokens=50)
    assert answer.text == events[-1].completion.text == "Oui"
    assert other.spent == pytest.approx(2 * answer.cost_micro_eur / 1e6)
    assert caplog.text.count("Broken: a settlement of tokens:default failed") == 2


def test_a_failed_call_keeps_its_own_error(sandbox: Any, api: Any) -> None:
    client = api(hooks=[Budget(1, ledger=Broken())])
    with pytest.raises(llmaas.InternalServerError):
        client.do("chat", "?", model=MODEL, extra_headers={"x-sandbox-fault": "status:500"})


def test_an_audit_that_cannot_be_written_is_told(
    sandbox: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = LLMaaS(hooks=[AuditLog(tmp_path)])  # a folder
    assert client.chat('Say "Oui"', model=MODEL).text == "Oui"
    assert "IsADirectoryError" in caplog.text


def test_tags_of_any_kind_are_written(sandbox: Any, tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    client = LLMaaS(hooks=[pickle.loads(pickle.dumps(AuditLog(log, tags={"where": tmp_path})))])
    client.chat("?", model=MODEL)
    assert json.loads(log.read_text())["tags"] == {"where": str(tmp_path)}


def test_one_budget_in_several_tasks_and_threads_at_once(sandbox: Any) -> None:
    budget, client = Budget(1), AsyncLLMaaS()

    async def one(first: float, then: float) -> None:
        await asyncio.sleep(first)
        with budget:
            await asyncio.sleep(then)
            await client.chat('Say "Oui"', model=MODEL)

    async def go() -> None:
        await asyncio.gather(one(0, 0.2), one(0.1, 0.3))

    asyncio.run(go())
    before = budget.spent
    assert before > 0
    asyncio.run(client.chat("?", model=MODEL))  # outside of every block
    assert budget.spent == before


def test_a_budget_may_be_entered_twice(sandbox: Any) -> None:
    budget, client = Budget(1), LLMaaS()
    with budget:
        with budget:
            pass
        cost = client.chat('Say "Oui"', model=MODEL).cost_micro_eur
    assert budget.spent == pytest.approx((cost or 0) / 1e6)


@dataclass
class City:
    name: str


def test_a_correction_is_part_of_the_highest_cost(sandbox: Any) -> None:
    """A misfit is asked for once more: what both may cost is reserved before the first."""
    client = LLMaaS()
    body = {"max_tokens": 1_000}
    about = CallInfo("chat", MODEL, client.settings, [{"role": "user", "content": "x"}], body)
    once = highest_cost_micro_eur(about)
    with (
        client.budget(1.5 * once / 1e6),
        pytest.raises(llmaas.BudgetExceededError),
    ):
        client.chat("x", model=MODEL, max_tokens=1_000, response_format=City)
    assert not list(sandbox.requests)
    sandbox.script([{"content": "non"}, {"content": '{"name": "Lyon"}'}])
    with client.budget(4 * once / 1e6) as budget:
        city = client.chat("x", model=MODEL, max_tokens=1_000, response_format=City)
    assert city.parsed == City("Lyon")
    assert budget.spent == pytest.approx((city.cost_micro_eur or 0) / 1e6)


def test_tools_are_part_of_the_highest_cost() -> None:
    settings = LLMaaS(api_key="k").settings
    tool = {"type": "function", "function": {"name": "f", "description": "word " * 4_000}}
    ask = [{"role": "user", "content": "x"}]
    plain = highest_cost_micro_eur(CallInfo("chat", MODEL, settings, ask, {"max_tokens": 1}))
    tools = highest_cost_micro_eur(
        CallInfo("chat", MODEL, settings, ask, {"max_tokens": 1, "tools": [tool]})
    )
    assert tools > plain + 5_000 * 1.8


def test_no_content_in_the_status_of_a_span(sandbox: Any) -> None:
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from llmaas.telemetry import Telemetry

    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    client = LLMaaS(hooks=[Telemetry(tracer_provider=provider)], max_retries=0)
    sandbox.script([{"content": '{"nom": "Mme Secret"}'}] * 2)
    with pytest.raises(llmaas.StructuredOutputError, match="name"):
        client.chat("x", model=MODEL, response_format=City)
    sandbox.script([{"status": 400, "json": {"error": {"message": "bad: Mme Secret said"}}}])
    with pytest.raises(llmaas.BadRequestError):
        client.chat("x", model=MODEL)
    with client.stream("Dis ?", model=MODEL) as stream:
        next(stream)
    spans = kept.get_finished_spans()
    assert not any("Secret" in span.to_json() for span in spans)
    told = [span.status.description for span in spans]
    assert told == ["StructuredOutputError", "BadRequestError 400", None]
    assert spans[-1].status.is_unset
    provider.shutdown()


def test_what_fails_in_a_bulk_run_is_raised_as_it_is(sandbox: Any, tmp_path: Path) -> None:
    from llmaas import bulk

    def progress(progress: Any) -> None:
        if progress.done:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bulk.run(["?"] * 5, tmp_path / "o.jsonl", model=MODEL, progress=progress)


def test_a_redis_that_hangs_does_not_hang_the_call() -> None:
    import socket

    pytest.importorskip("redis")
    from llmaas.quota import RedisLedger

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        ledger = RedisLedger(f"redis://127.0.0.1:{port}/0?socket_timeout=0.3")
        raised: list[BaseException] = []

        def take() -> None:
            try:
                ledger.reserve("a", 1, [Limit(1)])
            except llmaas.LedgerError as error:
                raised.append(error)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        thread.join(30)
        assert raised
        ledger.close()

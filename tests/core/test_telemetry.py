"""Spans, metrics and audit records of real calls, seen by a real OpenTelemetry SDK."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import LLMaaS, telemetry
from tests.helpers.telemetry import Seen

MODEL = "gpt-oss:120b"


@pytest.fixture
def seen() -> Any:
    yield Seen()
    telemetry.uninstrument()


@pytest.mark.parametrize("stream", [False, True])
def test_one_call_one_span(sandbox: Any, api: Any, seen: Seen, stream: bool) -> None:
    seen.watch()
    client = api()
    ask = client.events if stream else lambda *a, **o: client.do("chat", *a, **o)
    got = ask("Bonjour ?", model=MODEL, temperature=0.2)
    completion = got[-1].completion if stream else got
    (span,) = seen.spans
    assert span.name == f"chat {MODEL}"
    assert span.kind.name == "CLIENT"
    told = dict(span.attributes)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "llmaas"
    assert told["gen_ai.request.temperature"] == 0.2
    assert told["gen_ai.usage.input_tokens"] == completion.usage.prompt_tokens
    assert told["gen_ai.usage.output_tokens"] == completion.usage.completion_tokens
    assert told["gen_ai.response.finish_reasons"] == ("stop",)
    assert told["llmaas.cost_micro_eur"] == completion.cost_micro_eur
    assert told["llmaas.request_id"] == completion.request_id
    assert told["server.address"] == "127.0.0.1"
    assert "Bonjour" not in str(told)
    assert sandbox.api_key not in str(told)
    tokens = {
        p.attributes["gen_ai.token.type"]: p.sum for p in seen.points("gen_ai.client.token.usage")
    }
    assert tokens == {
        "input": completion.usage.prompt_tokens,
        "output": completion.usage.completion_tokens,
    }
    assert seen.points("gen_ai.client.operation.duration")[0].count == 1
    first = seen.points("gen_ai.client.operation.time_to_first_chunk")
    assert len(first) == (1 if stream else 0)


def test_content_only_when_asked(sandbox: Any, seen: Seen) -> None:
    seen.watch(content=True)
    answer = LLMaaS().chat("Bonjour ?", model=MODEL)
    told = dict(seen.spans[0].attributes)
    assert "Bonjour" in told["gen_ai.input.messages"]
    assert {"type": "text", "content": answer.text} in json.loads(told["gen_ai.output.messages"])[
        0
    ]["parts"]


def test_failures_are_told(sandbox: Any, api: Any, seen: Seen) -> None:
    seen.watch()
    with pytest.raises(llmaas.StreamInterrupted):
        api().events("?", model=MODEL, extra_headers={"x-sandbox-fault": "cut:3"})
    (span,) = seen.spans
    assert span.attributes["error.type"] == "StreamInterrupted"
    assert span.status.status_code.name == "ERROR"


def test_spans_hang_below_the_current_one(sandbox: Any, seen: Seen) -> None:
    seen.watch()
    with seen.traces.get_tracer("app").start_as_current_span("question"):
        LLMaaS().embed("a", model="bge-m3:567m")
    embed, question = seen.spans
    assert embed.name == "embeddings bge-m3:567m"
    assert embed.parent.span_id == question.context.span_id


def test_off_unless_asked(sandbox: Any, seen: Seen) -> None:
    LLMaaS().chat("Bonjour ?", model=MODEL)
    assert seen.spans == ()


def test_audit_lines(sandbox: Any, api: Any, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    client = api(hooks=[telemetry.AuditLog(path, tags=lambda: {"user": "zoé"})])
    answer = client.do("chat", "Secret ?", model=MODEL)
    with pytest.raises(llmaas.NotFoundError):
        client.do("chat", "Secret ?", model=MODEL, extra_headers={"x-sandbox-fault": "status:404"})
    first, second = map(json.loads, path.read_text().splitlines())
    assert first["outcome"] == "ok"
    assert first["cost_micro_eur"] == answer.cost_micro_eur
    assert first["machine"] == answer.backend.machine_name
    assert first["tags"] == {"user": "zoé"}
    assert second["outcome"] == "NotFoundError"
    assert second["request_id"]
    assert "Secret" not in path.read_text()
    assert sandbox.api_key not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_audit_to_a_logger(sandbox: Any, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("audit")
    with caplog.at_level(logging.INFO, "audit"):
        LLMaaS(hooks=[telemetry.AuditLog(log)]).rerank("q", ["a"], model="qwen3-reranker:4b")
    assert json.loads(caplog.messages[0])["operation"] == "rerank"

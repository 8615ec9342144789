"""What the client's telemetry says and what the sandbox's own audit says agree, call by call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import llmaas
from llmaas import telemetry
from llmaas_sandbox import Sandbox


@pytest.fixture
def spans() -> Any:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.instrument(tracer_provider=provider)
    yield exporter
    telemetry.uninstrument()


def test_spans_audit_lines_and_the_services_audit_agree(
    api: Any, spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    ours = tmp_path / "ours.jsonl"
    with Sandbox() as box:
        where = {"base_url": box.base_url, "api_key": box.api_key}
        client = api(hooks=[telemetry.AuditLog(ours)], **where)
        client.do("chat", "Bonjour ?", model="gpt-oss:120b")
        client.events("Et encore ?", model="llama3.3:70b")
        client.do("rerank", "q", ["a", "b"], model="qwen3-reranker:4b")
        with pytest.raises(llmaas.ModelNotFoundError):
            client.do("chat", "?", model="personne:1b")
        theirs = list(box.state.audit_log.records())
    lines = [json.loads(line) for line in ours.read_text().splitlines()]
    told = [dict(span.attributes or {}) for span in spans.get_finished_spans()]
    assert len(theirs) == len(lines) == len(told) == 4
    for record, line, span in zip(theirs, lines, told, strict=True):
        assert line["model"] == span["gen_ai.request.model"]
        assert (record["status"] == 200) == (line["outcome"] == "ok") == ("error.type" not in span)
    for record, line, span in list(zip(theirs, lines, told, strict=True))[:2]:
        assert record["model"] == line["model"]
        assert record["prompt_tokens"] == line["prompt_tokens"] == span["gen_ai.usage.input_tokens"]
        output = record["completion_tokens"]
        assert output == line["completion_tokens"] == span["gen_ai.usage.output_tokens"]
        assert record["cost_micro_eur"] == line["cost_micro_eur"] == span["llmaas.cost_micro_eur"]
        assert record["machine"] == line["machine"] == span["llmaas.backend.machine_name"]
        assert record["request_id"] == line["request_id"] == span["llmaas.request_id"]

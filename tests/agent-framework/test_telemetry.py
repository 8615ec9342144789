"""Spans, exported by the OpenTelemetry SDK."""

import pytest
from agent_framework import Agent, tool
from agent_framework.exceptions import ChatClientException
from agent_framework.observability import OBSERVABILITY_SETTINGS
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agent_framework_llmaas import LLMaaSEmbeddingClient
from llmaas import telemetry


@pytest.fixture(scope="module")
def exporter():
    """The process's one exporter: OpenTelemetry takes a provider only once."""
    exporter = InMemorySpanExporter()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def spans(exporter, monkeypatch):
    """Return the spans of this test by their operation, traced without content."""
    monkeypatch.setattr(OBSERVABILITY_SETTINGS, "enable_instrumentation", True)
    exporter.clear()
    return lambda: [
        (s.attributes.get("gen_ai.operation.name"), s) for s in exporter.get_finished_spans()
    ]


@tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"Il pleut à {city}."


async def test_spans_carry_our_name(sandbox, client, spans, stream):
    call = {"name": "get_weather", "arguments": {"city": "Paris"}}
    sandbox.script([{"tool_calls": [call]}, {"content": "Oui."}])
    agent = client.as_agent(name="meteo", tools=[get_weather])
    run = agent.run("Secret ?", stream=stream)
    await (run.get_final_response() if stream else run)
    found = spans()
    assert sorted(name for name, _ in found) == ["chat", "chat", "execute_tool", "invoke_agent"]
    for name, span in found:
        if name != "execute_tool":
            assert span.attributes["gen_ai.provider.name"] == "llmaas", name
        if name == "chat":
            assert span.attributes["gen_ai.request.model"] == "gpt-oss:120b"
            assert span.attributes["gen_ai.usage.output_tokens"] > 0
            assert span.attributes["server.address"] == client.service_url()
        assert "Secret" not in str(dict(span.attributes))
        assert sandbox.api_key not in str(dict(span.attributes))


async def test_agents_made_by_hand_name_the_framework(client, spans):
    await Agent(client).run("?")
    names = {name: span.attributes["gen_ai.provider.name"] for name, span in spans()}
    assert names == {"chat": "llmaas", "invoke_agent": "microsoft.agent_framework"}


async def test_failure_is_a_failed_span(sandbox, client, spans, af, stream):
    sandbox.script([{"status": 503, "json": {"error": "down"}}])
    with pytest.raises(ChatClientException):
        await af.ask(client, stream=stream)
    ((_, span),) = spans()
    assert not span.status.is_ok
    assert span.attributes["error.type"] == "InternalServerError"


async def test_embeddings_are_traced(sandbox, spans):
    await LLMaaSEmbeddingClient("bge-m3:567m").get_embeddings(["un"])
    ((name, span),) = spans()
    assert name == "embeddings"
    assert span.attributes["gen_ai.provider.name"] == "llmaas"
    assert span.attributes["gen_ai.usage.input_tokens"] > 0


async def test_another_provider_name_can_be_chosen(sandbox, make_client, spans, af):
    await af.ask(make_client(otel_provider_name="cloud-temple"))
    ((_, span),) = spans()
    assert span.attributes["gen_ai.provider.name"] == "cloud-temple"


async def test_tokens_are_counted_once_beside_our_telemetry(sandbox, client, spans, stream):
    """The framework describes the call and records its tokens; ours adds cost and machine."""
    telemetry.instrument()
    try:
        response = client.get_response("?", stream=stream)
        await (response.get_final_response() if stream else response)
    finally:
        telemetry.uninstrument()
    [(name, span)] = spans()
    assert name == "chat"
    assert span.attributes["gen_ai.usage.input_tokens"] > 0
    assert span.attributes["llmaas.cost_micro_eur"] > 0

"""Telemetry by OpenTelemetry's GenAI conventions, and beside other instrumentations."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from opentelemetry import context

from llmaas import LLMaaS, telemetry
from tests.helpers import genai_schema
from tests.helpers.telemetry import Seen

MODEL = "gpt-oss:120b"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}},
}


@pytest.fixture
def seen() -> Any:
    yield Seen()
    telemetry.uninstrument()


def told(seen: Seen) -> dict[str, Any]:
    (span,) = seen.spans
    return dict(span.attributes)


def test_messages_have_parts(sandbox: Any, seen: Seen) -> None:
    seen.watch(content=True)
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"a": 1}'},
    }
    sandbox.script(
        [
            {
                "content": "Sunny",
                "reasoning": "Hm",
                "tool_calls": [{"name": "weather", "arguments": {"b": 2}}],
            }
        ]
    )
    LLMaaS().chat(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "?"},
                                         {"type": "image_url", "image_url": {"url": PIXEL}}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "warm"},
        ],
        model="gemma4:31b",
        tools=[TOOL],
        max_tokens=400,
    )  # fmt: skip
    facts = told(seen)
    sent = json.loads(facts["gen_ai.input.messages"])
    came = json.loads(facts["gen_ai.output.messages"])
    jsonschema.validate(sent, genai_schema.INPUT)
    jsonschema.validate(came, genai_schema.OUTPUT)
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool"]
    assert sent[2]["parts"] == [
        {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"a": 1}}
    ]
    assert sent[3]["parts"][0]["response"] == "warm"
    assert PIXEL[40:] not in facts["gen_ai.input.messages"]
    kinds = [one["type"] for one in came[0]["parts"]]
    assert kinds == ["reasoning", "text", "tool_call"]
    assert came[0]["finish_reason"] == "tool_call"
    assert json.loads(facts["gen_ai.tool.definitions"])[0]["name"] == "weather"


def test_parameters_have_the_names_of_the_conventions(sandbox: Any, seen: Seen) -> None:
    seen.watch()
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11,
             "prompt_tokens_details": {"cached_tokens": 8}}  # fmt: skip
    sandbox.script([{"content": "{}", "usage": usage}])
    completion = LLMaaS().chat(
        "?",
        model=MODEL,
        stop="END",
        seed=7,
        extra_body={"top_k": 20},
        response_format={"type": "json_object"},
    )
    facts = told(seen)
    assert facts["gen_ai.request.stop_sequences"] == ("END",)
    assert facts["gen_ai.request.top_k"] == 20.0
    assert facts["gen_ai.request.seed"] == 7
    assert facts["gen_ai.output.type"] == "json"
    assert facts["gen_ai.usage.cache_read.input_tokens"] == 8
    tokens = seen.points("gen_ai.client.token.usage")
    assert {point.attributes["gen_ai.response.model"] for point in tokens} == {completion.model}


def test_embeddings_tell_their_dimensions(sandbox: Any, seen: Seen) -> None:
    seen.watch()
    LLMaaS().embed(["a", "b"], model="bge-m3:567m")
    assert told(seen)["gen_ai.embeddings.dimension.count"] == 1024


def test_resends_are_told(sandbox: Any, seen: Seen) -> None:
    seen.watch()
    LLMaaS().chat("?", model=MODEL, extra_headers={"x-sandbox-fault": "status:429:7ms*2"})
    assert told(seen)["http.request.resend_count"] == 2


@pytest.mark.parametrize(
    ("value", "content", "shown"),
    [
        ("true", None, True),
        ("SPAN_ONLY", None, True),
        ("span_and_event", None, True),
        ("event_only", None, False),
        ("NO_CONTENT", None, False),
        ("", None, False),
        ("true", False, False),
        ("false", True, True),
    ],
)
def test_the_standard_variable_switches_content(
    sandbox: Any, seen: Seen, monkeypatch: Any, value: str, content: Any, shown: bool
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)
    seen.watch(content=content)
    LLMaaS().chat("?", model=MODEL)
    assert ("gen_ai.input.messages" in told(seen)) == shown


def test_halves_of_characters_do_not_stop_an_exporter(sandbox: Any, seen: Seen) -> None:
    seen.watch(content=True)
    LLMaaS().chat("formula \ud835 x", model=MODEL)
    told(seen)["gen_ai.input.messages"].encode()


# --- one call, one count -----------------------------------------------------------------


def input_tokens(seen: Seen) -> int:
    return sum(span.attributes.get("gen_ai.usage.input_tokens", 0) for span in seen.spans)


def counted(seen: Seen) -> float:
    points = seen.points("gen_ai.client.token.usage")
    return sum(p.sum for p in points if p.attributes["gen_ai.token.type"] == "input")


def test_instrumenting_twice_is_once(sandbox: Any, seen: Seen) -> None:
    seen.watch()
    seen.watch()
    completion = LLMaaS().chat("?", model=MODEL)
    assert input_tokens(seen) == counted(seen) == completion.usage.prompt_tokens


def test_a_client_with_telemetry_of_its_own_is_seen_once(sandbox: Any, seen: Seen) -> None:
    seen.watch()
    own = telemetry.Telemetry(tracer_provider=seen.traces, meter_provider=seen.meters)
    completion = LLMaaS(hooks=[own]).chat("?", model=MODEL)
    assert input_tokens(seen) == counted(seen) == completion.usage.prompt_tokens


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("scope", "attributes", "counts"),
    [
        ("semantic_kernel.x", {"gen_ai.operation.name": "chat"}, True),
        ("agent_framework", {"gen_ai.operation.name": "chat"}, False),
        ("opentelemetry.instrumentation.langchain", {"llm.request.type": "chat"}, False),
        ("openinference.langchain", {"openinference.span.kind": "LLM"}, True),
    ],
)
def test_a_call_that_is_described_gets_no_second_span(
    sandbox: Any, api: Any, seen: Seen, scope: str, attributes: Any, counts: bool, stream: bool
) -> None:
    seen.watch()
    tracer = seen.traces.get_tracer(scope)
    with tracer.start_as_current_span(f"chat {MODEL}", attributes=attributes):
        if stream:
            api().events("?", model=MODEL)
        else:
            api().do("chat", "?", model=MODEL)
    facts = told(seen)
    assert facts["llmaas.cost_micro_eur"] > 0
    assert facts["gen_ai.usage.input_tokens"] > 0
    assert (counted(seen) > 0) == counts
    assert seen.points("llmaas.client.cost")


def test_spans_of_agents_and_tools_do_not_hide_a_call(sandbox: Any, seen: Seen) -> None:
    seen.watch()
    tracer = seen.traces.get_tracer("agent_framework")
    agent = {"gen_ai.operation.name": "invoke_agent"}
    with tracer.start_as_current_span("invoke_agent a", attributes=agent):
        LLMaaS().chat("?", model=MODEL)
    assert [span.name for span in seen.spans] == [f"chat {MODEL}", "invoke_agent a"]


@pytest.mark.parametrize(
    "key", ["suppress_instrumentation", "suppress_language_model_instrumentation"]
)
def test_what_asks_for_silence_gets_it(sandbox: Any, seen: Seen, key: str) -> None:
    seen.watch()
    token = context.attach(context.set_value(key, True))
    try:
        LLMaaS().chat("?", model=MODEL)
    finally:
        context.detach(token)
    assert not seen.spans
    assert not counted(seen)

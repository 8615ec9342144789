"""Rows 1 to 24 of what the service or its user does, looked at from both sides of the wire."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from datetime import date
from typing import Any

import pydantic
import pytest
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage, ReasoningContent, StreamingChunk, ToolCall
from haystack.tools import Tool, Toolset

import llmaas
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from tests.helpers.waiting import eventually

MODEL = "gpt-oss:120b"
USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}


def chunk(delta: Any = None, finish: str | None = None, **rest: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice],
            **rest}  # fmt: skip


def answer(message: Any, finish: str = "stop", **rest: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"json": {"id": "c", "model": MODEL, "choices": [choice], "usage": USAGE, **rest}}


def sse(*chunks: Any) -> dict[str, Any]:
    return {"sse": [*chunks, "[DONE]"]}


def either(ask: Any, message: Any, finish: str = "stop", **rest: Any) -> dict[str, Any]:
    """The same answer as JSON or as a stream, whichever will be asked for."""
    if not ask.streaming:
        return answer(message, finish, **rest)
    return sse(chunk(message), chunk({}, finish), {"choices": [], "usage": USAGE, **rest})


def weather(city: str) -> str:
    return f"Soleil à {city}"


CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture
def tool() -> Tool:
    return Tool(name="weather", description="weather of a city", parameters=CITY, function=weather)


class Ville(pydantic.BaseModel):
    nom: str
    habitants: int | None = None


def sent(sandbox: Any, position: int = -1) -> Any:
    return sandbox.requests[position].json


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_beside_the_text(sandbox: Any, ask: Any, name: str) -> None:
    sandbox.script([either(ask, {name: "Je pense.", "content": "Oui."})])
    (reply,) = ask()
    assert reply.reasoning == ReasoningContent("Je pense.", extra={"field": name})
    assert reply.text == "Oui."


def test_streamed_reasoning_has_blocks_and_merges(sandbox: Any, stream: Any) -> None:
    sandbox.script([{"content": "Bon jour", "reasoning": "Je pense ici"},
                    {"content": "Bon jour", "reasoning": "Je pense ici"}])  # fmt: skip
    (streamed,) = stream()
    blocks = [(c.index, c.start, bool(c.reasoning)) for c in stream.chunks if c.index is not None]
    assert blocks[0] == (0, True, True)
    assert [b for b in blocks if b[1]] == [(0, True, True), (1, True, False)]
    whole = LLMaaSChatGenerator(model=MODEL).run("?")["replies"][0]
    assert (streamed.text, streamed.reasoning) == (whole.text, whole.reasoning)
    varying = {"id", "request_id", "rate_limit", "completion_start_time", "backend"}
    assert {k: v for k, v in streamed.meta.items() if k not in varying} == {
        k: v for k, v in whole.meta.items() if k not in varying
    }


def test_reasoning_and_content_in_one_delta(sandbox: Any, stream: Any) -> None:
    sandbox.script([sse(chunk({"reasoning_content": "hm", "content": "Bon"}),
                        chunk({"content": "jour"}), chunk({}, "stop"))])  # fmt: skip
    (reply,) = stream()
    assert (reply.text, reply.reasoning.reasoning_text) == ("Bonjour", "hm")
    kinds = [(c.content, bool(c.reasoning)) for c in stream.chunks[:3]]
    assert kinds == [("", True), ("Bon", False), ("jour", False)]


def test_inline_think_becomes_reasoning(sandbox: Any, ask: Any) -> None:
    sandbox.script([{"content": "Oui.", "reasoning": "Je pense.", "fault": "think"}])
    (reply,) = ask()
    assert reply.text == "Oui."
    assert reply.reasoning.reasoning_text.strip() == "Je pense."
    assert reply.reasoning.extra == {"field": "content"}


def test_reasoning_used_the_whole_budget(sandbox: Any, ask: Any) -> None:
    sandbox.script([either(ask, {"reasoning_content": "long"}, "length")])
    with pytest.warns(llmaas.warnings.EmptyAnswerWarning):
        (reply,) = ask()
    assert not reply.text
    assert reply.reasoning.reasoning_text == "long"
    assert reply.meta["finish_reason"] == "length"


def test_agent_ends_with_that_reason(sandbox: Any, tool: Tool) -> None:
    sandbox.script([answer({"reasoning_content": "long", "content": None}, "length")] * 9)
    agent = Agent(chat_generator=LLMaaSChatGenerator(model=MODEL), tools=[tool], max_agent_steps=5)
    with pytest.warns(llmaas.warnings.EmptyAnswerWarning):
        result = agent.run(messages=[ChatMessage.from_user("?")])
    assert result["exit_reason"] == "length"
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("option", "turns"),
    [("auto", [None, "hm"]), ("always", ["hm", "hm"]), (True, ["hm", "hm"]),
     ("never", [None, None]), (False, [None, None]), (None, [None, "hm"])],
)  # fmt: skip
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_in_the_history(
    sandbox: Any, ask: Any, option: Any, turns: Any, field: str
) -> None:
    thought = ReasoningContent("hm", {"field": field})
    call = ToolCall(id="c1", tool_name="weather", arguments={"city": "Nice"})
    history = [
        ChatMessage.from_user("a"),
        ChatMessage.from_assistant("b", reasoning=thought),
        ChatMessage.from_user("c"),
        ChatMessage.from_assistant(tool_calls=[call], reasoning=thought),
        ChatMessage.from_tool("Soleil", origin=call),
    ]
    ask(history, generation_kwargs={} if option is None else {"send_reasoning": option})
    messages = sent(sandbox)["messages"]
    assert [messages[at].get(field) for at in (1, 3)] == turns
    assert "send_reasoning" not in sent(sandbox)


def test_unknown_send_reasoning_raises(sandbox: Any, ask: Any) -> None:
    with pytest.raises(ValueError, match="send_reasoning must be"):
        ask(generation_kwargs={"send_reasoning": "sometimes"})
    assert not sandbox.requests


def test_trailing_empty_assistant_message_is_dropped(sandbox: Any, ask: Any) -> None:
    ask([ChatMessage.from_user("a"), ChatMessage.from_assistant("", reasoning="hm")])
    assert sent(sandbox)["messages"] == [{"role": "user", "content": "a"}]


def test_text_and_tool_call_in_one_delta(sandbox: Any, ask: Any, tool: Tool) -> None:
    call = {"index": 0, "id": "c1", "type": "function",
            "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}  # fmt: skip
    sandbox.script([either(ask, {"content": "Voyons", "tool_calls": [call]}, "tool_calls")])
    (reply,) = ask(tools=[tool])
    assert reply.text == "Voyons"
    assert reply.tool_calls == [ToolCall("weather", {"city": "Paris"}, id="c1")]


def test_tool_deltas_without_index(sandbox: Any, stream: Any, tool: Tool) -> None:
    calls = [{"name": "weather", "arguments": {"city": c}} for c in ("Paris", "Lyon")]
    for fault in ("tool-no-index", "tool-same-index", "tool-repeat-id", "tool-object-args"):
        sandbox.script([{"tool_calls": calls, "fault": fault}])
        (reply,) = stream(tools=[tool])
        assert [c.arguments["city"] for c in reply.tool_calls] == ["Paris", "Lyon"], fault
        assert len({c.id for c in reply.tool_calls}) == 2
        deltas = [d for c in stream.chunks for d in c.tool_calls or ()]
        assert [d.tool_name for d in deltas if d.tool_name] == ["weather", "weather"]
        assert {d.index for d in deltas} == {0, 1}


@pytest.mark.parametrize("arguments", ["", None, "{}"])
def test_empty_tool_arguments(sandbox: Any, ask: Any, tool: Tool, arguments: Any) -> None:
    call = {"index": 0, "id": "c1", "type": "function",
            "function": {"name": "weather", "arguments": arguments}}  # fmt: skip
    sandbox.script([either(ask, {"content": None, "tool_calls": [call]}, "tool_calls")])
    (reply,) = ask(tools=[tool])
    assert reply.tool_calls == [ToolCall("weather", {}, id="c1")]
    assert reply.text is None


def test_strict_leaves_the_tool_alone(sandbox: Any, ask: Any, tool: Tool) -> None:
    before = json.dumps(tool.tool_spec)
    ask(tools=[tool], tools_strict=True)
    function = sent(sandbox)["tools"][0]["function"]
    assert function["strict"] is True
    assert function["parameters"]["additionalProperties"] is False
    assert json.dumps(tool.tool_spec) == before


def test_toolset_is_not_flattened(tool: Tool) -> None:
    generator = LLMaaSChatGenerator(tools=Toolset([tool]))
    twin = LLMaaSChatGenerator.from_dict(generator.to_dict())
    assert isinstance(twin.tools, Toolset)
    assert [t.name for t in twin.tools] == ["weather"]


def test_duplicate_tool_names_raise(sandbox: Any, ask: Any, tool: Tool) -> None:
    with pytest.raises(ValueError, match="Duplicate tool names found"):
        ask(tools=[tool, tool])
    with pytest.raises(ValueError, match="weather"):
        LLMaaSChatGenerator(tools=[tool, tool])
    assert not sandbox.requests


def test_stream_requests_usage(sandbox: Any, stream: Any) -> None:
    (reply,) = stream()
    assert sent(sandbox)["stream_options"] == {"include_usage": True}
    assert reply.meta["usage"]["total_tokens"] > 0
    stream(generation_kwargs={"stream_options": None})
    assert "stream_options" not in sent(sandbox)


def test_usage_wherever_it_comes(sandbox: Any, stream: Any) -> None:
    seen = []
    for fault in ("usage-last", "usage-finish", "usage-every"):
        sandbox.script([{"content": "Oui", "reasoning": "hm", "usage": USAGE, "fault": fault}])
        seen.append(stream()[0].meta["usage"])
    assert seen == [USAGE] * 3
    sandbox.script([{"content": "Oui", "fault": "usage-none"}])
    (reply,) = stream()
    assert reply.meta["usage"] == {}
    assert "cost_eur" not in reply.meta


def test_backend(sandbox: Any, ask: Any) -> None:
    backend = {"engine_type": "vllm", "machine_name": "ma02"}
    sandbox.script([either(ask, {"content": "Oui"}, backend=backend)])
    assert ask()[0].meta["backend"] == backend


def test_only_additive_counters_in_usage(sandbox: Any, ask: Any) -> None:
    usage = {**USAGE, "reasoning_tokens": 2, "tokens_per_second": 80.0, "estimated": True}
    sandbox.script([{"content": "Oui", "usage": usage}])
    (reply,) = ask()
    assert reply.meta["usage"] == {**USAGE, "completion_tokens_details": {"reasoning_tokens": 2}}


@pytest.mark.parametrize("body", [{"choices": []}, {"choices": [], "usage": USAGE}, {}])
def test_no_choices_is_an_error(sandbox: Any, ask: Any, body: Any) -> None:
    step = {"sse": [body, "[DONE]"]} if ask.streaming else {"json": body}
    sandbox.script([step])
    with pytest.raises((llmaas.InvalidResponseError, llmaas.StreamInterrupted)):
        ask()


def test_short_retry_after_is_waited(sandbox: Any, ask: Any) -> None:
    refused = {"status": 429, "headers": {"retry-after": "1"}, "json": {"error": {"message": "x"}}}
    sandbox.script([refused, {"content": "Oui"}])
    began = time.monotonic()
    (reply,) = ask(of=LLMaaSChatGenerator(model=MODEL))
    assert reply.text == "Oui"
    assert 1 <= time.monotonic() - began < 15
    assert len(sandbox.requests) == 2


def test_long_retry_after_raises(sandbox: Any, ask: Any) -> None:
    sandbox.script([{"status": 429, "headers": {"retry-after": "3600"}, "json": {}}])
    with pytest.raises(llmaas.RateLimitError) as caught:
        ask(of=LLMaaSChatGenerator(model=MODEL))
    assert caught.value.retry_after == 3600
    assert len(sandbox.requests) == 1


WHY = {"message": "Prompt blocked for security reasons", "type": "security", "code": "blocked"}
BLOCKED = {"status": 403, "json": {"error": WHY}}


def test_blocked_prompt_is_a_typed_error(sandbox: Any, ask: Any) -> None:
    sandbox.script([BLOCKED])
    with pytest.raises(llmaas.PromptBlockedError) as caught:
        ask(of=LLMaaSChatGenerator(model=MODEL))
    assert (caught.value.code, caught.value.type) == ("blocked", "security")
    assert len(sandbox.requests) == 1


def test_blocked_prompt_as_a_reply(sandbox: Any, ask: Any) -> None:
    sandbox.script([BLOCKED])
    (reply,) = ask(generation_kwargs={"on_blocked": "reply"})
    assert reply.meta["finish_reason"] == "content_filter"
    assert reply.meta["error"]["code"] == "blocked"
    assert "on_blocked" not in sent(sandbox)
    with pytest.raises(ValueError, match="on_blocked"):
        ask(generation_kwargs={"on_blocked": "perhaps"})


def test_error_in_mid_stream_keeps_the_text(sandbox: Any, stream: Any) -> None:
    sandbox.script([{"content": "un deux trois quatre", "fault": "error-event:2,no-reasoning"}])
    with pytest.raises(llmaas.StreamError) as caught:
        stream()
    assert caught.value.completion.text
    assert "un deux trois quatre".startswith(caught.value.completion.text)


def wait_for_goodbye(sandbox: Any) -> None:
    eventually(lambda: sandbox.requests[-1].disconnected)


def test_callback_that_raises_closes_the_stream(sandbox: Any, stream: Any) -> None:
    async def abad(chunk: StreamingChunk) -> None:
        raise RuntimeError("assez")

    def bad(chunk: StreamingChunk) -> None:
        raise RuntimeError("assez")

    sandbox.script([{"content": "mot " * 500, "fault": "trickle:20:5"}])
    with pytest.raises(RuntimeError, match="assez"):
        stream(streaming_callback=abad if stream.is_async else bad)
    wait_for_goodbye(sandbox)


def test_cancelled_task_closes_the_stream(sandbox: Any) -> None:
    sandbox.script([{"content": "mot " * 500, "fault": "trickle:20:5"}])

    async def cancelled() -> int:
        came = asyncio.Event()

        async def callback(chunk: StreamingChunk) -> None:
            came.set()

        generator = LLMaaSChatGenerator(model=MODEL)
        task = asyncio.create_task(generator.run_async("?", streaming_callback=callback))
        await came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return 1

    assert asyncio.run(cancelled())
    wait_for_goodbye(sandbox)


def test_pydantic_format_with_streaming_and_tools(sandbox: Any, ask: Any, tool: Tool) -> None:
    sandbox.script([{"content": "Nice."}, {"content": '{"nom": "Nice", "habitants": 3}'}])
    (reply,) = ask(tools=[tool], generation_kwargs={"response_format": Ville})
    assert json.loads(reply.text) == {"nom": "Nice", "habitants": 3}
    assert "response_format" not in sandbox.requests[0].json  # or no tool is called
    assert sent(sandbox)["tool_choice"] == "none"
    shape = sent(sandbox)["response_format"]["json_schema"]
    assert (shape["name"], shape["strict"]) == ("Ville", True)
    assert shape["schema"]["required"] == ["nom", "habitants"]
    assert shape["schema"]["additionalProperties"] is False
    assert "strict" not in sent(sandbox)["tools"][0]["function"]


def test_tool_call_instead_of_the_format(sandbox: Any, ask: Any, tool: Tool) -> None:
    sandbox.script([{"tool_calls": [{"name": "weather", "arguments": {"city": "Nice"}}]}])
    (reply,) = ask(tools=[tool], generation_kwargs={"response_format": Ville})
    assert reply.tool_call.arguments == {"city": "Nice"}
    assert len(sandbox.requests) == 1


def test_fenced_json_comes_back_without_its_fence(sandbox: Any) -> None:
    generator = LLMaaSChatGenerator(model=MODEL, generation_kwargs={"response_format": Ville})
    sandbox.script([{"content": '```json\n{"nom": "Nice", "habitants": 3}\n```'}])
    assert generator.run("?")["replies"][0].text == '{"nom": "Nice", "habitants": 3}'


def test_broken_json_comes_back_as_text(sandbox: Any, ask: Any) -> None:
    sandbox.script([{"content": '{"nom": "Ni'}] * 2)
    (reply,) = ask(generation_kwargs={"response_format": Ville})
    assert reply.text == '{"nom": "Ni'


def test_invalid_output_is_repaired_once_by_default(sandbox: Any) -> None:
    generator = LLMaaSChatGenerator(model=MODEL, generation_kwargs={"response_format": Ville})
    good = '{"nom": "Nice", "habitants": 3}'
    sandbox.script([{"content": "non", "usage": USAGE}, {"content": good, "usage": USAGE}])
    (reply,) = generator.run("?")["replies"]
    assert reply.text == good
    assert reply.meta["usage"]["total_tokens"] == 16  # both answers were billed
    sandbox.script([{"content": "non"}])
    assert generator.run("?", generation_kwargs={"repair": False})["replies"][0].text == "non"
    assert "repair" not in sent(sandbox)


@dataclasses.dataclass
class Commune:
    nom: str
    habitants: int


@pytest.mark.parametrize("shape", [Ville, Commune])
def test_class_as_format_survives_yaml(sandbox: Any, shape: type) -> None:
    pipeline = Pipeline()
    pipeline.add_component(
        "llm", LLMaaSChatGenerator(model=MODEL, generation_kwargs={"response_format": shape})
    )
    text = pipeline.dumps()
    again = Pipeline.loads(text)
    assert again.dumps() == text
    for each in (pipeline, again):
        each.run({"llm": {"messages": "Say \"{'nom': 'Nice', 'habitants': 1}\""}})
    first, second = (r.json["response_format"] for r in (sandbox.requests[0], sandbox.requests[-1]))
    assert first == second


def test_unknown_parameters_are_sent(sandbox: Any, ask: Any) -> None:
    ask(generation_kwargs={"top_k": 7, "enable_thinking": True, "extra_body": {"x": [1]}})
    assert (sent(sandbox)["top_k"], sent(sandbox)["x"]) == (7, [1])
    assert sent(sandbox)["enable_thinking"] is True


class Plain:
    """A town."""

    nom: str
    habitants: int


@pytest.mark.parametrize("shape", [Ville, Commune, Plain])
def test_every_kind_of_class_is_sent_alike(sandbox: Any, ask: Any, shape: type) -> None:
    sandbox.script([{"content": '{"nom": "Nice", "habitants": 3}'}])
    ask(generation_kwargs={"response_format": shape})
    told = sent(sandbox)["response_format"]["json_schema"]
    assert (told["name"], told["strict"]) == (shape.__name__, True)
    assert told["schema"]["required"] == ["nom", "habitants"]


def test_cut_json_comes_back_as_text_and_is_not_corrected(sandbox: Any, ask: Any) -> None:
    sandbox.script([{"content": '{"nom": "Ni', "finish_reason": "length"}])
    (reply,) = ask(generation_kwargs={"response_format": Ville, "max_tokens": 9})
    assert (reply.text, reply.meta["finish_reason"]) == ('{"nom": "Ni', "length")
    assert len(sandbox.requests) == 1


def test_strict_tools_keep_their_maps(sandbox: Any, ask: Any) -> None:
    labels = {"type": "object", "additionalProperties": {"type": "string"}}
    parameters = {"type": "object", "properties": {"labels": labels}, "required": ["labels"]}
    tag = Tool(
        name="tag", description="Tag.", parameters=parameters, function=lambda labels: labels
    )
    sandbox.script([{"content": "Oui."}])
    ask(tools=[tag], tools_strict=True)
    function = sent(sandbox)["tools"][0]["function"]
    assert function["parameters"] == parameters
    assert "strict" not in function


def test_non_json_tool_arguments_are_sent(sandbox: Any, ask: Any) -> None:
    call = ToolCall("weather", {"day": date(2026, 1, 2)}, id="c1")
    ask([ChatMessage.from_user("Weather?"), ChatMessage.from_assistant(tool_calls=[call]),
         ChatMessage.from_tool("21", origin=call)])  # fmt: skip
    [written] = sandbox.requests[-1].json["messages"][1]["tool_calls"]
    assert json.loads(written["function"]["arguments"]) == {"day": "2026-01-02"}
    assert call.arguments == {"day": date(2026, 1, 2)}

"""A two-agent chat on AG2 1.x: ``python chat_ag2.py`` in an environment with ag2[openai]."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import pickle
import warnings
from typing import Any

import ag2
from ag2 import Agent
from ag2.events import BaseEvent, ModelMessageChunk, ModelReasoning
from pydantic import BaseModel

from autogen_llmaas import LLMaaSConfig
from llmaas import StructuredOutputError
from llmaas.warnings import RequestAdjustedWarning
from llmaas_sandbox import Sandbox

MODEL = "gpt-oss:120b"
REFUSAL = {"role": "assistant", "content": None, "refusal": "I will not."}
CHOICE = {"index": 0, "message": REFUSAL, "finish_reason": "stop"}
REFUSED = {"id": "x", "object": "chat.completion", "model": MODEL, "choices": [CHOICE]}


class Report(BaseModel):
    """Structured output."""

    city: str
    degrees: int


def weather(city: str) -> str:
    """Weather of a city."""
    return f"{city}: 21 degrees"


async def main() -> None:
    """Run every check against one sandbox."""
    with Sandbox() as box:
        os.environ.update(LLMAAS_API_KEY=box.api_key, LLMAAS_BASE_URL=box.base_url)
        os.environ["OPENAI_API_KEY"] = "sk-of-another-vendor"
        no_key_shows()
        for streaming in (False, True):
            config = LLMaaSConfig(MODEL, streaming=streaming, temperature=0.2)
            await two_agents_talk(box, config)
            await reasoning_is_kept(box, config)
            await a_tool_is_called(box, config)
            await odd_tool_calls_are_read(box, config)
            await no_cut_call_runs(box, config)
            await a_shape_is_kept(box, config)
            await no_cut_shape_is_a_value(box, config)
            await unknown_usage_is_none(box, config)
        await options_reach_the_core(box)
        await a_refusal_is_said(box)
        await a_rate_limit_is_waited_for(box)
    print(f"ok: ag2 {ag2.__version__}")


def no_key_shows() -> None:
    """Neither in a repr nor in a pickle."""
    config = LLMaaSConfig(MODEL, api_key="sk-very-secret", seed=3)
    assert "secret" not in repr(config)
    assert b"secret" not in pickle.dumps(config)
    assert pickle.loads(pickle.dumps(config)).seed == 3
    assert config.copy(seed=4).seed == 4
    for again in (copy.copy(config), copy.deepcopy(config)):
        assert (again.api_key, again.seed) == ("sk-very-secret", 3)


async def two_agents_talk(box: Sandbox, config: LLMaaSConfig) -> None:
    """Two turns each."""
    box.reset()
    writer = Agent("writer", "Be short.", config=config)
    editor = Agent("editor", config=config)
    first = await writer.ask('Say "Bonjour"')
    assert first.body == "Bonjour", first.body
    second = await editor.ask(first.body)
    third = await first.ask(second.body or "Go on")
    assert third.body
    asked = [request.json for request in box.requests]
    assert len(asked) == 3
    assert [m["role"] for m in asked[0]["messages"]] == ["system", "user"]
    assert [m["role"] for m in asked[1]["messages"]] == ["user"]
    assert all(body["temperature"] == 0.2 for body in asked)
    assert first.response.usage.prompt_tokens > 0
    assert first.response.usage.completion_tokens > 0


async def reasoning_is_kept(box: Sandbox, config: LLMaaSConfig) -> None:
    """Whichever of its shapes it comes in."""
    for shape in ("reasoning_content", "reasoning", "think"):
        box.reset()
        box.script([{"content": "Oui.", "reasoning": "Hm.", "fault": shape}])
        seen: list[BaseEvent] = []
        stream = ag2.MemoryStream()
        stream.subscribe(keeper(seen))
        reply = await Agent("a", config=config).ask("Hi", stream=stream)
        assert reply.body == "Oui."
        thought = "".join(e.content for e in seen if isinstance(e, ModelReasoning))
        assert thought.strip() == "Hm.", (shape, thought)
        pieces = [e for e in seen if isinstance(e, ModelMessageChunk)]
        assert bool(pieces) is config.streaming


def keeper(seen: list[BaseEvent]) -> Any:
    """Return a subscriber that keeps what it sees."""

    async def keep(event: BaseEvent) -> None:
        seen.append(event)

    return keep


async def a_tool_is_called(box: Sandbox, config: LLMaaSConfig) -> None:
    """And the reasoning goes back with it."""
    box.reset()
    call = {"name": "weather", "arguments": {"city": "Paris"}, "id": "call_1"}
    box.script([{"tool_calls": [call], "reasoning": "Look it up."}, {"content": "21 degrees."}])
    agent = Agent("a", config=config, tools=[weather])
    reply = await agent.ask("Weather in Paris?")
    assert reply.body == "21 degrees."
    sent = list(box.requests)[-1].json["messages"]
    assert sent[-1]["content"] == "Paris: 21 degrees"
    assert sent[-2]["reasoning_content"] == "Look it up."


async def odd_tool_calls_are_read(box: Sandbox, config: LLMaaSConfig) -> None:
    """Two calls on one index, ids repeated, no index: two calls all the same."""
    calls = [
        {"name": "weather", "arguments": {"city": city}, "id": f"call_{city}"}
        for city in ("Paris", "Lyon")
    ]
    for fault in ("tool-same-index", "tool-repeat-id", "tool-no-index"):
        box.reset()
        box.script([{"tool_calls": calls, "fault": fault}, {"content": "Done."}])
        reply = await Agent("a", config=config, tools=[weather]).ask("Weather?")
        assert reply.body == "Done."
        sent = list(box.requests)[-1].json["messages"]
        results = [m["content"] for m in sent if m["role"] == "tool"]
        assert sorted(results) == ["Lyon: 21 degrees", "Paris: 21 degrees"], (fault, results)


RAN: list[str] = []


def wipe(path: str = "*") -> str:
    """Delete files."""
    RAN.append(path)
    return "wiped"


def body(message: dict[str, Any], finish: str, *, streaming: bool) -> dict[str, Any]:
    """Return a scripted answer: a message, or the same as one delta."""
    choice = {"index": 0, "finish_reason": finish, "delta" if streaming else "message": message}
    answer = {"id": "x", "model": MODEL, "choices": [choice]}
    if not streaming:
        return {"json": answer}
    return {"sse": [f"data: {json.dumps(answer)}\n\n", "data: [DONE]\n\n"]}


async def no_cut_call_runs(box: Sandbox, config: LLMaaSConfig) -> None:
    """The model receives the error of the call and the conversation continues."""
    for arguments in ("", "null", "{}", '{"path": "/a', '{"path": "/a"', '{"path": "/a"}'):
        box.reset()
        RAN.clear()
        function = {"name": "wipe", "arguments": arguments}
        call = {"index": 0, "id": "c1", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        box.script([body(message, "length", streaming=config.streaming), {"content": "Sorry."}])
        with warnings.catch_warnings(action="ignore", category=RequestAdjustedWarning):
            reply = await Agent("a", config=config, tools=[wipe]).ask("Tidy up.")
        assert (RAN, reply.body) == ([], "Sorry."), (arguments, RAN, reply.body)
        sent = list(box.requests)[-1].json["messages"]
        assert "JSONDecodeError" in sent[-1]["content"], sent
        assert isinstance(json.loads(sent[-2]["tool_calls"][0]["function"]["arguments"]), dict)


async def no_cut_shape_is_a_value(box: Sandbox, config: LLMaaSConfig) -> None:
    """It is an error that names the cure."""
    box.reset()
    box.script([{"content": '{"city": "Paris", "degrees": 2', "finish_reason": "length"}] * 2)
    problem = None
    try:
        await Agent("a", config=config, response_schema=Report).ask("Weather?")
    except StructuredOutputError as error:
        problem = str(error)
    assert "max_tokens" in str(problem), problem


async def unknown_usage_is_none(box: Sandbox, config: LLMaaSConfig) -> None:
    """It is never 0."""
    for usage in (None, {}, {"total_tokens": 9}, {"prompt_tokens": 0, "completion_tokens": 0}):
        box.reset()
        script = body({"role": "assistant", "content": "Oui."}, "stop", streaming=False)
        script["json"]["usage"] = usage
        box.script([script])
        reply = await Agent("a", config=config.copy(streaming=False)).ask("Hi")
        assert reply.response.usage.completion_tokens is None
        assert reply.response.usage.prompt_tokens is None


async def a_shape_is_kept(box: Sandbox, config: LLMaaSConfig) -> None:
    """Also when the model puts a fence or text around it, whole and streamed."""
    value = '{"city": "Paris", "degrees": 21}'
    fence = f"```json\n{value}\n```"
    for content in (value, fence, f"Sure!\n{fence}\nAnything else?", f"Here: {value}"):
        for streaming in (False, True):
            box.reset()
            box.script([{"content": content}])
            streamed = config.copy(streaming=streaming)
            reply = await Agent("a", config=streamed, response_schema=Report).ask("Weather?")
            assert await reply.content() == Report(city="Paris", degrees=21), (content, streaming)
            assert len(list(box.requests)) == 1


async def options_reach_the_core(box: Sandbox) -> None:
    """Another model answers, with less reasoning, and no cached answer."""
    for streaming in (False, True):
        box.reset()
        config = LLMaaSConfig(
            "no-such-model",
            fallbacks=[MODEL],
            reasoning="low",
            fresh=True,
            logprobs=True,
            logit_bias={"7": -100},
            deadline=60,
            strict=True,
            retry_empty=True,
            streaming=streaming,
        )
        assert pickle.loads(pickle.dumps(config)).strict
        reply = await Agent("a", config=config).ask('Say "Oui"')
        assert reply.body
        bodies = [request.json for request in box.requests]
        assert [each["model"] for each in bodies] == ["no-such-model", MODEL]
        assert bodies[1]["reasoning_effort"] == "low"
        assert (bodies[1]["logprobs"], bodies[1]["logit_bias"]) == (True, {"7": -100})
        assert not {"fresh", "strict", "retry_empty", "deadline"} & {*bodies[1]}


async def a_refusal_is_said(box: Sandbox) -> None:
    """In the words of the model."""
    box.reset()
    box.script([{"json": REFUSED}])
    assert (await Agent("a", config=LLMaaSConfig(MODEL)).ask("Hi")).body == "I will not."


async def a_rate_limit_is_waited_for(box: Sandbox) -> None:
    """More refusals than any retry count."""
    box.reset()
    refused = {"status": 429, "headers": {"retry-after": "0.05"}, "json": {"error": {}}}
    box.script([refused] * 5)
    reply = await Agent("a", config=LLMaaSConfig(MODEL, max_retries=0)).ask('Say "Oui"')
    assert reply.body == "Oui"
    assert len(box.requests) == 6


if __name__ == "__main__":
    asyncio.run(main())

"""Options of the core through the Agent Framework: fallbacks, empty answers, reasoning."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from agent_framework import Content, Message

from agent_framework_llmaas import LLMaaSChatClient
from tests.helpers.servers.fake_engine import engine, usage

ANSWERS: dict[str, Any] = {
    "gone": (404, {"error": {"message": "model not found"}}),
    "thought": {"content": None, "reasoning": "Hm.", "usage": usage(10, 90)},
    "good": {"content": "ok"},
}


async def answer(client: Any, streamed: bool, options: dict[str, Any] | None = None) -> Any:
    messages = [Message("user", ["Hi"])]
    if not streamed:
        return await client.get_response(messages, options=options)
    return await client.get_response(messages, stream=True, options=options).get_final_response()


@pytest.mark.parametrize("streamed", [False, True])
async def test_fallbacks_answer_and_their_usage_adds_up(streamed: bool) -> None:
    with engine(lambda body: ANSWERS[body["model"]]) as served:
        client = LLMaaSChatClient("gone", api_key="sk-a", base_url=served.base_url,
                                  fallbacks=["thought", "good"])  # fmt: skip
        first = await answer(client, streamed)
        again = await answer(client, streamed, {"fallbacks": ["good"]})
    assert (first.text, again.text) == ("ok", "ok")
    assert first.usage_details["output_token_count"] == 95
    models = [body["model"] for body in served.bodies]
    assert models == ["gone", "thought", "good", "gone", "good"]


def test_dump_includes_fallbacks() -> None:
    client = LLMaaSChatClient("m", api_key="sk-a", fallbacks=["good"], retry_empty=True)
    dumped = client.to_dict()
    assert (dumped["fallbacks"], dumped["retry_empty"]) == (["good"], True)


@pytest.mark.parametrize("streamed", [False, True])
async def test_reasoning_and_retry_empty_reach_the_core(streamed: bool) -> None:
    answers = iter([{"content": ""}, {"content": "ok"}])
    with engine(lambda _: next(answers)) as served:
        client = LLMaaSChatClient("gpt-oss:120b", api_key="sk-a", base_url=served.base_url)
        await answer(client, streamed, {"reasoning": "high", "retry_empty": True})
    assert [body["reasoning_effort"] for body in served.bodies] == ["high", "low"]


SYSTEMS = [Message("system", ["One."]), Message("system", ["Two."]), Message("user", ["Hi"])]
TINY = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")  # fmt: skip # noqa: E501
IMAGE = Message("user", [Content.from_data(TINY, "image/png")])


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("where", ["constructor", "call"])
async def test_conform_fresh_and_strict_reach_the_core(where: str, streamed: bool) -> None:
    async def ask(messages: Any, **options: Any) -> None:
        own = {k: v for k, v in options.items() if where == "constructor" and k != "fresh"}
        client = LLMaaSChatClient("gpt-oss:120b", api_key="sk-a", base_url=served.base_url, **own)
        call_options = {k: v for k, v in options.items() if k not in own}
        if streamed:
            stream = client.get_response(messages, stream=True, options=call_options)
            await stream.get_final_response()
        else:
            await client.get_response(messages, options=call_options)

    with engine(lambda _: {"content": "ok"}) as served:
        await ask(SYSTEMS, conform=False)
        await ask(SYSTEMS[2:], fresh=True)
        await ask(SYSTEMS[2:], fresh=True)
        with pytest.raises(Exception, match="image"):
            await ask([IMAGE], strict=True)
    raw, first, second = served.bodies
    assert [message["role"] for message in raw["messages"]] == ["system", "system", "user"]
    assert first["messages"] != second["messages"]
    assert not {"fresh", "strict", "conform"} & {*raw, *first}


def test_dump_includes_strict_and_max_file_bytes() -> None:
    client = LLMaaSChatClient("m", api_key="sk-a", strict=True, max_file_bytes=50, conform=False)
    again = LLMaaSChatClient(api_key="sk-a", **{
        k: v for k, v in client.to_dict().items() if k in ("strict", "max_file_bytes", "conform")
    })  # fmt: skip
    settings = again.client.settings
    assert (settings.strict, settings.max_file_bytes, settings.conform) == (True, 50, False)

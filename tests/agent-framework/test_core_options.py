"""Options of the core through the Agent Framework: fallbacks, empty answers, reasoning."""

from __future__ import annotations

from typing import Any

import pytest
from agent_framework import Message

from agent_framework_llmaas import LLMaaSChatClient
from fake_engine import engine, usage

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


def test_dump_keeps_fallbacks() -> None:
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

"""Options of the core through Haystack: fallbacks, empty answers, reasoning."""

from __future__ import annotations

from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.utils import Secret

import llmaas
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from tests.helpers.servers.fake_engine import engine, usage

ANSWERS: dict[str, Any] = {
    "gone": (404, {"error": {"message": "model not found"}}),
    "thought": {"content": None, "reasoning": "Hm.", "usage": usage(10, 90)},
    "good": {"content": "ok"},
}


def run(served: Any, model: str, streamed: bool, **kwargs: Any) -> Any:
    generator = LLMaaSChatGenerator(
        Secret.from_token("sk-a"), model, api_base_url=served.base_url, generation_kwargs=kwargs,
        streaming_callback=(lambda _: None) if streamed else None,
    )  # fmt: skip
    return generator.run("Hi")["replies"][0]


@pytest.mark.parametrize("streamed", [False, True])
def test_fallbacks_answer_and_their_usage_adds_up(streamed: bool) -> None:
    with engine(lambda body: ANSWERS[body["model"]]) as served:
        reply = run(served, "gone", streamed, fallbacks=["thought", "good"])
    assert reply.text == "ok"
    assert reply.meta["usage"]["completion_tokens"] == 95
    assert [body["model"] for body in served.bodies] == ["gone", "thought", "good"]


@pytest.mark.parametrize("streamed", [False, True])
def test_reasoning_and_retry_empty_reach_the_core(streamed: bool) -> None:
    answers = iter([{"content": ""}, {"content": "ok"}])
    with engine(lambda _: next(answers)) as served:
        run(served, "gpt-oss:120b", streamed, reasoning="high", retry_empty=True)
    assert [body["reasoning_effort"] for body in served.bodies] == ["high", "low"]


SYSTEMS = [
    ChatMessage.from_system("One."),
    ChatMessage.from_system("Two."),
    ChatMessage.from_user("Hi"),
]
TINY = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # noqa: E501


@pytest.mark.parametrize("where", ["constructor", "run"])
def test_conform_fresh_and_strict_reach_the_core(ask: Any, where: str) -> None:
    def reply(messages: Any, **options: Any) -> None:
        generator = LLMaaSChatGenerator(
            Secret.from_token("sk-a"),
            "gpt-oss:120b",
            api_base_url=served.base_url,
            generation_kwargs=options if where == "constructor" else None,
        )
        ask(messages, of=generator, **({"generation_kwargs": options} if where == "run" else {}))

    image = ChatMessage.from_user(content_parts=[ImageContent(TINY, mime_type="image/png")])
    with engine(lambda _: {"content": "ok"}) as served:
        reply(SYSTEMS, conform=False)
        reply("Hi", fresh=True)
        reply("Hi", fresh=True)
        with pytest.raises(llmaas.InvalidInputError, match="image"):
            reply([image], strict=True)
    raw, first, second = served.bodies
    assert [message["role"] for message in raw["messages"]] == ["system", "system", "user"]
    assert first["messages"] != second["messages"]
    assert not {"fresh", "strict", "conform"} & {*raw, *first}


def test_dump_keeps_options_of_the_core() -> None:
    options = {"fallbacks": ["good"], "retry_empty": True, "conform": False, "strict": True,
               "fresh": True, "reasoning": "low"}  # fmt: skip
    generator = LLMaaSChatGenerator(model="m", generation_kwargs=options)
    assert LLMaaSChatGenerator.from_dict(generator.to_dict()).generation_kwargs == options

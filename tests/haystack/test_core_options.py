"""Options of the core through Haystack: fallbacks, empty answers, reasoning."""

from __future__ import annotations

from typing import Any

import pytest
from haystack.utils import Secret

from fake_engine import engine, usage
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

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

"""Answers that are kept and completed say what answers that are composed say, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest

from llmaas_sandbox.chat.response_cache import MAX_REQUEST, ResponseCache
from llmaas_sandbox.server import Sandbox

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
BODIES: dict[str, dict[str, Any]] = {
    "plain": {},
    "reasoning": {"model": "gpt-oss:120b"},
    "reasoning of qwen": {"model": "qwen3.6:27b"},
    "several choices": {"n": 3},
    "log probabilities": {"logprobs": True, "top_logprobs": 2},
    "tool call": {"tools": [TOOL], "tool_choice": "required"},
    "cut": {"max_tokens": 3},
    "JSON": {"response_format": {"type": "json_object"}},
    "accents": {"messages": [{"role": "user", "content": 'Dis "élève 😀 \u2028 \\u0041"'}]},
}


@pytest.fixture(scope="module")
def box() -> Any:
    with Sandbox(frozen_at=1_760_000_000.0) as running:
        yield running


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", BODIES)
def test_kept_answer_equals_composed_answer_when_asked_again(
    name: str, stream: bool, box: Any
) -> None:
    import httpx

    question = {"role": "user", "content": "What is the weather in Paris?"}
    body = {"model": "gemma4:31b", "messages": [question], "stream": stream, **BODIES[name]}
    url, headers = f"{box.base_url}/chat/completions", {"authorization": f"Bearer {box.api_key}"}
    with httpx.Client(headers=headers) as client:
        composed = client.post(url, json=body, headers={"x-sandbox-fault": "usage-last"})
        kept = [client.post(url, json=body) for _ in range(2)]
    assert composed.status_code == 200
    assert [reply.content for reply in kept] == [composed.content] * 2


def test_kept_answer_names_time_and_machine_of_its_own_when_asked_again() -> None:
    import httpx

    body = {"model": "gemma4:31b", "messages": [{"role": "user", "content": "Bonjour"}]}
    with (
        Sandbox() as box,
        httpx.Client(headers={"authorization": f"Bearer {box.api_key}"}) as client,
    ):
        first = client.post(f"{box.base_url}/chat/completions", json=body).json()
        box.set_machine(first["backend"]["machine_name"], "draining")
        box.advance(100)
        second = client.post(f"{box.base_url}/chat/completions", json=body).json()
    assert second["backend"] != first["backend"]
    assert second["created"] >= first["created"] + 100
    assert second["choices"] == first["choices"]


def test_kept_answer_is_refused_when_the_key_may_not_use_the_model() -> None:
    import httpx

    body = {"model": "gemma4:31b", "messages": [{"role": "user", "content": "Bonjour"}]}
    with Sandbox() as box:
        other = box.make_key("acme", models=["qwen*"])
        told = [
            httpx.post(
                f"{box.base_url}/chat/completions",
                json=body,
                headers={"authorization": f"Bearer {key}"},
            ).status_code
            for key in (box.api_key, other)
        ]
    assert told == [200, 403]


def test_kept_answers_stay_small_when_requests_are_many_or_large() -> None:
    class Sized:
        size = 1_000_000

    answers: Any = ResponseCache()
    for i in range(100):
        answers.put(b"%d" % i, Sized())
    assert answers.get(b"0") is None
    assert answers.get(b"99") is not None
    answers.put(b"x" * (MAX_REQUEST + 1), Sized())
    assert answers.get(b"x" * (MAX_REQUEST + 1)) is None

"""Behaviours that users of the service reported in November 2026 (reference 16), as faults."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FORM = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
THINKER = "qwen3.6:27b"


def message(heard: Any) -> dict[str, Any]:
    found: dict[str, Any] = heard.json["choices"][0]["message"]
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_answer_ends_with_stop_and_reasoning_only(chat: Any, stream: bool) -> None:
    heard = chat('Say "a"', faults="reasoning-stop", model=THINKER, stream=stream)
    if stream:
        assert (heard.said(), heard.finish_reasons) == ("", ["stop"])
        assert heard.said("reasoning")
        return
    assert message(heard)["content"] is None
    assert message(heard)["reasoning"]
    assert heard.json["choices"][0]["finish_reason"] == "stop"
    usage = heard.json["usage"]
    assert usage["completion_tokens"] == usage["reasoning_tokens"] > 0


def test_low_effort_answers_when_the_default_does_not(chat: Any) -> None:
    heard = chat('Say "a"', faults="reasoning-stop", model=THINKER, reasoning_effort="low")
    assert message(heard)["content"] == "a"


def test_json_stands_in_the_reasoning(chat: Any) -> None:
    heard = chat("Paris", faults="json-in-reasoning", model=THINKER, response_format=FORM)
    assert message(heard)["content"] is None
    assert json.loads(message(heard)["reasoning"]) == {"city": "Paris"}


def test_constrained_answer_suppresses_the_tools(chat: Any, weather: Any) -> None:
    asked = {"tools": [weather], "response_format": FORM}
    question = "What is the weather in Paris?"
    assert message(chat(question, **asked))["tool_calls"]
    held = message(chat(question, faults="constrained", **asked))
    assert "tool_calls" not in held
    assert json.loads(held["content"]) == {"city": "Paris"}
    assert message(chat(question, faults="constrained", tools=[weather]))["tool_calls"]


@pytest.mark.parametrize("stream", [False, True])
def test_whole_answer_is_replayed_when_the_request_is_the_same(
    chat: Any, llmaas_sandbox: Any, stream: bool
) -> None:
    llmaas_sandbox.script([{"content": "first"}, {"content": "second"}])
    first = chat("x", faults="cache", stream=stream)
    llmaas_sandbox.advance(60)
    again = chat("x", faults="cache", stream=stream)
    other = chat("y", faults="cache", stream=stream)
    assert [h.headers["x-cache"] for h in (first, again, other)] == ["miss", "hit", "miss"]
    assert again.body == first.body
    assert b"second" in other.body


def test_model_list_takes_its_time(ask: Any) -> None:
    started = time.monotonic()
    heard = ask("/v1/models", faults="slow-models:0.3")
    assert heard.status == 200
    assert time.monotonic() - started >= 0.3
    assert ask("/v1/chat/completions", {"model": "x"}, faults="slow-models:30").status == 404

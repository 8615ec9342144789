"""Hostile and large requests: work that grows with the request, memory that does not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from llmaas_sandbox.responder.replies import build_reply
from llmaas_sandbox.responder.structured import build_json
from llmaas_sandbox.responder.tools import build_tool_calls

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
HOSTILE: dict[str, str] = {
    "line feeds": "\n",
    "spaces": " ",
    "text tags": "<text>",
    "braces": "{",
    "brackets": "[",
    "quotes": '"',
    "quoted spaces": '"  ',
    "backticks": "`a` ",
    "letters": "a",
    "digits": "1",
    "digits apart": "1 ",
    "sums": "1+",
    "parentheses": "(1",
    "capitals": "A-",
    "names": "Ada and Bob, ",
    "questions": "\nQuestion:",
    "documents": "<doc ",
    "numbered": "\n[1",
    "say": "say ",
    "json keys": 'json "a" and ',
    "mail": "a.b",
    "dots": "...",
    "sentences": "Rivers flow. ",
}


def work(job: Callable[[], Any]) -> int:
    """Count the lines of Python that a job runs: they do not depend on the machine's load."""
    lines = 0

    def count(frame: Any, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        job()
    finally:
        sys.settrace(before)
    return lines


def jobs(text: str) -> Callable[[], Any]:
    messages = [{"role": "user", "content": text}]

    def run() -> None:
        build_reply(messages)
        build_tool_calls(messages, {"tools": [TOOL]})
        build_json(messages, {"response_format": {"type": "json_object"}})

    return run


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_grows_with_the_prompt_and_not_faster(kind: str) -> None:
    small, large = HOSTILE[kind] * 400, HOSTILE[kind] * 1_600
    work(jobs(small))  # caches of words
    unlike = small + HOSTILE[kind]  # contexts are remembered too
    assert work(jobs(large)) < 8 * work(jobs(unlike)) + 5_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_regular_expressions_end_on_hostile_text(kind: str) -> None:
    """What backtracks quadratically takes minutes here; the time limit of the suite tells."""
    jobs(HOSTILE[kind] * 30_000)()


@pytest.mark.parametrize("kind", ["line feeds", "text tags", "names", "sentences"])
def test_large_prompt_is_answered(chat: Any, kind: str) -> None:
    assert chat(HOSTILE[kind] * 20_000, tools=[TOOL], model="gemma4:31b").status == 200


def test_long_conversation_with_tools_is_answered(chat: Any) -> None:
    call = {"type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    turns: list[dict[str, Any]] = [{"role": "user", "content": "x"}]
    for i in range(2_000):
        turns.append({"role": "assistant", "content": None, "tool_calls": [{**call, "id": f"{i}"}]})
        turns.append({"role": "tool", "tool_call_id": f"{i}", "content": f"{i}"})
    assert chat(turns, tools=[TOOL], model="gemma4:31b").status == 200


def test_half_a_surrogate_pair_is_answered_in_utf8(ask: Any) -> None:
    body = (
        rb'{"model": "gemma4:31b", "messages": [{"role": "user", "content": "Say \"a \ud83d b\""}]}'
    )
    heard = ask("/v1/chat/completions", body)
    assert json.loads(heard.body.decode())["choices"][0]["message"]["content"] == "a \ufffd b"

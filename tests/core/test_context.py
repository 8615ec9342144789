"""Conversations cut to a budget keep what belongs together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas import LLMaaS
from llmaas.context import conversation_tokens, summarize, trim
from llmaas.errors import InvalidInputError

SYSTEM = {"role": "system", "content": "Be brief."}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def tool_turn(number: int, results: int) -> list[dict[str, Any]]:
    calls = [
        {"id": f"c{number}-{n}", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for n in range(results)
    ]
    told = [{"role": "tool", "tool_call_id": call["id"], "content": "r" * 40} for call in calls]
    return [{"role": "assistant", "content": None, "tool_calls": calls}, *told]


def test_what_fits_is_left_alone() -> None:
    messages = [SYSTEM, user("a"), assistant("b")]
    cut = trim(messages, 100)
    assert (cut.messages, cut.dropped) == (messages, [])
    assert cut.tokens == conversation_tokens(messages)


def test_the_latest_turns_stay_with_the_system_message() -> None:
    old, new = [user("x" * 400), assistant("y" * 400)], [user("now"), assistant("yes")]
    cut = trim([SYSTEM, *old, *new], 100)
    assert cut.messages == [SYSTEM, *new]
    assert cut.dropped == old


def test_what_can_never_fit_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="last turn"):
        trim([SYSTEM, user("x" * 4000)], 100)
    with pytest.raises(InvalidInputError):
        trim([{"role": "system", "content": "x" * 4000}], 100)


TURNS = st.lists(st.one_of(st.integers(0, 200), st.tuples(st.integers(1, 3))), max_size=12)


@given(TURNS, st.integers(60, 400))
def test_no_tool_result_is_ever_without_its_call(turns: list[Any], budget: int) -> None:
    messages: list[dict[str, Any]] = [SYSTEM]
    for number, turn in enumerate(turns):
        asked = user("q" * (turn if isinstance(turn, int) else 9))
        messages += [asked, *(tool_turn(number, turn[0]) if isinstance(turn, tuple) else [])]
        messages.append(assistant("a"))
    cut = trim(messages, budget)
    called = {c["id"] for m in cut.messages for c in m.get("tool_calls") or ()}
    answered = {m["tool_call_id"] for m in cut.messages if m["role"] == "tool"}
    assert called == answered
    assert cut.tokens <= budget
    assert len(cut.messages) + len(cut.dropped) == len(messages)


def test_a_summary_stands_for_what_had_to_go(sandbox: Any) -> None:
    old = [user("The code word is saffron. " * 40), assistant("Noted. " * 60)]
    asked: list[Any] = []

    def ask(messages: list[Any]) -> str:
        asked.extend(messages)
        return LLMaaS().chat(messages, model="llama3.3:70b").text

    cut = summarize([SYSTEM, *old, user("Which word?")], 200, ask, summary_tokens=100)
    assert "saffron" in asked[0]["content"]
    assert cut.messages[0] == SYSTEM
    assert cut.messages[1]["content"].startswith("Earlier in this conversation:")
    assert cut.messages[-1] == user("Which word?")
    assert cut.tokens <= 200
    assert len(sandbox.requests) == 1
    summarize([SYSTEM, user("a")], 200, ask)
    assert len(sandbox.requests) == 1

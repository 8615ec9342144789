"""The guard reports what is odd, refuses what is risky, and changes nothing by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas import LLMaaS
from llmaas.errors import InvalidInputError
from llmaas.guard import GUARDIAN, Guard, GuardError, inspect, is_risky, normalize
from llmaas.quota import Budget

MODEL = "llama3.3:70b"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a\u202eb", "bidi"),
        ("a\U000e0041", "tag"),
        ("a\u200bb", "invisible"),
        ("a\x07", "control"),
        ("\ufb01n", "compatibility"),
        ("\uff21", "compatibility"),
    ],
)
def test_odd_characters_are_reported(text: str, kind: str) -> None:
    assert [finding.kind for finding in inspect(text)] == [kind]
    assert normalize(text)[0] == text


@pytest.mark.parametrize("text", ["Élève", "مرحبا", "नमस्ते", "👩‍👩‍👧", "日本語", "a\tb\r\n"])
def test_what_people_write_is_not_odd(text: str) -> None:
    assert inspect(text) == ()


def test_accents_are_joined_and_that_is_told() -> None:
    text, found = normalize("Cafe\u0301")
    assert text == "Café"
    assert [(finding.kind, finding.position) for finding in found] == [("composed", 3)]


@given(st.text())
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    once = normalize(text)[0]
    assert normalize(once)[0] == once


def test_limits_and_odd_inputs_are_refused_before_anything_is_sent(api: Any, sandbox: Any) -> None:
    guard = Guard(max_input_tokens=50)
    client = api(watchers=[guard])
    with pytest.raises(InvalidInputError, match="over 50"):
        client.do("chat", "x" * 400, model=MODEL)
    with pytest.raises(GuardError) as refused:
        client.do("embed", ["fine", "a\u202eb"], model="bge-m3:567m")
    assert refused.value.findings[0].kind == "bidi"
    assert len(sandbox.requests) == 0
    client.do("chat", "zero\u200bwidth", model=MODEL)
    assert [finding.kind for finding in guard.reported] == ["invisible"]


def test_the_guardian_is_asked_first(api: Any, sandbox: Any) -> None:
    client = api(watchers=[Guard(guardian=GUARDIAN)])
    sandbox.script([{"content": "<score> no </score>"}, {"content": "Bonjour."}])
    assert client.do("chat", "Hello", model=MODEL).text == "Bonjour."
    sandbox.script([{"content": "Yes"}])
    with pytest.raises(GuardError, match="in the input"):
        client.do("chat", "Hello", model=MODEL)
    assert [r.json["model"] for r in sandbox.requests] == [GUARDIAN, MODEL, GUARDIAN]


def test_a_risky_answer_is_held_back_and_counted(api: Any, sandbox: Any) -> None:
    budget = Budget(1)
    client = api(watchers=[budget, Guard(guardian=GUARDIAN, check_answers=True)])
    sandbox.script([{"content": "no"}, {"content": "Bad."}, {"content": "yes"}])
    with pytest.raises(GuardError, match="in the answer") as refused:
        client.do("chat", "Hello", model=MODEL)
    assert refused.value.completion.text == "Bad."
    assert 0 < budget.spent < 0.001  # all three calls, on what they really used


def test_a_streamed_answer_is_judged_at_its_end(api: Any, sandbox: Any) -> None:
    client = api(watchers=[Guard(guardian=GUARDIAN, check_answers=True)])
    sandbox.script([{"content": "no"}, {"content": "Bad."}, {"content": "yes"}])
    with pytest.raises(GuardError):
        client.events("Hello", model=MODEL)


@pytest.mark.parametrize(
    ("verdict", "risky"),
    [("No", False), ("<score> no </score>", False), ("yes", True), ("", True), ("Hm, no", True)],
)
def test_only_a_clear_no_is_no_risk(verdict: str, risky: bool) -> None:
    assert is_risky(verdict) is risky


def test_a_guard_works_with_a_plain_client(sandbox: Any) -> None:
    with LLMaaS(watchers=[Guard(max_input_tokens=10)]) as client:
        assert client.chat('Say "a"', model=MODEL).text == "a"

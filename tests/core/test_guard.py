"""The guard reports what is odd, refuses what is risky, and changes nothing by itself."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas import LLMaaS
from llmaas.errors import DeadlineExceededError, InvalidInputError
from llmaas.guard import GUARDIAN, Finding, Guard, GuardError, inspect, is_risky, normalize
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


def test_a_guardian_that_is_slow_is_not_waited_for_beyond_the_deadline(
    api: Any, sandbox: Any
) -> None:
    sandbox.script([{"content": "no", "delay": 20}])
    client, began = api(watchers=[Guard(guardian=GUARDIAN)]), time.monotonic()
    with pytest.raises(DeadlineExceededError):
        client.do("chat", "Hello", model=MODEL, deadline=0.5)
    assert time.monotonic() - began < 5


def test_a_slow_guardian_of_answers_ends_at_the_deadline(api: Any, sandbox: Any) -> None:
    sandbox.script([{"content": "no"}, {"content": "Oui."}, {"content": "no", "delay": 20}])
    guard, began = Guard(guardian=GUARDIAN, check_answers=True), time.monotonic()
    with pytest.raises(DeadlineExceededError):
        api(watchers=[guard]).do("chat", "Hello", model=MODEL, deadline=1)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("turns", ["a\u202eb", [{"role": "user", "content": "a\u202eb"}]])
def test_the_conversations_of_a_lot_are_looked_at(api: Any, sandbox: Any, turns: Any) -> None:
    with pytest.raises(GuardError, match="bidi"):
        api(watchers=[Guard()]).do("submit_batch", ["fine", turns], model=MODEL)
    assert len(sandbox.requests) == 0


def test_a_guard_of_years_remembers_the_last_findings_only(api: Any, sandbox: Any) -> None:
    guard = Guard(reported=[Finding("invisible", 0, "earlier")] * 5_000)
    api(watchers=[guard]).do("chat", "zero\u200bwidth", model=MODEL)
    assert len(guard.reported) == 1_000
    assert guard.reported[-1].position == 4


@pytest.mark.parametrize("bad", [[1, 2], [None], 5])
def test_what_is_no_text_is_refused_as_without_a_guard(api: Any, sandbox: Any, bad: Any) -> None:
    for watchers in ([], [Guard()]):
        with pytest.raises((InvalidInputError, TypeError), match=r"string|iterable"):
            api(watchers=watchers).do("embed", bad, model="bge-m3:567m")
    assert len(sandbox.requests) == 0

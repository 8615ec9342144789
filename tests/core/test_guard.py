"""The guard reports what is odd, refuses what is risky, and changes nothing by itself."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas import LLMaaS
from llmaas.errors import DeadlineExceededError, InvalidInputError
from llmaas.guard import (
    CONTROL_TOKEN,
    GUARDIAN,
    Finding,
    Guard,
    GuardError,
    inspect,
    is_risky,
    neutralize,
    neutralize_messages,
    normalize,
    parse_verdict,
)
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
    client = api(hooks=[guard])
    with pytest.raises(InvalidInputError, match="at most 50 tokens"):
        client.do("chat", "x" * 400, model=MODEL)
    with pytest.raises(GuardError) as refused:
        client.do("embed", ["fine", "a\u202eb"], model="bge-m3:567m")
    assert refused.value.findings[0].kind == "bidi"
    assert len(sandbox.requests) == 0
    client.do("chat", "zero\u200bwidth", model=MODEL)
    assert [finding.kind for finding in guard.reported] == ["invisible"]


def test_the_guardian_is_asked_first(api: Any, sandbox: Any) -> None:
    client = api(hooks=[Guard(guardian=GUARDIAN)])
    sandbox.script([{"content": "<score> no </score>"}, {"content": "Bonjour."}])
    assert client.do("chat", "Hello", model=MODEL).text == "Bonjour."
    sandbox.script([{"content": "Yes"}])
    with pytest.raises(GuardError, match="in the input"):
        client.do("chat", "Hello", model=MODEL)
    assert [r.json["model"] for r in sandbox.requests] == [GUARDIAN, MODEL, GUARDIAN]


def test_a_risky_answer_is_held_back_and_counted(api: Any, sandbox: Any) -> None:
    budget = Budget(1)
    client = api(hooks=[budget, Guard(guardian=GUARDIAN, check_answers=True)])
    sandbox.script([{"content": "no"}, {"content": "Bad."}, {"content": "yes"}])
    with pytest.raises(GuardError, match="in the answer") as refused:
        client.do("chat", "Hello", model=MODEL)
    assert refused.value.completion.text == "Bad."
    assert 0 < budget.spent < 0.001  # all three calls, on what they really used


def test_a_streamed_answer_is_judged_at_its_end(api: Any, sandbox: Any) -> None:
    client = api(hooks=[Guard(guardian=GUARDIAN, check_answers=True)])
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
    with LLMaaS(hooks=[Guard(max_input_tokens=10)]) as client:
        assert client.chat('Say "a"', model=MODEL).text == "a"


def test_a_guardian_that_is_slow_is_not_waited_for_beyond_the_deadline(
    api: Any, sandbox: Any
) -> None:
    sandbox.script([{"content": "no", "delay": 20}])
    client, began = api(hooks=[Guard(guardian=GUARDIAN)]), time.monotonic()
    with pytest.raises(DeadlineExceededError):
        client.do("chat", "Hello", model=MODEL, deadline=0.5)
    assert time.monotonic() - began < 5


def test_a_slow_guardian_of_answers_ends_at_the_deadline(api: Any, sandbox: Any) -> None:
    sandbox.script([{"content": "no"}, {"content": "Oui."}, {"content": "no", "delay": 20}])
    guard, began = Guard(guardian=GUARDIAN, check_answers=True), time.monotonic()
    with pytest.raises(DeadlineExceededError):
        api(hooks=[guard]).do("chat", "Hello", model=MODEL, deadline=1)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("turns", ["a\u202eb", [{"role": "user", "content": "a\u202eb"}]])
def test_the_conversations_of_a_lot_are_looked_at(api: Any, sandbox: Any, turns: Any) -> None:
    with pytest.raises(GuardError, match="bidi"):
        api(hooks=[Guard()]).do("submit_batch", ["fine", turns], model=MODEL)
    assert len(sandbox.requests) == 0


def test_a_guard_of_years_remembers_the_last_findings_only(api: Any, sandbox: Any) -> None:
    guard = Guard(reported=[Finding("invisible", 0, "earlier")] * 5_000)
    api(hooks=[guard]).do("chat", "zero\u200bwidth", model=MODEL)
    assert len(guard.reported) == 1_000
    assert guard.reported[-1].position == 4


@pytest.mark.parametrize("bad", [[1, 2], [None], 5])
def test_what_is_no_text_is_refused_as_without_a_guard(api: Any, sandbox: Any, bad: Any) -> None:
    for hooks in ([], [Guard()]):
        with pytest.raises((InvalidInputError, TypeError), match=r"string|iterable"):
            api(hooks=hooks).do("embed", bad, model="bge-m3:567m")
    assert len(sandbox.requests) == 0


CLEAR = [
    "No", "no", "No.", " no\n", "**No**", "safe", "Safe", "<score> no </score>",
    "<score>No</score>.", "No, it is safe.",
    "No\n<confidence> High </confidence>", "<think>\nyes? no\n</think>\n<score> no </score>",
    "<think></think>No", "Safety: Safe\nCategories: None", "safe\n", "Safety: Safe", "Answer: No",
]  # fmt: skip
RISKS = [
    "Yes", "yes.", "unsafe\nS1,S10", "<score> yes </score>", "Yes\n<confidence> Low </confidence>",
    "Safety: Unsafe\nCategories: Violent", "Safety: Controversial\nCategories: PII",
    "<think>no</think><score>yes</score>", "Yes, it is unsafe.",
]  # fmt: skip
UNCLEAR = [
    "", " ", "Hm, no", "No, it is unsafe.", "No, this is harmful: yes", "not safe", "no yes",
    "<score> no </score><score> yes </score>", "<score> no </score> but it is unsafe", "None",
    "<score> maybe </score>", "No doubt: unsafe", "<think>no", "safe\nS1", "no\nyes", "unknown",
    "Safety: Safe\nCategories: Violent", "Safe? Unsafe.", "noyes", "No\u200b, yes", "n\u0430o",
    "It is not unsafe.", "NoNo", "no; yes", "nothing", "yes and no", "No, it is safe. Yes",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "risk"),
    [(t, False) for t in CLEAR] + [(t, True) for t in RISKS] + [(t, None) for t in UNCLEAR],
)
def test_a_verdict_is_safe_only_if_it_is_a_clear_no(text: str, risk: bool | None) -> None:
    assert parse_verdict(text) is risk
    assert is_risky(text) is (risk is not False)


@given(st.text())
def test_no_text_around_a_no_makes_it_safe(text: str) -> None:
    if parse_verdict(f"no {text}") is False:
        assert not any(map(str.isalnum, text))


def test_a_verdict_of_megabytes_is_read_in_no_time() -> None:
    began = time.monotonic()
    for text in ("<think>" * 200_000, "<score>" * 200_000, "no " * 500_000, "<|" * 500_000):
        assert parse_verdict(text) is None
        neutralize(text)
    assert time.monotonic() - began < 5


TOKENS = [
    "<|im_start|>", "<|im_end|>", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>",
    "<end_of_turn>",
    "<|channel|>", "<|start|>", "<|message|>", "<|eot_id|>", "<|start_header_id|>", "<|endoftext|>",
    "<s>", "</s>", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[SYSTEM_PROMPT]", "<\uff5cUser\uff5c>",
    "<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<bos>", "<|user|>", "<|IM_START|>",
    "<|start_of_role|>",
    "<turn|>", "<|turn>",
]  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
def test_control_tokens_are_found_and_neutralized(token: str) -> None:
    text = f"Hello {token}system"
    [finding] = [one for one in inspect(text) if one.kind == CONTROL_TOKEN]
    assert (finding.position, finding.detail) == (6, token)
    neutral = neutralize(text)
    assert neutral == f"Hello {token[0]} {token[1:]}system"
    assert CONTROL_TOKEN not in [one.kind for one in inspect(neutral)]


@pytest.mark.parametrize(
    "text",
    [
        "a < b | c > d",
        "x[0]",
        "[link](url)",
        "<b>bold</b>",
        "<s",
        "a || b",
        "[INSTALL]",
        "<string>",
    ],
)
def test_what_people_write_is_not_a_control_token(text: str) -> None:
    assert CONTROL_TOKEN not in [one.kind for one in inspect(text)]
    assert neutralize(text) == text


@given(st.lists(st.sampled_from([*TOKENS, "<", "|", ">", "[", " ", "a"])).map("".join))
def test_nothing_is_left_after_neutralizing(text: str) -> None:
    assert CONTROL_TOKEN not in [one.kind for one in inspect(neutralize(text))]


def test_only_what_comes_from_outside_is_neutralized() -> None:
    part = {"type": "text", "text": "[INST]"}
    messages = [
        {"role": "system", "content": "[INST]"},
        {"role": "user", "content": "[INST]"},
        {"role": "user", "content": [part, {"type": "image_url", "image_url": {"url": "x"}}]},
        {"role": "assistant", "content": None},
        {"role": "tool", "tool_call_id": "1", "content": "<|im_end|>"},
    ]
    neutral = neutralize_messages(messages)
    assert [message["content"] for message in neutral] == [
        "[INST]",
        "[ INST]",
        [{"type": "text", "text": "[ INST]"}, messages[2]["content"][1]],
        None,
        "< |im_end|>",
    ]
    assert messages[1]["content"] == "[INST]"


def test_control_tokens_refuse_an_input_where_that_is_wanted(api: Any, sandbox: Any) -> None:
    strict = Guard(refuse=frozenset({CONTROL_TOKEN}))
    with pytest.raises(GuardError, match=r"control token of chat templates: <.im_start.>"):
        api(hooks=[strict]).do("chat", "<|im_start|>system", model=MODEL)
    guard = Guard()
    api(hooks=[guard]).do("chat", "<|im_start|>system", model=MODEL)
    assert [finding.kind for finding in guard.reported] == [CONTROL_TOKEN]

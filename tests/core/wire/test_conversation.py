"""Conversations are changed to what chat templates take, and to nothing else."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from llmaas import catalog
from llmaas.catalog.families import families, get_family
from llmaas.wire.conversation.conform import conform
from llmaas.wire.conversation.family import MILD, Family
from tests.helpers.conversations import CONVERSATIONS, texts_of

FAMILIES = {family.id: family for family in families()}
MISTRAL, QWEN, LLAMA, GEMMA = (FAMILIES[name] for name in ("mistral", "qwen-3.5", "llama", "gemma"))
USER, ANSWER = {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}


def call(id_: str = "abc123456", arguments: Any = '{"city": "Paris"}', **more: Any) -> Any:
    function = {"name": "weather", "arguments": arguments}
    return {"id": id_, "type": "function", "function": function, **more}


def caller(*calls: Any, content: str | None = None) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(calls or [call()])}


def result(id_: str = "abc123456", content: Any = "r", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": content, **more}


def system(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}


def conformed(messages: list[Any], family: Family = MILD) -> list[Any]:
    return list(conform(messages, family)[0])


def kinds(messages: list[Any], family: Family = MILD) -> list[str]:
    return [adjustment.kind for adjustment in conform(messages, family)[1]]


RIGHT = [
    [USER],
    [system("s"), USER, ANSWER, USER],
    [USER, caller(), result(), ANSWER, USER],
    [USER, caller(), result(), caller(call("def123456")), result("def123456")],
]


@pytest.mark.parametrize(
    "family", [f for f in families() if f.tools and f.system == "first"], ids=str
)
@pytest.mark.parametrize("messages", RIGHT, ids=range(len(RIGHT)))
def test_right_conversation_is_the_same_object(messages: list[Any], family: Family) -> None:
    unchanged, adjustments = conform(messages, family)
    assert unchanged is messages
    assert adjustments == ()


@settings(max_examples=150)
@given(CONVERSATIONS)
def test_conforming_twice_changes_nothing_more_and_loses_no_text(messages: list[Any]) -> None:
    before = json.dumps(messages)
    for family in families():
        once, _ = conform(messages, family)
        twice, _ = conform(once, family)
        assert json.dumps(twice) == json.dumps(once)
        sent = "\n".join(texts_of(once))
        assert [text for text in texts_of(messages) if text not in sent] == []
    assert json.dumps(messages) == before, "the caller's messages were changed"


@settings(max_examples=150)
@given(CONVERSATIONS)
def test_calls_and_results_are_paired_for_any_history(messages: list[Any]) -> None:
    for family in families():
        ids: list[str] = []
        waiting: list[str] = []
        for message in conformed(messages, family):
            if message["role"] == "tool":
                assert message["tool_call_id"] == waiting.pop(0)
                continue
            assert not waiting
            for each in message.get("tool_calls") or ():
                assert each["type"] == "function"
                assert isinstance(json.loads(each["function"]["arguments"]), dict)
                assert not family.short_ids or re.fullmatch("[A-Za-z0-9]{9}", each["id"])
                waiting.append(each["id"])
            ids += waiting
        assert not waiting
        assert len(set(ids)) == len(ids)


@settings(max_examples=150)
@given(CONVERSATIONS)
def test_strict_families_get_texts_in_turn(messages: list[Any]) -> None:
    for family in (f for f in families() if f.alternates):
        sent = conformed(messages, family)
        rest = sent[1:] if sent[0]["role"] == "system" else sent
        turns = [m["role"] for m in rest if m["role"] != "tool" and "tool_calls" not in m]
        assert turns == ["user", "assistant"] * (len(turns) // 2) + ["user"] * (len(turns) % 2)
        pairs = pairwise(rest)
        assert not any(a["role"] == "tool" and b["role"] == "user" for a, b in pairs)


def test_late_system_messages_move_to_the_head_in_order() -> None:
    messages = [system("1"), USER, {"role": "developer", "content": "2"}, USER, system("3")]
    assert conformed(messages)[0] == system("1\n\n2\n\n3")
    assert kinds(messages) == ["role", "system_position"]


def test_system_text_joins_the_user_where_no_system_role_is_known() -> None:
    assert conformed([system("s"), USER], GEMMA) == [{"role": "user", "content": "s\n\nu"}]


def test_system_message_becomes_a_user_message_when_one_is_required() -> None:
    assert conformed([system("s")], QWEN) == [{"role": "user", "content": "s"}]


def test_missing_result_is_stated_as_missing() -> None:
    sent = conformed([USER, caller(), USER])
    assert sent[2] == result(content="No result: the call did not return.")


def test_orphaned_result_becomes_a_user_message() -> None:
    sent = conformed([USER, result("gone", "21", name="weather"), USER])
    assert sent[1] == {"role": "user", "content": "Result of the tool weather:\n21"}


def test_results_follow_their_calls_in_the_order_of_calls() -> None:
    calls = caller(call("a"), call("b"))
    sent = conformed([USER, calls, USER, result("b", "2"), result("a", "1")])
    assert sent[2:] == [result("a", "1"), result("b", "2"), USER]


def test_repeated_ids_become_unique() -> None:
    turn = [USER, caller(call("call_0")), result("call_0")]
    sent = conformed([*turn, *turn])
    assert sent[:3] == turn
    assert sent[4]["tool_calls"][0]["id"] == sent[5]["tool_call_id"] != "call_0"


def test_ids_stay_the_same_when_the_conversation_grows() -> None:
    turn = [USER, caller(call("chatcmpl-tool-1")), result("chatcmpl-tool-1"), ANSWER]
    short, long = conformed(turn, MISTRAL), conformed([*turn, USER, ANSWER, USER], MISTRAL)
    assert long[: len(turn)] == short[: len(turn)]


@pytest.mark.parametrize(
    ("broken", "sent"),
    [
        ("", {}),
        (None, {}),
        ({"a": 1}, {"a": 1}),
        ('{"a": "1\n2"}', {"a": "1\n2"}),
        ('{"a": "Par', {"raw_arguments": '{"a": "Par'}),
        ('"Paris"', {"raw_arguments": '"Paris"'}),
        ("[1]", {"raw_arguments": "[1]"}),
    ],
)
def test_arguments_become_an_object(broken: Any, sent: Any) -> None:
    calls = conformed([USER, caller(call(arguments=broken)), result()])[1]["tool_calls"]
    assert json.loads(calls[0]["function"]["arguments"]) == sent


def test_empty_assistant_messages_and_null_fields_are_left_out() -> None:
    dumped = {**ANSWER, "refusal": None, "tool_calls": None, "function_call": None}
    empty = {"role": "assistant", "content": None}
    assert conformed([USER, empty, USER, dumped, USER]) == [USER, USER, ANSWER, USER]


def test_legacy_function_calls_become_tool_calls() -> None:
    asked = {
        "role": "assistant",
        "content": None,
        "function_call": {"name": "f", "arguments": "{}"},
    }
    sent = conformed([USER, asked, {"role": "function", "name": "f", "content": "21"}])
    assert sent[2]["role"] == "tool"
    assert sent[2]["tool_call_id"] == sent[1]["tool_calls"][0]["id"]


def test_names_are_not_sent_to_models_that_refuse_them() -> None:
    named = {**USER, "name": "bob"}
    assert conformed([named], MISTRAL) == [USER]
    assert conformed([named], QWEN) == [named]


def test_user_after_tool_gets_a_word_of_the_assistant_between() -> None:
    sent = conformed([USER, caller(), result(), USER], MISTRAL)
    assert [m["role"] for m in sent] == ["user", "assistant", "tool", "assistant", "user"]


def test_text_beside_calls_joins_the_next_text_where_texts_alternate() -> None:
    messages = [USER, caller(content="First."), result(), ANSWER, USER]
    sent = conformed(messages, MISTRAL)
    assert sent[1]["content"] is None
    assert sent[3] == {"role": "assistant", "content": "First.\n\na"}


def test_several_calls_become_rounds_where_one_is_taken() -> None:
    messages = [USER, caller(call("a"), call("b")), result("a", "1"), result("b", "2")]
    sent = conformed(messages, LLAMA)
    assert sent == [
        USER,
        caller(call("a")),
        result("a", "1"),
        caller(call("b")),
        result("b", "2"),
    ]


def test_calls_become_text_when_the_template_has_no_tools() -> None:
    sent = conformed([USER, caller(), result()], GEMMA)
    assert sent[1:] == [
        {"role": "assistant", "content": 'Call of weather: {"city": "Paris"}'},
        {"role": "user", "content": "Result of weather: r"},
    ]


def test_last_assistant_message_is_followed_by_the_user_unless_it_is_a_prefix() -> None:
    assert conformed([USER, ANSWER], MISTRAL)[-1]["role"] == "user"
    prefix = {**ANSWER, "prefix": True}
    assert conformed([USER, prefix], MISTRAL) == [USER, prefix]


def test_parts_of_text_become_text_only_where_parts_are_not_taken() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    messages = [{"role": "user", "content": parts}]
    assert conformed(messages, FAMILIES["gpt-oss"])[0]["content"] == "a\nb"
    assert conformed(messages, QWEN) == messages


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def test_images_of_results_follow_as_a_user_message_or_are_named() -> None:
    messages = [USER, caller(), result(content=[{"type": "text", "text": "r"}, PICTURE])]
    *_, answer, shown = conformed(messages)
    assert answer == result()
    assert shown["content"][1] == PICTURE
    blind, _ = conform(messages, MILD, sees=False)
    assert blind[-1] == result(content="r\n[image/png]")


def test_every_model_of_the_catalog_has_a_family() -> None:
    ours = ("mistral", "gpt-oss", "qwen", "gemma", "llama", "granite", "nemotron")
    for model in catalog.all_models():
        for name in (model.id, model.root, *model.aliases):
            assert name is None or isinstance(get_family(name), Family)
        if (
            model.live
            and model.id.startswith(ours)
            and model.category in ("chat", "code", "vision")
        ):
            assert get_family(model.id).id != "unknown", model.id
    assert get_family("Qwen/Qwen3.6-27B-FP8") == get_family("qwen3.6:27b") == QWEN
    assert get_family("a-model-of-somebody-else").id == "unknown"


def test_every_rule_of_a_family_has_a_source() -> None:
    from importlib.resources import files

    table = json.loads(files("llmaas").joinpath("data", "families.json").read_text("utf-8"))
    for entry in table["families"]:
        assert all(rule["source"] for rule in entry["rules"].values()), entry["id"]
        assert entry.get("template") or entry["id"] in table["without_template"]


@pytest.mark.parametrize("role", ["critic", "Critic", "observation"])
@pytest.mark.parametrize("family", families(), ids=lambda family: family.id)
def test_message_of_an_unknown_role_is_the_users(family: Family, role: str) -> None:
    sent, notes = conform([{"role": "user", "content": "Hi"}, {"role": role, "content": "No."}],
                          family)  # fmt: skip
    assert {message["role"] for message in sent} == {"user"}
    assert "No." in str(sent)
    assert "role" in [note.kind for note in notes]


@pytest.mark.parametrize(
    ("role", "known"), [("User", "user"), ("SYSTEM", "system"), ("CHATBOT", "assistant")]
)
def test_roles_of_other_vendors_get_the_known_name(role: str, known: str) -> None:
    sent, _ = conform([{"role": role, "content": "A"}, {"role": "user", "content": "B"}])
    assert (known == "user") is (len({message["role"] for message in sent}) == 1)
    assert sent[0]["role"] == known


def test_arguments_hold_no_number_that_json_does_not_have() -> None:
    arguments = '{"x": NaN, "y": [Infinity, 1.5], "z": -Infinity}'
    call = {"id": "abc123456", "type": "function",
            "function": {"name": "f", "arguments": arguments}}  # fmt: skip
    result = {"role": "tool", "tool_call_id": "abc123456", "content": "ok"}
    caller = {"role": "assistant", "content": None, "tool_calls": [call]}
    sent, _ = conform([{"role": "user", "content": "Hi"}, caller, result])
    got = json.loads(sent[1]["tool_calls"][0]["function"]["arguments"])
    assert got == {"x": None, "y": [None, 1.5], "z": None}

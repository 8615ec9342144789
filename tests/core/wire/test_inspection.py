"""The cheap look at a request agrees with the full treatment, which it spares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llmaas.catalog.families import families
from llmaas.content_parts import holds_files, holds_images
from llmaas.messages import normalize_messages
from llmaas.ops.encoding import encode, encode_plain
from llmaas.wire.conversation.conform import conform
from llmaas.wire.conversation.inspection import accepts_plain, inspect_messages

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "What is 21 x 2?"}
ANSWER = {"role": "assistant", "content": "42"}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLER = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "a", "content": "42"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

NAMED = {**USER, "name": "anna"}

PLAIN: list[Any] = [
    *([USER], [SYSTEM, USER], [USER, ANSWER, USER], [SYSTEM, USER, ANSWER, USER]),
    *([NAMED], [USER, ANSWER, NAMED], [SYSTEM, NAMED, {**ANSWER, "name": "bot"}, NAMED]),
]
TEXTS: list[Any] = [
    [{**USER, "x": 1}],
    [{**SYSTEM, "name": "n"}, USER],
    [USER, CALLER, RESULT],
    [USER, ANSWER],
    [USER, USER],
    [USER, SYSTEM],
]
OTHERS: list[Any] = [
    [{"role": "user", "content": [IMAGE]}],
    [USER, ANSWER, {"role": "user", "content": [{"type": "image", "image": Path("a.png")}]}],
    [USER, {"role": "tool", "tool_call_id": "a", "content": [IMAGE]}],
    [{"content": "no role"}],
    ["no dict"],
    [],
    "",
    None,
]


@pytest.mark.parametrize("messages", PLAIN)
def test_look_finds_plain_conversation_when_nothing_has_to_be_done(messages: Any) -> None:
    look = inspect_messages(messages)
    assert look.is_plain
    assert look.size == sum(len(m["content"]) for m in messages)
    assert normalize_messages(messages) == messages
    for family in families():
        if accepts_plain(family, messages[0], has_names=look.has_names):
            assert conform(messages, family) == (messages, ())


@pytest.mark.parametrize("messages", [*PLAIN, *TEXTS])
def test_look_tells_size_when_messages_hold_texts_and_calls_only(messages: Any) -> None:
    assert inspect_messages(messages).size
    assert normalize_messages(messages) == messages
    assert not holds_files(messages)
    assert not holds_images(messages)


@pytest.mark.parametrize("messages", TEXTS)
def test_look_finds_no_plain_conversation_when_order_or_fields_differ(messages: Any) -> None:
    assert not inspect_messages(messages).is_plain


@pytest.mark.parametrize("messages", OTHERS)
def test_look_leaves_messages_to_a_closer_one_when_they_hold_more(messages: Any) -> None:
    assert not inspect_messages(messages).size


@pytest.mark.parametrize("text", ['"quoted" \\ \n\x00', "é 日本 😀", "\ud83d", '"messages":[]'])
def test_plain_body_is_written_as_any_other(text: str) -> None:
    messages = [SYSTEM, {"role": "user", "content": text}, ANSWER, {**USER, "name": text}]
    body = {"model": text, "messages": messages, "max_tokens": 5, "stop": ["x"]}
    assert encode_plain(body) == encode(body)
    assert json.loads(encode_plain(body))["messages"][0] == SYSTEM


def test_plain_body_is_written_as_it_is_when_a_message_was_changed_meanwhile() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": [IMAGE]}]}
    assert encode_plain(body) == encode(body)

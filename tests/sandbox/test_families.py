"""Each family refuses what its real chat template refuses, in its words; ``mild`` takes all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llmaas_sandbox.catalog import live_models
from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.families.check import check_conversation
from llmaas_sandbox.families.table import BY_NAME, FAMILIES, Family, get_family

CHAT = "/v1/chat/completions"
MODELS = {
    "mistral": "mistral-small4:119b",
    "qwen3.5": "qwen3.6:27b",
    "qwen-coder": "qwen-coder-next:80b",
    "qwen": "qwen3-vl:30b",
    "gpt-oss": "gpt-oss:120b",
    "llama": "llama3.3:70b",
    "gemma": "gemma4:31b",
    "nemotron": "nemotron-3-super:120b",
}


def system(text: str = "SYS") -> dict[str, Any]:
    return {"role": "system", "content": text}


def user(text: Any = "USER") -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str | None = "ANSWER") -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def called(*ids: str, arguments: str = '{"city": "Paris"}') -> dict[str, Any]:
    function = {"name": "weather", "arguments": arguments}
    calls = [{"id": i, "type": "function", "function": function} for i in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def result(call_id: str = "abc123456") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "RESULT"}


ONE = called("abc123456")
LONG = "call_0123456789abcdef"
ALTERNATE = "conversation roles must alternate"
PAIRS = "Can only get item pairs from a mapping."
CONVERSATIONS: dict[str, list[dict[str, Any]]] = {
    "plain with system": [system(), user(), said(), user()],
    "two systems first": [system(), system(), user()],
    "late system": [user(), system(), user()],
    "system last": [user(), said(), system()],
    "system only": [system()],
    "developer role": [{"role": "developer", "content": "SYS"}, user()],
    "two users": [user(), user()],
    "two assistants": [user(), said(), said(), user()],
    "assistant first": [said(), user()],
    "assistant last": [user(), said()],
    "empty assistant": [user(), said(""), user()],
    "null assistant": [user(), said(None), user()],
    "tool round": [user(), ONE, result(), said(), user()],
    "tool last": [user(), ONE, result()],
    "user after tool": [user(), ONE, result(), user()],
    "two calls": [user(), called("abc123456", "def123456"), result(), result("def123456")],
    "orphan result": [user(), result(), said(), user()],
    "dangling call": [user(), ONE, said(), user()],
    "long call id": [user(), called(LONG), result(LONG)],
    "content parts": [user([{"type": "text", "text": "USER"}])],
    "arguments no object": [user(), called("abc123456", arguments='"Paris"'), result()],
    "broken arguments": [user(), called("abc123456", arguments='{"ci'), result()],
}
REFUSED: dict[str, dict[str, str]] = {
    "mistral": {
        "two systems first": "got system",
        "late system": "got system",
        "system last": "got system",
        "developer role": "got developer",
        "two users": ALTERNATE,
        "two assistants": ALTERNATE,
        "assistant first": ALTERNATE,
        "assistant last": "Expected last role User or Tool",
        "empty assistant": "Assistant message must have",
        "null assistant": "Assistant message must have",
        "user after tool": ALTERNATE,
        "orphan result": "Unexpected role 'tool' after role 'user'",
        "dangling call": "Not the same number of function calls and responses",
        "long call id": "Tool call IDs should be alphanumeric strings with length 9!",
        "broken arguments": "Unterminated string",
    },
    "qwen3.5": {
        "two systems first": "System message must be at the beginning.",
        "late system": "System message must be at the beginning.",
        "system last": "System message must be at the beginning.",
        "system only": "No user query found in messages.",
        "developer role": "Unexpected message role.",
        "arguments no object": PAIRS,
        "broken arguments": PAIRS,
    },
    "qwen-coder": {"arguments no object": PAIRS, "broken arguments": PAIRS},
    "qwen": {"broken arguments": "Unterminated string"},
    "gpt-oss": {
        "orphan result": "Message has tool role, but there was no previous assistant message",
        "broken arguments": "Unterminated string",
    },
    "llama": {"two calls": "single tool-calls at once", "broken arguments": "Unterminated"},
    "gemma": {"broken arguments": "Unterminated string"},
    "nemotron": {"arguments no object": PAIRS, "broken arguments": PAIRS},
}


@pytest.mark.parametrize("kind", CONVERSATIONS)
@pytest.mark.parametrize("family", MODELS)
def test_family_refuses_in_its_words_when_its_template_does(
    ask: Any, family: str, kind: str
) -> None:
    heard = ask(CHAT, {"model": MODELS[family], "messages": CONVERSATIONS[kind]})
    words = REFUSED[family].get(kind)
    if words is None:
        assert heard.status == 200, heard.body
    else:
        assert heard.status == 400
        assert words in heard.json["error"]["message"]


@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_mild_model_takes_every_conversation(ask: Any, kind: str) -> None:
    body = {"model": MODELS["mistral"], "messages": CONVERSATIONS[kind]}
    assert ask(CHAT, body, headers={"x-sandbox-fault": "mild"}).status == 200
    assert ask(CHAT, {**body, "model": "sandbox/mild"}).status == 200


def test_another_family_s_rules_apply_when_named(ask: Any) -> None:
    body = {"model": "sandbox/template:gemma2", "messages": [system(), user()]}
    heard = ask(CHAT, body)
    assert (heard.status, heard.json["error"]["message"]) == (400, "System role not supported")
    unknown = ask(CHAT, {**body, "model": "sandbox/template:nope"})
    assert "no family 'nope'" in unknown.json["error"]["message"]


def test_every_live_chat_model_has_a_family() -> None:
    chats = [m for m in live_models() if m.category in ("chat", "vision", "code")]
    none = {m.id for m in chats if get_family(m.id) is None}
    assert none == {"functiongemma:270m"}


def test_every_family_names_its_source() -> None:
    assert all(".jinja" in family.source for family in FAMILIES)


def test_mistral_takes_its_own_calls_back(ask: Any) -> None:
    tool = {"name": "get_weather", "description": "Weather of a city.", "parameters": {}}
    body = {
        "model": MODELS["mistral"],
        "messages": [user("What is the weather in Paris?")],
        "tools": [{"type": "function", "function": tool}],
    }
    message = ask(CHAT, body).json["choices"][0]["message"]
    (call,) = message["tool_calls"]
    assert len(call["id"]) == 9
    assert call["id"].isalnum()
    body["messages"] += [message, result(call["id"])]
    assert ask(CHAT, body).status == 200


@pytest.mark.parametrize("name", ["Page[int]", "a b", "", "x" * 65, "é"])
def test_name_of_a_tool_is_refused_when_functions_may_not_have_it(ask: Any, name: str) -> None:
    tools = [{"type": "function", "function": {"name": name}}]
    heard = ask(CHAT, {"model": MODELS["gemma"], "messages": [user()], "tools": tools})
    assert heard.status == 400


def test_name_of_a_schema_is_refused_when_functions_may_not_have_it(ask: Any) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "Page[int]", "schema": {}}}
    body = {"model": MODELS["gemma"], "messages": [user()], "response_format": form}
    assert ask(CHAT, body).json["error"]["param"] == "response_format.json_schema.name"


def test_image_is_refused_when_the_model_is_blind(ask: Any) -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    heard = ask(CHAT, {"model": "gpt-oss:120b", "messages": [user(parts)]})
    assert heard.status == 400
    assert heard.json["error"]["message"] == "gpt-oss:120b is not a multimodal model"
    assert ask(CHAT, {"model": "gemma4:31b", "messages": [user(parts)]}).status == 200


@pytest.mark.parametrize(
    ("size", "wanted", "words"),
    [
        (100, 101, "max_tokens=101 cannot be greater than max_model_len=100."),
        (100, 51, "This model's maximum context length is 100 tokens. However, you requested 51 "),
        (50, 1, "However, your prompt contains at least 50 input tokens, which exceeds"),
        (100, 50, None),
        (100, None, None),
    ],
)
def test_window_is_refused_in_recorded_words(
    ask: Any, size: int, wanted: int | None, words: str | None
) -> None:
    """Prompt + max_tokens may not exceed the window, by one token (reference 16)."""
    body = {"model": f"sandbox/window:{size}", "messages": [user("word" * 50)]}
    heard = ask(CHAT, body | ({"max_tokens": wanted} if wanted else {}))
    assert heard.status == (400 if words else 200), heard.body
    assert (words or "") in heard.body.decode()


def test_window_of_the_catalog_applies(ask: Any) -> None:
    body = {"model": "gpt-oss:120b", "messages": [user()], "max_tokens": 131_072}
    heard = ask(CHAT, body)
    assert "for a total of at least 131073 tokens" in heard.json["error"]["message"]
    assert ask(CHAT, {**body, "max_tokens": 131_071}).status == 200


def test_answer_names_the_root_of_the_model(ask: Any) -> None:
    """Recorded: the answer names the engine's model, not the requested one (reference 16)."""
    heard = ask(CHAT, {"model": "qwen3.6:27b", "messages": [user()]})
    assert heard.json["model"] == "Qwen/Qwen3.6-27B-FP8"


def test_rules_survive_malformed_histories() -> None:
    odd: list[dict[str, Any]] = [
        {"role": "assistant", "tool_calls": "text"},
        {"role": "assistant", "tool_calls": [None, {"function": 5}, {"id": []}]},
        {"role": "tool", "tool_call_id": "x", "content": "y", "name": 5},
        {"role": "user", "content": [{"type": "text", "text": "x"}]},
    ]
    for family in BY_NAME.values():
        for message in odd:
            assert _status([message, *odd], family) in (200, 400), json.dumps(message)


def _status(messages: list[dict[str, Any]], family: Family) -> int:
    try:
        check_conversation(messages, family)
    except Refusal as refused:
        return refused.status
    return 200

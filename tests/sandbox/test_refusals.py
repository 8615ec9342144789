from typing import Any

import pytest

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Bonjour"}]
GOOD = {"model": "gemma4:31b", "messages": HELLO}


@pytest.mark.parametrize("key", [None, "sk-wrong"])
def test_a_wrong_or_missing_key_is_refused(ask: Any, key: str | None) -> None:
    heard = ask(CHAT, GOOD, key=key)
    assert heard.status == 401
    assert heard.json == {
        "error": {"message": "Invalid API key provided", "type": "authentication_error"}
    }


def test_an_unknown_model_is_not_found(ask: Any) -> None:
    heard = ask(CHAT, {**GOOD, "model": "nope:1b"})
    assert heard.status == 404
    assert heard.json["error"]["code"] == "model_not_found"
    assert heard.json["error"]["param"] == "model"


listed = {"type": "function", "function": {"name": "f", "parameters": {"properties": [5]}}}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": True}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages"),
        ({"model": None}, "model"),
        ({"model": 7}, "model"),
        ({"model": "bge-m3:567m"}, "model"),
        ({"tools": [{"type": "retrieval"}]}, "tools"),
        ({"tools": [listed], "tool_choice": "required"}, "tools"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
    ],
)
def test_a_bad_parameter_is_named(ask: Any, change: dict[str, Any], param: str) -> None:
    heard = ask(CHAT, {**GOOD, **change})
    assert heard.status == 400
    assert heard.json["error"]["param"] == param
    assert heard.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nope", b"[1]", b'{"a": NaN}', b"\xff\xfe", b"[" * 10_000 + b"]" * 10_000]
)
def test_what_is_not_a_json_object_is_refused(ask: Any, body: bytes) -> None:
    assert ask(CHAT, body).status == 400


def test_another_content_type_is_refused(ask: Any) -> None:
    assert ask(CHAT, b"hello", headers={"content-type": "text/plain"}).status == 415


def test_a_body_that_is_too_large_is_refused(ask: Any, llmaas_sandbox: Any) -> None:
    size = str(llmaas_sandbox.config.max_body_bytes + 1)
    heard = ask(CHAT, b"x", headers={"content-length": size})
    assert heard.status == 413


def test_an_unknown_path_is_not_found(ask: Any) -> None:
    for path in ("/v1/responses", "/v1/models/gpt-oss:120b", "/v1/moderations"):
        heard = ask(path)
        assert heard.status == 404
        assert heard.json["error"]["type"] == "invalid_request_error"


def test_what_no_endpoint_takes_is_in_the_journal(ask: Any, llmaas_sandbox: Any) -> None:
    ask("/v1/v1/chat/completions", GOOD)
    ask("/v1/models", {}, method="POST")
    told = [(r.method, r.path, r.status, r.finished) for r in llmaas_sandbox.requests]
    assert told == [
        ("POST", "/v1/v1/chat/completions", 404, True),
        ("POST", "/v1/models", 405, True),
    ]
    assert llmaas_sandbox.api_key not in str(list(llmaas_sandbox.requests))


def test_a_misspelt_fault_is_refused(ask: Any) -> None:
    heard = ask(CHAT, GOOD, faults="staall")
    assert heard.status == 400
    assert "staall" in heard.json["error"]["message"]


def test_a_conversation_beyond_the_context_is_refused(ask: Any) -> None:
    messages = [{"role": "user", "content": "mot " * 60_000}]
    assert ask(CHAT, {"model": "functiongemma:270m", "messages": messages}).status == 400


def test_a_flood_of_headers_is_survived(ask: Any) -> None:
    flood = {f"x-flood-{i}": "y" * 200 for i in range(2000)}
    ask(CHAT, GOOD, headers=flood)
    assert ask(CHAT, GOOD).status == 200

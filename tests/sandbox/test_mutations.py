"""Every part of good requests replaced by odd values: refused or answered, never a 500."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "pattern": "^a+$", "minLength": 1},
        "b": {"anyOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/$defs/c"}]},
        "d": {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 1},
    },
    "required": ["a", "b", "d"],
    "additionalProperties": False,
    "$defs": {"c": {"type": "object", "additionalProperties": {"type": "number"}}},
}
TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "Finds rivers.", "parameters": SCHEMA},
}
CALL = {
    "id": "abc123456",
    "type": "function",
    "function": {"name": "f", "arguments": '{"a": "a"}'},
}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
CHAT = {
    "model": "gemma4:31b",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Rivers?"}, IMAGE]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "abc123456", "name": "f", "content": "The Loire."},
        {"role": "user", "content": "And?"},
    ],
    "tools": [TOOL],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": SCHEMA, "strict": True},
    },
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_tokens": 50,
    "temperature": 0.5,
    "top_p": 0.5,
    "n": 2,
    "stop": ["x"],
    "seed": 1,
    "logprobs": True,
    "top_logprobs": 2,
    "logit_bias": {"1": 2},
    "reasoning_effort": "low",
    "chat_template_kwargs": {"enable_thinking": True},
    "parallel_tool_calls": False,
}
JSON_ANSWER = {k: v for k, v in CHAT.items() if k not in ("tools", "tool_choice", "stream")}
JSON_ANSWER = {k: v for k, v in JSON_ANSWER.items() if k != "stream_options"}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", CHAT),
    "json": ("/v1/chat/completions", JSON_ANSWER),
    "embeddings": (
        "/v1/embeddings",
        {
            "model": "qwen3-embedding:0.6b",
            "input": ["a"],
            "dimensions": 8,
            "encoding_format": "float",
        },
    ),
    "rerank": (
        "/v1/rerank",
        {
            "model": "qwen3-reranker:4b",
            "query": "q",
            "documents": ["a", "b"],
            "top_n": 1,
            "return_documents": True,
        },
    ),
    "batch": (
        "/v1/chat/completions/batch",
        {"model": "gemma4:31b", "messages": [[{"role": "user", "content": "x"}]]},
    ),
    "speech": (
        "/v1/audio/speech",
        {"model": "kokoro", "input": "x", "voice": "v", "speed": 1, "response_format": "wav"},
    ),
    "image": ("/v1/images/generations", {"model": "z-image:16b", "prompt": "x", "size": "64x64"}),
    "key": ("/admin/keys", {"tenant": "a", "models": ["x"], "tier": "1", "rotate_every": 5}),
    "alerts": ("/admin/alerts", {"rules": [{"name": "x", "measure": "requests", "threshold": 1}]}),
    "script": ("/admin/script", {"steps": [{"status": 200, "headers": {"a": "b"}, "json": {}}]}),
    "clock": ("/admin/clock", {"advance": 1}),
    "faults": ("/admin/faults", {"faults": ""}),
}
ODD: list[Any] = [
    *(None, True, -1, 10**30, 1.5, "", "x", "\ud83d", "\0", [], [None], [[]], {}, {"$ref": "#"}),
    {"type": ["string", 5]},
]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every part of a value."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in items:
        yield from paths(inner, (*at, key))


def replaced(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return changed


@pytest.mark.parametrize("name", REQUESTS)
def test_odd_value_is_never_a_server_error(
    ask: Any, connect: Any, llmaas_sandbox: Any, name: str
) -> None:
    path, body = REQUESTS[name]
    admin = path.startswith("/admin")
    key = llmaas_sandbox.admin_key if admin else llmaas_sandbox.api_key
    method = "PUT" if name in ("alerts", "faults") else "POST"
    sock, bad = connect(), []
    for at in paths(body):
        for odd in ODD:
            sent = json.dumps(replaced(body, at, odd)).encode()
            heard = ask(path, sent, key=key, sock=sock, method=method)
            if heard.status >= 500 and heard.status not in (501, 502):
                bad.append((at, odd, heard.status))
            if heard.headers.get("connection") == "close" or heard.end != "complete":
                sock = connect()
            llmaas_sandbox.state.scripted_responses.clear()
    assert not bad
    if not admin:
        assert ask("/v1/models", key=llmaas_sandbox.api_key).status == 200

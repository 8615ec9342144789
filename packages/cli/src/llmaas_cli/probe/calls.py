"""Builders of calls, and the replacement of names in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from llmaas.raw import RawRequest
from llmaas_cli.probe.model import Call

CHAT = "/v1/chat/completions"
OK = "Answer with the word OK."
_NAME = re.compile(r"\{(\w+)\}")
_BOUNDARY = "llmaas-probe-boundary"
_INPUTS = ("messages", "input", "documents", "file")
_BILLED = ("max_tokens", "max_completion_tokens", "n", "tools", "response_format", "stream")


def chat(
    messages: str | list[Any] = OK,
    *,
    call: Mapping[str, Any] | None = None,
    max_tokens: int | str | None = 16,
    **params: Any,
) -> Call:
    """Build a chat call; ``call`` are fields of ``Call``, a parameter ``also`` is merged."""
    body: dict[str, Any] = {"model": "{model}", "messages": user(messages)}
    if max_tokens is not None:
        body["max_tokens"] = max_tokens
    if "also" in params:
        params["**"] = params.pop("also")
    return Call(**{"path": CHAT, "body": {**body, **params}, "operation": "chat", **(call or {})})


def stream(messages: str | list[Any] = OK, **params: Any) -> Call:
    """Build a streamed chat call that requests the usage."""
    return chat(messages, stream=True, stream_options={"include_usage": True}, **params)


def embed(texts: object, *, call: Mapping[str, Any] | None = None, **params: Any) -> Call:
    """Build an embeddings call."""
    body = {"model": "{model}", "input": texts, **params}
    return Call(
        **{"path": "/v1/embeddings", "body": body, "operation": "embeddings", **(call or {})}
    )


def rerank(documents: Any, query: str = "price of coffee", path: str = "/v1/rerank",
           **params: object) -> Call:  # fmt: skip
    """Build a rerank call."""
    body = {"model": "{model}", "query": query, "documents": documents, **params}
    return Call(path, body, operation="rerank")


def transcribe(**fields: str) -> Call:
    """Build a transcription call of half a second of silence."""
    form = {"model": "{model}", "file": "{silence}", **fields}
    return Call("/v1/audio/transcriptions", form=form, operation="transcription")


def get(path: str, **fields: Any) -> Call:
    """Build a GET call."""
    return Call(path, method="GET", **fields)


def user(messages: str | list[Any]) -> list[Any]:
    """Return messages; a text is a user's."""
    return [{"role": "user", "content": messages}] if isinstance(messages, str) else messages


def fill(value: Any, values: Mapping[str, Any]) -> Any:
    """Replace names in braces; the fields of ``**`` are merged into their object."""
    if isinstance(value, str):
        whole = _NAME.fullmatch(value)
        if whole and whole[1] in values:
            return values[whole[1]]
        return _NAME.sub(lambda found: str(values.get(found[1], found[0])), value)
    if isinstance(value, Mapping):
        filled = {name: fill(inner, values) for name, inner in value.items() if name != "**"}
        return {**filled, **fill(value["**"], values)} if "**" in value else filled
    return [fill(inner, values) for inner in value] if isinstance(value, list | tuple) else value


def build(call: Call, values: Mapping[str, object]) -> tuple[RawRequest, Any]:
    """Build the request of a call, and its body as JSON."""
    body = fill(call.body, values)
    form = None if call.form is None else fill(call.form, values)
    fields = form or (body if isinstance(body, Mapping) else {})
    params = {name: fields[name] for name in _BILLED if fields.get(name) is not None}
    if call.billed is not None:
        params = {**params, "max_tokens": call.billed}
    headers = {} if call.key is None else {"authorization": f"Bearer {call.key}".strip()}
    data, kind = _encode(call, body, form)
    return RawRequest(
        str(fill(call.path, values)),
        data,
        call.method,
        {**headers, **kind},
        call.operation,
        str(fields.get("model", "")),
        next((fields[name] for name in _INPUTS if name in fields), None),
        params,
        call.max_events,
    ), body


def _encode(
    call: Call, body: object, form: Mapping[str, Any] | None
) -> tuple[bytes | None, dict[str, str]]:
    if form is not None:
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        return _multipart(form), {"content-type": kind}
    if call.text is not None:
        return call.text.encode(), {}
    return (None, {}) if body is None else (json.dumps(body).encode(), {})


def _multipart(fields: Mapping[str, object]) -> bytes:
    """Encode a form; a field of bytes is a file."""
    parts = []
    for name, value in fields.items():
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="probe.wav"\r\nContent-Type: audio/wav'
        data = value if isinstance(value, bytes) else str(value).encode()
        parts.append(head.encode() + b"\r\n\r\n" + data + b"\r\n")
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()

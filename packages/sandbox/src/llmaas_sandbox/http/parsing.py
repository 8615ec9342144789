"""Parsing of request bodies: size, content type, JSON and forms."""

from __future__ import annotations

import json
from collections.abc import Mapping

from python_multipart.exceptions import FormParserError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from llmaas_sandbox.errors import Refusal, bad_request, status_error
from llmaas_sandbox.http.exchange import Endpoint

_TYPES = {"json": "application/json", "form": "multipart/form-data"}
_CLIENT_LEFT = 499
"""What proxies write into their logs; nobody is there to read it."""


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """Read the body; reject more than ``limit`` bytes (413) and incomplete bodies (499)."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large()
    message = await receive()
    body = message.get("body", b"")
    if message.get("more_body") or message["type"] != "http.request":
        body = await _read_rest(message, receive, limit)
    if len(body) > limit:
        raise _too_large()
    return bytes(body)


async def _read_rest(message: Message, receive: Receive, limit: int) -> bytes:
    """Read the remaining parts of a body."""
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise status_error(_CLIENT_LEFT)
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large()
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


def _too_large() -> Refusal:
    return bad_request("Payload Too Large", status=413)


def parse_json(raw: bytes) -> object:
    """Parse strict JSON; reject anything else (400)."""
    try:
        is_plain = raw[:2] in (b'{"', b"{\n")  # two bytes that no other encoding begins with
        encoding = "utf-8" if is_plain else json.detect_encoding(raw)
        return _decode(raw.decode(encoding, "surrogatepass"))
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON") from None


def _no_constant(name: str) -> object:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def check_type(headers: Mapping[str, str], endpoint: Endpoint) -> None:
    """Reject a content type that the endpoint does not accept (415)."""
    written = headers.get("content-type", "")
    requested = _TYPES.get(endpoint.takes)
    if written == requested:
        return
    given = written.partition(";")[0].strip().lower()
    if requested and given and given != requested:
        raise bad_request(f"Unsupported Media Type: send {requested}", status=415)


async def parse_form(scope: Scope, raw: bytes) -> dict[str, object]:
    """Parse a multipart form from its bytes; each file becomes (name, bytes)."""

    async def replay() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    try:
        form = await Request(scope, replay).form()
    except HTTPException as problem:  # of a form in an application of starlette's
        raise bad_request(f"The form is not valid: {problem.detail}") from None
    except (MultiPartException, FormParserError) as problem:  # the second in older starlettes
        raise bad_request(f"The form is not valid: {problem}") from None
    fields: dict[str, object] = {}
    for name, value in form.multi_items():
        fields[name] = value if isinstance(value, str) else (value.filename, await value.read())
    await form.close()
    return fields

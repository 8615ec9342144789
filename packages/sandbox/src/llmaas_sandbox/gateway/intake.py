"""Taking a request in: its size, its type, its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from llmaas_sandbox.errors import bad_request, of_status
from llmaas_sandbox.gateway.exchange import Endpoint

_CLIENT_LEFT = 499
"""What proxies write into their logs; nobody is there to read it."""


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body; refuse more than ``limit`` bytes (413), and half a body (499)."""
    too_large = bad_request("Payload Too Large", status=413)
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > limit:
                raise too_large
    except ClientDisconnect:
        raise of_status(_CLIENT_LEFT) from None
    return bytes(body)


def parse_json(raw: bytes) -> Any:
    """Parse strict JSON; refuse anything else, however deep (400)."""
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def check_type(headers: Mapping[str, str], endpoint: Endpoint) -> None:
    """Refuse a content type that the endpoint does not take (415)."""
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = {"json": "application/json", "form": "multipart/form-data"}.get(endpoint.takes)
    if wanted and given and given != wanted:
        raise bad_request(f"Unsupported Media Type: send {wanted}", status=415)


async def parse_form(request: Request, raw: bytes) -> dict[str, Any]:
    """Parse a multipart form whose bytes were read already; each file becomes (name, bytes)."""

    async def replay() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    try:
        form = await Request(request.scope, replay).form()
    except HTTPException as problem:
        raise bad_request(f"The form is not valid: {problem.detail}") from None
    fields: dict[str, Any] = {}
    for name, value in form.multi_items():
        fields[name] = value if isinstance(value, str) else (value.filename, await value.read())
    await form.close()
    return fields

"""Drift check: send recorded requests to the sandbox and compare the responses."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.helpers.cassettes.format import KEPT_HEADERS, written_body

WRONG_KEY = "sk-test-wrong"
"""Requests are kept without their key; who was recorded as refused is refused again."""

Message = Mapping[str, Any]


def replay(cassette: Message, root: str, key: str) -> Iterator[tuple[Message, Message]]:
    """Yield each recorded response and, in the same form, what the sandbox answers now."""
    faults = cassette.get("provoked", "")
    for exchange in cassette["exchanges"]:
        recorded = exchange["response"]
        shown = WRONG_KEY if recorded["status"] == 401 else key
        request = _request(exchange["request"], root)
        request.add_header("Authorization", f"Bearer {shown}")
        request.add_header("x-sandbox-fault", faults)
        yield recorded, _received(request)


def _request(told: Message, root: str) -> urllib.request.Request:
    parts = urlsplit(told["uri"])
    url = root + parts.path + (f"?{parts.query}" if parts.query else "")
    if "json" in told:
        body, kind = json.dumps(told["json"]).encode(), "application/json"
    else:
        body = base64.b64decode(told.get("base64", "")) or told.get("text", "").encode()
        kind = "multipart/form-data; boundary=BOUNDARY"
    data = body if told["method"] == "POST" else None
    return urllib.request.Request(url, data, {"Content-Type": kind}, method=told["method"])


def _received(request: urllib.request.Request) -> Message:
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        told = {name.lower(): value for name, value in sorted(answer.headers.items())}
        headers = {name: told[name] for name in sorted(KEPT_HEADERS & told.keys())}
        return {"status": answer.status, "headers": headers, **written_body(answer.read())}


def shape(response: Message) -> Message:
    """Return what two answers have in common though they say different things."""
    return {
        "status": response["status"],
        "headers": sorted(response["headers"]),
        "content-type": response["headers"].get("content-type", "").partition(";")[0],
        "body": _shape_of_body(response),
    }


def _shape_of_body(response: Message) -> Any:
    if "json" in response:
        return shape_of_value(response["json"])
    return _shape_of_text(response["text"]) if "text" in response else "bytes"


def shape_of_value(value: Any) -> Any:
    """Return the keys and types of a JSON value; of a list, those of any of its items."""
    if isinstance(value, dict):
        return {key: shape_of_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape_of_value(item), sort_keys=True) for item in value})
    return "number" if isinstance(value, int | float) else type(value).__name__


def _shape_of_text(text: str) -> Any:
    """Return the shapes of a stream's events, whatever their number and order."""
    return sorted({_shape_of_event(event) for event in text.split("\n\n") if event.strip()})


def _shape_of_event(event: str) -> str:
    field, _, data = event.partition(": ")
    try:
        return f"{field}: {json.dumps(shape_of_value(json.loads(data)), sort_keys=True)}"
    except ValueError:
        return event

"""One request and its answer, parsed without any repair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from llmaas.raw import RawRequest, RawResponse


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    request: RawRequest
    response: RawResponse
    body: Any = field(default=None, repr=False)
    """JSON of the request."""

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return "event-stream" in self.response.headers.get("content-type", "")

    @cached_property
    def json(self) -> Any:
        """JSON of the answer; None if it is not JSON."""
        with suppress(ValueError):
            return json.loads(self.response.body)
        return None

    @cached_property
    def data(self) -> list[bytes]:
        """Data of each event of a stream."""
        lines = self.response.body.replace(b"\r\n", b"\n").split(b"\n")
        return [line[5:].strip() for line in lines if line.startswith(b"data:")]

    @cached_property
    def events(self) -> list[dict[str, object]]:
        """JSON objects of a stream."""
        return list(self._parse_events())

    def _parse_events(self) -> Iterator[dict[str, object]]:
        for data in self.data:
            with suppress(ValueError):
                value = json.loads(data)
                if isinstance(value, dict):
                    yield value

    @cached_property
    def deltas(self) -> list[Mapping[str, object]]:
        """Deltas of the first choice of a stream."""
        choices = [choice for event in self.events for choice in dicts(event.get("choices"))]
        return [as_dict(each.get("delta")) for each in choices if each.get("index", 0) == 0]

    @cached_property
    def choice(self) -> Mapping[str, Any]:
        """First choice of the answer; that of a stream has its finish reason only."""
        if not self.is_stream:
            return next(iter(dicts(as_dict(self.json).get("choices"))), {})
        choices = [choice for event in self.events for choice in dicts(event.get("choices"))]
        return next((each for each in reversed(choices) if each.get("finish_reason")), {})

    @cached_property
    def message(self) -> Mapping[str, Any]:
        """Message of the first choice; that of a stream joined from its deltas."""
        return join(self.deltas) if self.is_stream else as_dict(self.choice.get("message"))

    @cached_property
    def usage(self) -> Mapping[str, Any]:
        """Usage of the answer, or the last one of a stream."""
        if self.is_stream:
            return next((u for e in reversed(self.events) if (u := as_dict(e.get("usage")))), {})
        return as_dict(as_dict(self.json).get("usage"))

    @cached_property
    def error(self) -> Mapping[str, Any]:
        """Error object of the answer: in ``error``, in ``detail`` or in an event."""
        body = as_dict(self.json)
        for event in self.events if self.is_stream else ():
            body = event if "error" in event else body
        inner = body.get("error", as_dict(body.get("detail")).get("error"))
        return as_dict(inner)


def join(deltas: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Join the deltas of a message; the parts of each tool call by their index or id."""
    message: dict[str, Any] = {}
    calls: list[dict[str, Any]] = []
    for delta in deltas:
        for name, value in delta.items():
            if isinstance(value, str) and name != "role":
                message[name] = (message.get(name) or "") + value
            elif name != "tool_calls":
                message.setdefault(name, value)
        for part in dicts(delta.get("tool_calls")):
            _add_part(calls, part)
    return {**message, "tool_calls": calls} if calls else message


def _add_part(calls: list[dict[str, Any]], part: Mapping[str, Any]) -> None:
    index = part.get("index")
    known = next((call for call in calls if call["index"] == index), None)
    function = as_dict(part.get("function"))
    if known is None or index is None:
        calls.append({"index": index, "id": part.get("id"), "function": dict(function)})
        return
    more, inner = function.get("arguments"), known["function"]
    if isinstance(more, str):
        inner["arguments"] = (inner.get("arguments") or "") + more


def as_dict(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for another value."""
    return value if isinstance(value, dict) else {}


def dicts(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a JSON list; none for another value."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

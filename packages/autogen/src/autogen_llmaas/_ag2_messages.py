"""AG2's history as messages, tool calls with invalid arguments included.

AG2 runs no call whose arguments do not parse, such as one that was truncated: its tool reports
an error. AG2's converter parses them once more, and raises. So it gets ``{}`` in their place,
and the request the text that the model wrote, which the core changes to what engines take.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from copy import copy
from typing import TYPE_CHECKING, Any

from ag2.config.openai.mappers import convert_messages
from ag2.events import ModelResponse, ToolCallEvent, ToolCallsEvent

if TYPE_CHECKING:
    from ag2.events import BaseEvent
    from fast_depends.library.serializer import SerializerProto


def to_wire(
    prompt: list[str], events: Iterable[BaseEvent], serializer: SerializerProto
) -> list[Any]:
    """Convert a conversation; the arguments of each call are as the model wrote them."""
    written: dict[str, str] = {}
    events = [_convertible(event, written) for event in events]
    wire: list[Any] = convert_messages(prompt, events, serializer)
    for call in _calls(wire):
        call["function"]["arguments"] = written.get(call["id"], call["function"]["arguments"])
    return wire


def _convertible(event: BaseEvent, written: dict[str, str]) -> BaseEvent:
    """Replace the arguments that do not parse, and keep them in ``written`` by the call's id."""
    if not isinstance(event, ModelResponse):
        return event
    invalid = {call.id: call.arguments for call in event.tool_calls.calls if not _is_valid(call)}
    if not invalid:
        return event
    written |= invalid
    event = copy(event)
    event.tool_calls = ToolCallsEvent([_emptied(c, invalid) for c in event.tool_calls.calls])
    return event


def _emptied(call: ToolCallEvent, invalid: dict[str, str]) -> ToolCallEvent:
    if call.id not in invalid:
        return call
    call = copy(call)
    call.arguments = "{}"
    return call


def _is_valid(call: ToolCallEvent) -> bool:
    try:
        json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return False
    return True


def _calls(wire: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for message in wire:
        yield from message.get("tool_calls") or ()

"""Conversion of AG2's history to messages, including calls with invalid arguments.

AG2 reports an error for a call whose arguments do not parse, such as a truncated one, but its
converter parses them again and raises. The converter therefore receives ``{}``, and the request
the model's text, which the core adapts to what engines accept.
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


def to_api_messages(
    prompt: list[str], events: Iterable[BaseEvent], serializer: SerializerProto
) -> list[Any]:
    """Convert a conversation; tool call arguments are those that the model wrote."""
    original_arguments: dict[str, str] = {}
    events = [_with_valid_arguments(event, original_arguments) for event in events]
    api_messages: list[Any] = convert_messages(prompt, events, serializer)
    for call in _tool_calls(api_messages):
        call["function"]["arguments"] = original_arguments.get(
            call["id"], call["function"]["arguments"]
        )
    return api_messages


def _with_valid_arguments(event: BaseEvent, original_arguments: dict[str, str]) -> BaseEvent:
    """Replace invalid arguments and store them in ``original_arguments`` by call id."""
    if not isinstance(event, ModelResponse):
        return event
    invalid = {call.id: call.arguments for call in event.tool_calls.calls if not _is_valid(call)}
    if not invalid:
        return event
    original_arguments |= invalid
    event = copy(event)
    event.tool_calls = ToolCallsEvent(
        [_without_arguments(c, invalid) for c in event.tool_calls.calls]
    )
    return event


def _without_arguments(call: ToolCallEvent, invalid: dict[str, str]) -> ToolCallEvent:
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


def _tool_calls(api_messages: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for message in api_messages:
        yield from message.get("tool_calls") or ()

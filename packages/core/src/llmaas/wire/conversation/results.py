"""Pairing of tool calls and results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmaas.wire.conversation.calls import Calls
from llmaas.wire.conversation.contents import (
    Message,
    content_text,
    image_kind,
    media_parts,
    text_part,
    user,
)
from llmaas.wire.conversation.family import Family
from llmaas.wire.conversation.notes import Notes

MISSING = "No result: the call did not return."
ATTACHED = "Attached to the tool results above:"
SEE_BELOW = "See the attachment below."
_RESULTS = ("tool", "function")


class _PendingCall:
    """Call without a result so far."""

    __slots__ = ("call", "place", "result")

    def __init__(self, call: dict[str, Any], place: int) -> None:
        self.call, self.place = call, place
        self.result: Message | None = None

    def is_answered_by(self, result: Message) -> bool:
        """Whether a result belongs to this call: by id, then by name, then by position."""
        id_ = result.get("tool_call_id")
        if id_:
            return bool(id_ == self.call.get("id"))
        name = result.get("name")
        return name is None or name == (self.call.get("function") or {}).get("name")


def pair_results(
    messages: Sequence[Message], family: Family, notes: Notes, *, sees: bool = True
) -> list[Message]:
    """Arrange messages so that each call is followed by its result, in the order of the calls.

    If the model does not support images (``sees``), images of results become their names.
    """
    if not sees:
        messages = [_name_images(m, notes) if m["role"] in _RESULTS else m for m in messages]
    groups, orphans = _match(messages, notes)
    if not groups and not orphans:
        return list(messages)
    calls = Calls(family, notes)
    paired: list[Message] = []
    for place, message in enumerate(messages):
        if place in groups:
            paired += _round(message, groups[place], calls, notes)
        elif place in orphans:
            notes.add("orphan_result")
            paired.append(_to_user_message(message))
        elif message["role"] not in _RESULTS:
            paired.append(message)
    return paired


def _match(
    messages: Sequence[Message], notes: Notes
) -> tuple[dict[int, list[_PendingCall]], set[int]]:
    """Find the call of each result; return calls by message position, and orphaned results."""
    groups: dict[int, list[_PendingCall]] = {}
    orphans: set[int] = set()
    for place, message in enumerate(messages):
        if "tool_calls" in message and message["role"] == "assistant":
            groups[place] = [_PendingCall(call, place) for call in message["tool_calls"]]
        elif message["role"] in _RESULTS:
            found = _find(groups, message)
            if found is None:
                orphans.add(place)
            else:
                found.result = message
                number = groups[found.place].index(found)
                if found.place + 1 + number != place:
                    notes.add("result_order")
    return groups, orphans


def _find(groups: dict[int, list[_PendingCall]], result: Message) -> _PendingCall | None:
    """Return the pending call that a result answers, from the latest message that has one."""
    for group in reversed(groups.values()):
        for each in group:
            if each.result is None and each.is_answered_by(result):
                return each
        if not result.get("tool_call_id"):
            return None  # without an id it can only answer the latest calls
    return None


def _round(
    message: Message, group: list[_PendingCall], calls: Calls, notes: Notes
) -> Iterator[Message]:
    """Yield a message with calls, their results, and a user message with media of the results."""
    clean = [calls.clean(each.call) for each in group]
    yield message if clean == message["tool_calls"] else {**message, "tool_calls": clean}
    shown: list[object] = []
    for each, call in zip(group, clean, strict=True):
        if each.result is None:
            notes.add("missing_result")
            yield {"role": "tool", "tool_call_id": call["id"], "content": MISSING}
        else:
            shown += media_parts(each.result.get("content"))
            yield _result(each.result, call["id"], notes)
    if shown:
        notes.add("tool_media", len(shown))
        yield user([text_part(ATTACHED), *shown])


def _result(message: Message, id_: str, notes: Notes) -> Message:
    """Convert a result to the documented format: text and the id of its call."""
    content = message.get("content")
    text = content_text(content)
    if not text and media_parts(content):
        text = SEE_BELOW
    elif not isinstance(content, str):
        notes.add("text_parts")
    if text == content and message["role"] == "tool" and message.get("tool_call_id") == id_:
        return message
    return {**message, "role": "tool", "tool_call_id": id_, "content": text}


def _name_images(result: Message, notes: Notes) -> Message:
    """Replace the images of a result by their media types."""
    content = result.get("content")
    if not any(map(_is_image, media_parts(content))):
        return result
    parts = [text_part(f"[{image_kind(p)}]") if _is_image(p) else p for p in content or ()]
    notes.add("tool_media_named", sum(map(_is_image, content or ())))
    return {**result, "content": parts}


def _is_image(part: object) -> bool:
    return isinstance(part, Mapping) and "image" in str(part.get("type"))


def _to_user_message(result: Message) -> Message:
    """Convert a result without a call to a user message."""
    name = result.get("name")
    head = f"Result of the tool {name}:" if name else "Result of a tool:"
    content = result.get("content")
    text = f"{head}\n{content_text(content)}"
    media = media_parts(content)
    return user([text_part(text), *media] if media else text)

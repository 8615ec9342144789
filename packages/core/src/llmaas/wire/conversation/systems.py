"""Placement of the system text: first message, or beginning of the first user message."""

from __future__ import annotations

from collections.abc import Sequence

from llmaas.wire.conversation.contents import (
    Message,
    content_text,
    join_contents,
    media_parts,
    user,
)
from llmaas.wire.conversation.family import Family
from llmaas.wire.conversation.notes import Notes


def place_system_text(messages: Sequence[Message], family: Family, notes: Notes) -> list[Message]:
    """Move all system text to the place that the family supports."""
    systems = [m for m in messages if m["role"] == "system"]
    if not systems:
        return list(messages)
    rest = [m for m in messages if m["role"] != "system"]
    media = [part for m in systems for part in media_parts(m["content"])]
    if media:
        notes.add("system_media", len(media))
        rest = _before_first_user(media, rest)
    if family.system == "user" or (family.needs_user and not rest):
        notes.add("system_as_user")
        return _before_first_user(_text(systems), rest)
    if len(systems) == 1 and messages[0] is systems[0] and not media:
        return list(messages)
    if len(systems) > 1 or messages[0] is not systems[0]:
        are_first = all(m["role"] == "system" for m in messages[: len(systems)])
        notes.add("system_joined" if are_first else "system_position", len(systems))
    return [{"role": "system", "content": _text(systems)}, *rest]


def _text(systems: Sequence[Message]) -> str:
    texts = (content_text(message["content"]) for message in systems)
    return "\n\n".join(text for text in texts if text)


def _before_first_user(content: str | list[object], rest: list[Message]) -> list[Message]:
    """Prepend content to the first user message, or add a user message."""
    for place, message in enumerate(rest):
        if message["role"] == "user":
            first = {**message, "content": join_contents(content, message["content"])}
            return [*rest[:place], first, *rest[place + 1 :]]
    return [user(content), *rest]

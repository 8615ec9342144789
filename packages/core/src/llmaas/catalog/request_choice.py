"""Selection of a chat model for one request."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from llmaas._tokens import estimate_tokens
from llmaas.catalog.selection import Choice, choose

if TYPE_CHECKING:
    from llmaas.catalog.profile_loading import ProfileOption

_IMAGE_TYPES = frozenset({"image", "image_url", "input_image"})
_IMAGE_TOKENS = 1_000
"""Allowance for one image; engines encode one in some hundred to a few thousand tokens."""
_ANSWER_TOKENS = 4_096


def choose_for_request(
    messages: Sequence[Mapping[str, object]] | str,
    *,
    tools: Collection[object] | None = None,
    max_tokens: int | None = None,
    task: str = "chat",
    needs: Collection[str] = (),
    prefer: str = "support",
    on: date | None = None,
    profile: ProfileOption = None,
) -> Choice:
    """Choose a model that can answer a request, in the format of the API.

    Adds to ``needs`` what the request needs: vision for images, tools for ``tools`` and for a
    conversation that contains calls, and a context of twice its estimated tokens and the answer's
    (``max_tokens``, defaults to 4,096). ``profile`` overrides what the catalog says. Raises
    ``NoSuchModelError`` if no model meets every need.
    """
    history = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    found = set(needs)
    if tools or any(message.get("tool_calls") for message in history):
        found.add("tools")
    images = sum(part.get("type") in _IMAGE_TYPES for part in _parts(history))
    if images:
        found.add("vision")
    estimate = _count_text(history, tools) + images * _IMAGE_TOKENS
    context = 2 * estimate + (max_tokens or _ANSWER_TOKENS)
    return choose(task=task, needs=found, context=context, prefer=prefer, on=on, profile=profile)


def _parts(messages: Sequence[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    for message in messages:
        content = message.get("content")
        if isinstance(content, list | tuple):
            yield from (part for part in content if isinstance(part, Mapping))


def _count_text(messages: Sequence[Mapping[str, object]], tools: Collection[object] | None) -> int:
    texts = [content for m in messages if isinstance(content := m.get("content"), str)]
    texts += [text for part in _parts(messages) if isinstance(text := part.get("text"), str)]
    texts += [json.dumps(calls, default=str) for m in messages if (calls := m.get("tool_calls"))]
    texts += [json.dumps(tool, default=str) for tool in tools or ()]
    return sum(map(estimate_tokens, texts))

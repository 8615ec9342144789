"""From a ``ChatHistory`` to the messages of the wire."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from semantic_kernel.contents import (
    AudioContent,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
    ImageContent,
    TextContent,
)
from semantic_kernel.contents.kernel_content import KernelContent
from semantic_kernel.contents.reasoning_content import ReasoningContent
from semantic_kernel.contents.utils.author_role import AuthorRole

from llmaas.adapters import ascii_name

logger = logging.getLogger(__name__)

_JSON_KEYS = str | int | float | bool | None
_INSTRUCTIONS = (AuthorRole.SYSTEM, AuthorRole.DEVELOPER)
REASONING = "reasoning_content"
"""The key of what a model thought, in ``metadata`` and on the wire."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes messages as the service documents them."""

    instruction_role: str = "system"
    send_reasoning: bool = False

    def messages(self, history: ChatHistory) -> list[dict[str, Any]]:
        """Return the messages of a history; several tool results become several messages."""
        return [written for message in history.messages for written in self._written(message)]

    def _written(self, message: ChatMessageContent) -> Iterator[dict[str, Any]]:
        if message.role == AuthorRole.TOOL:
            yield from _results(message)
        elif message.role == AuthorRole.ASSISTANT:
            yield self._answer(message)
            yield from _returned(message)
        elif message.role in _INSTRUCTIONS:
            # agents put their own name on their instructions: templates refuse it there
            yield {"role": self.instruction_role, "content": _text(message) or ""}
        else:
            results = list(_returned(message))
            yield from results
            content = _content(message)
            if content or not results:
                yield {"role": message.role.value, "content": content, **_name(message)}

    def _answer(self, message: ChatMessageContent) -> dict[str, Any]:
        calls = [_call(item) for item in message.items if isinstance(item, FunctionCallContent)]
        written: dict[str, Any] = {"role": "assistant"}
        if calls:
            written |= {"content": _text(message), "tool_calls": calls}
        else:
            written["content"] = _content(message)
        if self.send_reasoning and (thought := reasoning_of(message)):
            written[REASONING] = thought
        return written | _name(message)


def reasoning_of(message: ChatMessageContent) -> str:
    """Return what the model thought: from the items, else from the metadata."""
    items = (item.text or "" for item in message.items if isinstance(item, ReasoningContent))
    return "".join(items) or str(message.metadata.get(REASONING) or "")


def _results(message: ChatMessageContent) -> Iterator[dict[str, Any]]:
    """Yield the results of a tool's message; text alone is the result of the call before it."""
    results = list(_returned(message))
    yield from results
    others = [item for item in message.items if not isinstance(item, FunctionResultContent)]
    content = _content_of(others)
    if content and not results:
        yield {"role": "tool", "content": content}
    elif content:
        yield {"role": "user", "content": content}


def _returned(message: ChatMessageContent) -> Iterator[dict[str, Any]]:
    """Yield what functions returned, which a message of any role may hold."""
    for item in message.items:
        if isinstance(item, FunctionResultContent):
            name = {"name": item.name} if not item.id and item.name else {}
            known = {"tool_call_id": item.id} if item.id else name
            yield {"role": "tool", **known, "content": _result(item.result)}


def _result(value: Any) -> str | list[dict[str, Any]]:
    """Write a function's result: models read JSON better than Python's notation.

    Contents are their text and their pictures: what a prompt said as a function has all of its
    metadata with it. The core shows the model what no tool message can hold.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, KernelContent):
        return _told([value])
    if isinstance(value, list | tuple) and value and all(_is_content(v) for v in value):
        return _told(value)
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return _json(value) if isinstance(value, Mapping | list | tuple) else str(value)


def _told(contents: Sequence[Any]) -> str | list[dict[str, Any]]:
    """Return contents as one text, or as parts where there is more than text."""
    if not any(isinstance(each, ImageContent | AudioContent) for each in contents):
        return "\n".join(_said(each) for each in contents)
    shown = [
        each if isinstance(each, ImageContent | AudioContent) else TextContent(text=_said(each))
        for each in contents
    ]
    return list(_parts(shown))


def _json(value: Any) -> str:
    try:
        return json.dumps(_keyed(value), ensure_ascii=False, default=_plain)
    except RecursionError:  # it holds itself
        return str(value)


def _keyed(value: Any) -> Any:
    """Return a value with keys that JSON has, at any depth: days, pairs, ... become text."""
    if isinstance(value, Mapping):
        return {k if isinstance(k, _JSON_KEYS) else str(k): _keyed(v) for k, v in value.items()}
    return [_keyed(item) for item in value] if isinstance(value, list | tuple) else value


def _is_content(value: Any) -> bool:
    return isinstance(value, KernelContent)


def _said(content: KernelContent) -> str:
    return (_text(content) or "") if isinstance(content, ChatMessageContent) else str(content)


def _plain(value: Any) -> Any:
    if isinstance(value, KernelContent):
        return _said(value)
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _call(item: FunctionCallContent) -> dict[str, Any]:
    arguments = item.arguments or "{}"
    if not isinstance(arguments, str):
        arguments = _json(arguments)
    name = item.name or item.custom_fully_qualified_name("-")
    return {
        "id": item.id or "",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def _name(message: ChatMessageContent) -> dict[str, str]:
    return {"name": ascii_name(message.name)} if message.name else {}


def _text(message: ChatMessageContent) -> str | None:
    texts = [item.text for item in message.items if isinstance(item, TextContent)]
    return "\n".join(texts) if texts else None


def _content(message: ChatMessageContent) -> str | list[dict[str, Any]]:
    return _content_of(message.items)


def _content_of(items: Sequence[Any]) -> str | list[dict[str, Any]]:
    """Return plain text where there is only text, else the parts."""
    parts = list(_parts(items))
    if any(part["type"] != "text" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def _parts(items: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for item in items:
        if isinstance(item, TextContent):
            yield {"type": "text", "text": item.text}
        elif isinstance(item, ImageContent):
            image: dict[str, Any] = {"type": "image", "image": str(item)}
            yield image | {k: item.metadata[k] for k in ("detail",) if k in item.metadata}
        elif isinstance(item, AudioContent):
            yield {"type": "audio_url", "audio_url": {"url": str(item)}}
        elif not isinstance(item, ReasoningContent | FunctionResultContent):
            logger.warning("The service takes no %s: left out", type(item).__name__)

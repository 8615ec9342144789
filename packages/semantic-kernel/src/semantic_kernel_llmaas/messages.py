"""Conversion of a ``ChatHistory`` to the messages of a request."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
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
_INSTRUCTION_ROLES = (AuthorRole.SYSTEM, AuthorRole.DEVELOPER)
_USER, _ASSISTANT = AuthorRole.USER, AuthorRole.ASSISTANT  # faster than a look-up in the enum
REASONING = "reasoning_content"
"""The key of reasoning, in ``metadata`` and in a request's messages."""


@dataclass(frozen=True, slots=True)
class MessageConverter:
    """Converter of a chat history to the API's messages."""

    instruction_role: str = "system"
    send_reasoning: bool = False

    def convert(self, history: ChatHistory) -> list[dict[str, Any]]:
        """Convert a history; several tool results become several messages."""
        converted: list[dict[str, Any]] = []
        for message in history.messages:
            plain = None if self.send_reasoning else _convert_text(message)
            if plain is not None:
                converted.append(plain)
            else:
                converted.extend(self._convert_message(message))
        return converted

    def _convert_message(self, message: ChatMessageContent) -> Iterator[dict[str, Any]]:
        if message.role == AuthorRole.TOOL:
            yield from _tool_messages(message)
        elif message.role == AuthorRole.ASSISTANT:
            yield self._assistant_message(message)
            yield from _function_results(message)
        elif message.role in _INSTRUCTION_ROLES:
            # agents add their name to their instructions, where chat templates reject it
            yield {"role": self.instruction_role, "content": _joined_text(message) or ""}
        else:
            results = list(_function_results(message))
            yield from results
            content = _message_content(message)
            if content or not results:
                yield {"role": message.role.value, "content": content, **_name_field(message)}

    def _assistant_message(self, message: ChatMessageContent) -> dict[str, Any]:
        calls = [
            _tool_call(item) for item in message.items if isinstance(item, FunctionCallContent)
        ]
        converted: dict[str, Any] = {"role": "assistant"}
        if calls:
            converted |= {"content": _joined_text(message), "tool_calls": calls}
        else:
            converted["content"] = _message_content(message)
        if self.send_reasoning and (reasoning := extract_reasoning(message)):
            converted[REASONING] = reasoning
        return converted | _name_field(message)


def _convert_text(message: ChatMessageContent) -> dict[str, Any] | None:
    """Convert a user or assistant message of one text (fast path); return None for others."""
    role, items = message.role, message.items
    if len(items) != 1 or type(items[0]) is not TextContent or message.name:
        return None
    if role is _USER:
        return {"role": "user", "content": items[0].text}
    return {"role": "assistant", "content": items[0].text} if role is _ASSISTANT else None


def extract_reasoning(message: ChatMessageContent) -> str:
    """Return the reasoning of a message, from its items or its metadata."""
    items = (item.text or "" for item in message.items if isinstance(item, ReasoningContent))
    return "".join(items) or str(message.metadata.get(REASONING) or "")


def _tool_messages(message: ChatMessageContent) -> Iterator[dict[str, Any]]:
    """Convert a tool message; text alone is the result of the preceding call."""
    results = list(_function_results(message))
    yield from results
    others = [item for item in message.items if not isinstance(item, FunctionResultContent)]
    content = _items_content(others)
    if content and not results:
        yield {"role": "tool", "content": content}
    elif content:
        yield {"role": "user", "content": content}


def _function_results(message: ChatMessageContent) -> Iterator[dict[str, Any]]:
    """Convert function results, which a message of any role may hold."""
    for item in message.items:
        if isinstance(item, FunctionResultContent):
            name = {"name": item.name} if not item.id and item.name else {}
            reference = {"tool_call_id": item.id} if item.id else name
            yield {"role": "tool", **reference, "content": _serialize_result(item.result)}


def _serialize_result(value: Any) -> str | list[dict[str, Any]]:
    """Serialize a function's result: as JSON, which models read better than Python's ``repr``.

    Of contents, only text, images and audio are sent: the answer of a prompt function carries
    all of its metadata. The core moves to a user message what a tool message cannot hold.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, KernelContent):
        return _serialize_contents([value])
    if isinstance(value, list | tuple) and value and all(_is_content(v) for v in value):
        return _serialize_contents(value)
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return _to_json(value) if isinstance(value, Mapping | list | tuple) else str(value)


def _serialize_contents(contents: Sequence[Any]) -> str | list[dict[str, Any]]:
    """Serialize contents to one text, or to parts if there is more than text."""
    if not any(isinstance(content, ImageContent | AudioContent) for content in contents):
        return "\n".join(_plain_text(content) for content in contents)
    items = [
        content
        if isinstance(content, ImageContent | AudioContent)
        else TextContent(text=_plain_text(content))
        for content in contents
    ]
    return list(_content_parts(items))


def _to_json(value: Any) -> str:
    try:
        return json.dumps(_with_json_keys(value), ensure_ascii=False, default=_json_default)
    except RecursionError:  # the value contains itself
        return str(value)


def _with_json_keys(value: Any) -> Any:
    """Convert keys that JSON does not support, such as dates, to text at any depth."""
    if isinstance(value, Mapping):
        return {
            k if isinstance(k, _JSON_KEYS) else str(k): _with_json_keys(v) for k, v in value.items()
        }
    return [_with_json_keys(item) for item in value] if isinstance(value, list | tuple) else value


def _is_content(value: Any) -> bool:
    return isinstance(value, KernelContent)


def _plain_text(content: KernelContent) -> str:
    return (
        (_joined_text(content) or "") if isinstance(content, ChatMessageContent) else str(content)
    )


def _json_default(value: Any) -> Any:
    if isinstance(value, KernelContent):
        return _plain_text(value)
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _tool_call(item: FunctionCallContent) -> dict[str, Any]:
    arguments = item.arguments or "{}"
    if not isinstance(arguments, str):
        arguments = _to_json(arguments)
    name = item.name or item.custom_fully_qualified_name("-")
    return {
        "id": item.id or "",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def _name_field(message: ChatMessageContent) -> dict[str, str]:
    return {"name": ascii_name(message.name)} if message.name else {}


def _joined_text(message: ChatMessageContent) -> str | None:
    texts = [item.text for item in message.items if isinstance(item, TextContent)]
    return "\n".join(texts) if texts else None


def _message_content(message: ChatMessageContent) -> str | list[dict[str, Any]]:
    return _items_content(message.items)


def _items_content(items: Sequence[Any]) -> str | list[dict[str, Any]]:
    """Convert items to plain text if there is only text, otherwise to parts."""
    parts = list(_content_parts(items))
    if any(part["type"] != "text" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def _content_parts(items: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for item in items:
        if isinstance(item, TextContent):
            yield {"type": "text", "text": item.text}
        elif isinstance(item, ImageContent):
            image: dict[str, Any] = {"type": "image", "image": _uri(item) or bytes(item.data)}
            yield image | {k: item.metadata[k] for k in ("detail",) if k in item.metadata}
        elif isinstance(item, AudioContent):
            yield {"type": "audio_url", "audio_url": {"url": _uri(item) or _data_uri(item)}}
        elif not isinstance(item, ReasoningContent | FunctionResultContent):
            logger.warning("items: %s is not supported and was left out", type(item).__name__)


def _uri(content: ImageContent | AudioContent) -> str | None:
    """Return the URI, or None for bytes without ``data_format``, which have none.

    Semantic Kernel's MCP plugins pass base64 without its encoding: ``data:image/png;,iVBORw0K``.
    """
    try:
        uri = str(content)
    except UnicodeDecodeError:
        return None
    head, _, data = uri.partition(",")
    return f"{head}base64,{data}" if head.startswith("data:") and head.endswith(";") else uri


def _data_uri(content: AudioContent) -> str:
    return f"data:{content.mime_type};base64,{b64encode(bytes(content.data)).decode()}"

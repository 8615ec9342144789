"""Conversion of LlamaIndex messages to API messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    CitableBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from llmaas import adapters

SendReasoning = Literal["auto", "always", "never"]
"""Reasoning to send back to the model. ``auto``: only that of the current turn."""

_DEFAULT_TITLE = "input_document"  # set by LlamaIndex
_RENAMED = {"chatbot": "assistant", "model": "assistant", "developer": "system"}
_ROLES = {role: _RENAMED.get(role.value, role.value) for role in MessageRole}


def to_api_messages(
    messages: Sequence[ChatMessage], send_reasoning: SendReasoning = "auto"
) -> list[dict[str, Any]]:
    """Convert messages to API messages. The input is not modified."""
    last_user = _last_user_position(messages) if send_reasoning == "auto" else -1
    converted = []
    for position, message in enumerate(messages):
        role = _ROLES[message.role]
        plain = _convert_text(role, message)
        if plain is not None:
            converted.append(plain)
        elif role == "assistant":
            echo = send_reasoning != "never" and position > last_user
            converted.append(_assistant_message(message, echo=echo))
        else:
            converted.append(_message(role, message))
    return converted


def _convert_text(role: str, message: ChatMessage) -> dict[str, Any] | None:
    """Convert a message that is a single text (fast path); return None for others."""
    blocks = message.blocks
    if message.additional_kwargs or len(blocks) != 1 or type(blocks[0]) is not TextBlock:
        return None
    return None if role == "tool" else {"role": role, "content": blocks[0].text}


def _last_user_position(messages: Sequence[ChatMessage]) -> int:
    users = (n for n in range(len(messages) - 1, -1, -1) if messages[n].role == MessageRole.USER)
    return next(users, -1)


def _message(role: str, message: ChatMessage) -> dict[str, Any]:
    blocks, extra = message.blocks, message.additional_kwargs
    first = blocks[0] if len(blocks) == 1 else None
    content: Any = first.text if type(first) is TextBlock else _parts(blocks)
    if isinstance(content, list) and all(part["type"] == "text" for part in content):
        content = "\n".join(part["text"] for part in content)
    converted = {"role": role, "content": content}
    if role == "tool":
        converted["tool_call_id"] = extra.get("tool_call_id")
    elif name := extra.get("name"):
        converted["name"] = name
    return converted


def _assistant_message(message: ChatMessage, *, echo: bool) -> dict[str, Any]:
    calls = list(_calls(message))
    texts = [part["text"] for part in _parts(message.blocks) if part["type"] == "text"]
    converted: dict[str, Any] = {"role": "assistant", "content": "\n".join(texts)}
    if calls:
        converted["tool_calls"] = calls
        converted["content"] = converted["content"] or None
    thoughts = [b.content for b in message.blocks if isinstance(b, ThinkingBlock) and b.content]
    if echo and thoughts:
        converted["reasoning_content"] = "".join(thoughts)
    return converted


def _calls(message: ChatMessage) -> Iterator[dict[str, Any]]:
    """Yield the tool calls of the blocks, or of ``additional_kwargs`` (older integrations)."""
    blocks = [block for block in message.blocks if isinstance(block, ToolCallBlock)]
    for block in blocks:
        yield _call(block.tool_call_id, block.tool_name, block.tool_kwargs)
    if not blocks:
        for call in message.additional_kwargs.get("tool_calls") or ():
            plain = call if isinstance(call, Mapping) else call.model_dump()
            function = plain["function"]
            yield _call(plain.get("id"), function["name"], function["arguments"])
    for cut in message.additional_kwargs.get("invalid_tool_calls") or ():
        yield _call(cut["id"], cut["name"], cut["arguments"])


def _call(id_: str | None, name: str, arguments: Any) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"type": "function", "id": id_, "function": {"name": name, "arguments": text or "{}"}}


def _parts(blocks: Sequence[Any]) -> list[dict[str, Any]]:
    return [part for block in blocks for part in _block_parts(block)]


def _block_parts(block: Any) -> Iterator[dict[str, Any]]:
    if isinstance(block, TextBlock):
        yield {"type": "text", "text": block.text}
    elif isinstance(block, ImageBlock):
        yield _image(block)
    elif isinstance(block, AudioBlock):
        yield {"type": "audio_url", "audio_url": {"url": _url(block, "audio/wav")}}
    elif isinstance(block, VideoBlock):
        yield {"type": "video_url", "video_url": {"url": _url(block, "video/mp4")}}
    elif isinstance(block, DocumentBlock):
        yield _document(block)
    elif isinstance(block, CitableBlock):
        yield from _parts(block.content)


def _image(block: ImageBlock) -> dict[str, Any]:
    """Convert an image. A local file stays a path, because the client reads and limits it."""
    if block.path is not None and block.image is None:
        return {"type": "image", "image": Path(block.path)}
    url: dict[str, Any] = {"url": _url(block, "image/png")}
    if block.detail:
        url["detail"] = block.detail
    return {"type": "image_url", "image_url": url}


def _document(block: DocumentBlock) -> dict[str, Any]:
    """Convert a document: text to a text part, others to a file, which the service refuses."""
    title = block.title if block.title != _DEFAULT_TITLE else None
    source = Path(str(block.path or block.url or "")).name
    # block.inline_url() takes a text such as "Rome" for base64
    data = base64.b64encode(block.resolve_document().read()).decode("ascii")
    uri = f"data:{block.document_mimetype or 'application'};base64,{data}"
    file = {"filename": title or source or "file", "file_data": uri}
    return dict(adapters.text_file_part({"type": "file", "file": file}))


def _url(block: Any, default_type: str) -> str:
    """Convert a block's content to its URL, or to a data URI if it has none."""
    if block.url is not None:
        return str(block.url)
    kind = getattr(block, "image_mimetype", None) or getattr(block, "video_mimetype", None)
    if isinstance(block, AudioBlock):
        kind, buffer = f"audio/{block.format}" if block.format else None, block.resolve_audio(True)
    elif isinstance(block, VideoBlock):
        buffer = block.resolve_video(True)
    else:
        buffer = block.resolve_image(True)
    return f"data:{kind or default_type};base64,{buffer.read().decode('ascii')}"

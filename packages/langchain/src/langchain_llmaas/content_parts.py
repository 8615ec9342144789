"""Conversion of content blocks of every convention to content parts of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_llmaas import errors
from llmaas import adapters

_NON_TEXT = frozenset(
    {
        "reasoning",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "tool_call",
        "tool_call_chunk",
        "invalid_tool_call",
        "function_call",
    }
)
"""Blocks without displayed text: their data is sent beside the content."""


_SERVER_TOOLS = frozenset(
    {"server_tool_call", "server_tool_result", "executable_code", "code_execution_result"}
)
"""Blocks of other vendors' answers that later turns may refer to. They are sent as JSON."""


def to_part(block: Any) -> dict[str, Any]:
    """Convert one block to a part. Blocks of unknown types are passed through unchanged.

    Images: OpenAI's ``image_url``, LangChain's v0 and v1 blocks, Anthropic's ``source``, the
    core's ``{"type": "image", "image": Path | bytes | URL}``. Only a ``Path`` can name a local
    file, a string cannot. Audio and video become ``audio_url`` and ``video_url``.
    """
    if isinstance(block, str):
        return {"type": "text", "text": block}
    translate = _CONVERTERS.get(block.get("type"))
    return translate(block) if translate else dict(block)


def answer_text(content: str | Sequence[Any]) -> str:
    """Return the text of an answer: its text blocks, and its server tool blocks as JSON."""
    if isinstance(content, str):
        return content
    return "".join(_block_text(block, _SERVER_TOOLS) for block in content)


def result_text(content: str | Sequence[Any]) -> str:
    """Return the text of a tool's result. Blocks that are neither text nor media become JSON."""
    if isinstance(content, str):
        return content
    return "".join(_block_text(block, None) for block in content)


def is_media(block: Any) -> bool:
    """Whether a block holds an image, audio, video or a file."""
    return isinstance(block, Mapping) and block.get("type") in _MEDIA


def _block_text(block: Any, json_types: frozenset[str] | None) -> str:
    """Return a block's text, or its JSON if its type is in ``json_types`` (None: any type)."""
    if isinstance(block, str):
        return block
    kind = block.get("type")
    if kind in _NON_TEXT or kind in _MEDIA:
        return ""
    if "text" in block:
        return str(block["text"])
    if kind == "refusal":
        return str(block.get("refusal") or "")
    if "json" in block:
        return _to_json(block["json"])
    has_data = json_types is None and len(block) > 1
    return _to_json(block) if not kind or has_data or kind in (json_types or ()) else ""


def _to_json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, default=str)


def _text(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": block.get("text", "")}


def _plain_text(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a plain text block, whose text may be base64."""
    if "text" in block or not (data := block.get("base64")):
        return _text(block)
    import base64

    return {"type": "text", "text": base64.b64decode(data).decode("utf-8", "replace")}


def _image(block: Mapping[str, Any]) -> dict[str, Any]:
    if "image" in block:
        return dict(block)
    url: dict[str, Any] = {"url": _url(block, "image/png")}
    if detail := block.get("detail") or (block.get("extras") or {}).get("detail"):
        url["detail"] = detail
    return {"type": "image_url", "image_url": url}


def _image_url(block: Mapping[str, Any]) -> dict[str, Any]:
    url = block["image_url"]
    return {"type": "image_url", "image_url": {"url": url} if isinstance(url, str | Path) else url}


def _input_image(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an image of OpenAI's Responses API."""
    url = {"url": block.get("image_url")}
    if detail := block.get("detail"):
        url["detail"] = detail
    return {"type": "image_url", "image_url": url}


def _media(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a block of Gemini's convention, whose media type names its kind."""
    kind = str(block.get("mime_type") or "").partition("/")[0]
    url = block.get("file_uri") or block.get("url")
    return _MEDIA_KINDS.get(kind, _file)({**block, **({"url": url} if url else {})})


def _audio(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "audio_url", "audio_url": {"url": _url(block, "audio/wav")}}


def _input_audio(block: Mapping[str, Any]) -> dict[str, Any]:
    audio = block["input_audio"]
    url = f"data:audio/{audio.get('format', 'wav')};base64,{audio['data']}"
    return {"type": "audio_url", "audio_url": {"url": url}}


def _video(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": _url(block, "video/mp4")}}


def _file(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a file block: text to a text part, other files to OpenAI's form.

    The service itself accepts no files.
    """
    if "file" in block:
        return dict(adapters.text_file_part(block))
    if block.get("source_type") == "text":
        return {"type": "text", "text": block.get("text", "")}
    source = block.get("source")
    if isinstance(source, Mapping) and source.get("type") == "text":  # Anthropic's plain text
        return {"type": "text", "text": source.get("data", "")}
    if file_id := block.get("file_id"):
        return {"type": "file", "file": {"file_id": file_id}}
    extras = block.get("extras") or block.get("metadata") or {}
    name = block.get("filename") or extras.get("filename") or extras.get("name")
    data = {"file_data": _url(block, "application/pdf")}
    part = {"type": "file", "file": {"filename": name or "file", **data}}
    return dict(adapters.text_file_part(part))


def _url(block: Mapping[str, Any], mime_type: str) -> str | Path:
    """Return a block's URL or path, or its bytes as a data URI."""
    source = block.get("source") if isinstance(block.get("source"), Mapping) else block
    assert isinstance(source, Mapping)
    if url := source.get("url"):
        return url if isinstance(url, Path) else str(url)
    data = source.get("base64") or source.get("data")
    if not data:
        raise errors.InvalidInputError(f"{block.get('type')} block has no data: set url or base64")
    kind = source.get("mime_type") or source.get("media_type") or mime_type
    return f"data:{kind};base64,{data}"


_MEDIA_KINDS = {"image": _image, "audio": _audio, "video": _video}
_CONVERTERS: dict[Any, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "text": _text,
    "text-plain": _plain_text,
    "input_text": _text,
    "image": _image,
    "image_url": _image_url,
    "input_image": _input_image,
    "media": _media,
    "audio": _audio,
    "input_audio": _input_audio,
    "video": _video,
    "file": _file,
    "document": _file,
}
_MEDIA = frozenset(_CONVERTERS) - {"text", "text-plain", "input_text"} | {"audio_url", "video_url"}

"""Content blocks of every convention, as content parts for the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_llmaas import errors

_SILENT = frozenset(
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
"""Blocks that hold no text for the reader: they travel beside the content."""


_TOLD = frozenset(
    {"server_tool_call", "server_tool_result", "executable_code", "code_execution_result"}
)
"""Blocks of other vendors' answers that later turns may speak of."""


def part_of(block: Any) -> dict[str, Any]:
    """Return one block as a part; what no convention explains is passed on as it is.

    Images: OpenAI's ``image_url``, LangChain's v0 and v1 blocks, Anthropic's ``source``, the
    core's ``{"type": "image", "image": Path | bytes | URL}``. A text names no local file, a
    ``Path`` does. Sound and video become the
    ``audio_url`` and ``video_url`` of the service.
    """
    if isinstance(block, str):
        return {"type": "text", "text": block}
    translate = _PART_OF.get(block.get("type"))
    return translate(block) if translate else dict(block)


def text_in(content: str | Sequence[Any]) -> str:
    """Return the text of an answer: its text blocks, and what the vendor's own tools ran."""
    if isinstance(content, str):
        return content
    return "".join(_text_of(block, _TOLD) for block in content)


def result_in(content: str | Sequence[Any]) -> str:
    """Return the text of a tool's result; what is neither text nor media becomes JSON."""
    if isinstance(content, str):
        return content
    return "".join(_text_of(block, None) for block in content)


def is_media(block: Any) -> bool:
    """Whether a block shows or plays something."""
    return isinstance(block, Mapping) and block.get("type") in _MEDIA


def _text_of(block: Any, dumped: frozenset[str] | None) -> str:
    """Return a block's text; of other kinds the JSON of those ``dumped``, None for all."""
    if isinstance(block, str):
        return block
    kind = block.get("type")
    if kind in _SILENT or kind in _MEDIA:
        return ""
    if "text" in block:
        return str(block["text"])
    if kind == "refusal":
        return str(block.get("refusal") or "")
    if "json" in block:
        return _dumped(block["json"])
    says_more = dumped is None and len(block) > 1
    return _dumped(block) if not kind or says_more or kind in (dumped or ()) else ""


def _dumped(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, default=str)


def _text(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": block.get("text", "")}


def _plain_text(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return LangChain's block of plain text, which may hold it in base64."""
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


def _audio(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "audio_url", "audio_url": {"url": _url(block, "audio/wav")}}


def _input_audio(block: Mapping[str, Any]) -> dict[str, Any]:
    sound = block["input_audio"]
    url = f"data:audio/{sound.get('format', 'wav')};base64,{sound['data']}"
    return {"type": "audio_url", "audio_url": {"url": url}}


def _video(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": _url(block, "video/mp4")}}


def _file(block: Mapping[str, Any]) -> dict[str, Any]:
    """Pass OpenAI's form; make it of the others. The service itself takes no PDF."""
    if "file" in block:
        return dict(block)
    if block.get("source_type") == "text":
        return {"type": "text", "text": block.get("text", "")}
    source = block.get("source")
    if isinstance(source, Mapping) and source.get("type") == "text":  # Anthropic's plain text
        return {"type": "text", "text": source.get("data", "")}
    if identity := block.get("file_id"):
        return {"type": "file", "file": {"file_id": identity}}
    extras = block.get("extras") or block.get("metadata") or {}
    name = block.get("filename") or extras.get("filename") or extras.get("name")
    data = {"file_data": _url(block, "application/pdf")}
    return {"type": "file", "file": {"filename": name or "file", **data}}


def _url(block: Mapping[str, Any], mime_type: str) -> str | Path:
    """Return the address of what a block holds: its URL or path, or its bytes as a data URI."""
    source = block.get("source") if isinstance(block.get("source"), Mapping) else block
    assert isinstance(source, Mapping)
    if url := source.get("url"):
        return url if isinstance(url, Path) else str(url)
    data = source.get("base64") or source.get("data")
    if not data:
        raise errors.InvalidInputError(f"a {block.get('type')} block needs a url or base64 data")
    kind = source.get("mime_type") or source.get("media_type") or mime_type
    return f"data:{kind};base64,{data}"


_PART_OF: dict[Any, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "text": _text,
    "text-plain": _plain_text,
    "image": _image,
    "image_url": _image_url,
    "audio": _audio,
    "input_audio": _input_audio,
    "video": _video,
    "file": _file,
    "document": _file,
}
_MEDIA = frozenset(_PART_OF) - {"text", "text-plain"} | {"audio_url", "video_url"}

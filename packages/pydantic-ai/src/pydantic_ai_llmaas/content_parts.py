"""Conversion of a user's contents to the parts of a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    BinaryContent,
    CachePoint,
    DocumentUrl,
    FileUrl,
    TextContent,
    UserContent,
)
from pydantic_ai.models import download_item

Wire = dict[str, Any]

_PARTS = {"image": "image_url", "audio": "audio_url", "video": "video_url"}
_TEXT_TYPES = ("json", "xml", "yaml", "x-yaml", "toml")


async def to_content(content: str | Sequence[UserContent]) -> str | list[Wire]:
    """Convert contents to one text, or to parts if there is media."""
    if isinstance(content, str):
        return content
    parts = [await _content_part(item) for item in content if not isinstance(item, CachePoint)]
    if all(part["type"] == "text" for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


async def _content_part(item: UserContent) -> Wire:
    if isinstance(item, str):
        return {"type": "text", "text": item}
    if isinstance(item, TextContent):
        return {"type": "text", "text": item.content}
    if isinstance(item, BinaryContent):
        if _is_text(item.media_type):
            return {"type": "text", "text": item.data.decode("utf-8", "replace")}
        return _media(item, item.data_uri)
    if isinstance(item, DocumentUrl) and _is_text(item.media_type):
        return {"type": "text", "text": (await download_item(item, data_format="text"))["data"]}
    if isinstance(item, FileUrl):
        return _media(item, await _media_url(item))
    raise UserError(f"LLMaaS takes text, images, audio and video, got {type(item).__name__}.")


def _is_text(media_type: str) -> bool:
    """Whether a file is text, such as JSON. Pydantic AI leaves it to models to send it so."""
    kind, _, subtype = media_type.partition(";")[0].strip().partition("/")
    return kind == "text" or (kind == "application" and subtype.rpartition("+")[2] in _TEXT_TYPES)


async def _media_url(item: FileUrl) -> str:
    """Return the URL that the service fetches; download if ``force_download``, as a data URI."""
    if not item.force_download:
        return item.url
    return (await download_item(item, data_format="base64_uri"))["data"]


def _media(item: BinaryContent | FileUrl, address: str) -> Wire:
    kind = _PARTS.get(item.media_type.partition("/")[0])
    if kind is None:
        raise UserError(f"LLMaaS takes text, images, audio and video, got {item.media_type}.")
    source: Wire = {"url": address}
    detail = (item.vendor_metadata or {}).get("detail")
    if isinstance(detail, str):
        source["detail"] = detail
    return {"type": kind, kind: source}

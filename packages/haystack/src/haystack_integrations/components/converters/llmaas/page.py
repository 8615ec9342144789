"""OCR of one page: its request, its result, and documents built from pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from haystack import Document
from haystack.dataclasses import ByteStream

from haystack_integrations.common.llmaas.pages import shrink_image
from haystack_integrations.common.llmaas.responses import to_usage
from llmaas import Completion, image_part

PROMPTS = {
    "markdown": "Convert the document to markdown.",
    "figure": "Parse the figure.",
    "text": "Free OCR.",
}
"""The prompts that deepseek-ocr was trained on (reference 3.2)."""

OPTIONS = {"temperature": 0, "max_tokens": 4096}


@dataclass(slots=True)
class Page:
    """Result of one page: its text, or the error."""

    text: str
    model: str = ""
    finish_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    @classmethod
    def from_completion(cls, answer: Completion) -> Page:
        """Build a page from the model's answer."""
        usage = to_usage(answer.usage)
        return cls(answer.text, answer.model, answer.finish_reason, usage)

    def to_meta(self, number: int) -> dict[str, Any]:
        """Build the document ``meta`` of this page."""
        meta = {
            "page_number": number,
            "model": self.model,
            "finish_reason": self.finish_reason,
            "usage": self.usage,
        }
        return meta if self.error is None else {**meta, "error": self.error}


def build_messages(image: bytes, prompt: str) -> list[dict[str, Any]]:
    """Build the messages that request one page."""
    text = PROMPTS.get(prompt, prompt)
    if prompt.startswith("locate:"):
        text = f"Locate <|ref|>{prompt.removeprefix('locate:')}<|/ref|> in the image."
    return [{"role": "user", "content": [image_part(image), {"type": "text", "text": text}]}]


def shrink_or_raise(error: Exception, image: bytes) -> bytes:
    """Shrink an image that is too large for the service (413), or raise the error."""
    smaller = shrink_image(image) if getattr(error, "status_code", None) == 413 else None
    if smaller is None:
        raise error
    return smaller


def to_documents(
    pages: Sequence[Page], meta: Mapping[str, Any], *, per_page: bool
) -> list[Document]:
    """Build one document with form feeds between its pages, or one document per page."""
    if per_page:
        return [
            Document(content=page.text, meta={**meta, **page.to_meta(number)})
            for number, page in enumerate(pages, 1)
        ]
    summary: dict[str, Any] = {"page_count": len(pages), "usage": _sum_usage(pages)}
    if model := next((page.model for page in pages if page.model), None):
        summary["model"] = model
    if cut := [n for n, page in enumerate(pages, 1) if page.finish_reason == "length"]:
        summary["truncated_pages"] = cut
    if failed := {str(n): page.error for n, page in enumerate(pages, 1) if page.error}:
        summary["failed_pages"] = failed
    return [Document(content="\f".join(page.text for page in pages), meta={**meta, **summary})]


def source_meta(source: str | Path | ByteStream) -> dict[str, Any]:
    """Build the ``meta`` of a source: that of a stream, or the file name."""
    if isinstance(source, ByteStream):
        return dict(source.meta)
    return {"file_path": Path(source).name}


def read_source(source: str | Path | ByteStream) -> bytes:
    """Read the bytes of a source. Raises ``OSError``."""
    return source.data if isinstance(source, ByteStream) else Path(source).read_bytes()


def _sum_usage(pages: Sequence[Page]) -> dict[str, int]:
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {name: sum(page.usage.get(name, 0) for page in pages) for name in names}

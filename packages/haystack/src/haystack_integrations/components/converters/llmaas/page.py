"""One page: how it is asked for, what is read of it, and the documents that pages make."""

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
    """What was read of one page, or why nothing was."""

    text: str
    model: str = ""
    finish_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    @classmethod
    def from_completion(cls, answer: Completion) -> Page:
        """Return the page that an answer describes."""
        usage = to_usage(answer.usage)
        return cls(answer.text, answer.model, answer.finish_reason, usage)

    def to_meta(self, number: int) -> dict[str, Any]:
        """Return what a document's ``meta`` says of this page."""
        facts = {
            "page_number": number,
            "model": self.model,
            "finish_reason": self.finish_reason,
            "usage": self.usage,
        }
        return facts if self.error is None else {**facts, "error": self.error}


def build_messages(image: bytes, prompt: str) -> list[dict[str, Any]]:
    """Return the messages that ask for one page."""
    text = PROMPTS.get(prompt, prompt)
    if prompt.startswith("locate:"):
        text = f"Locate <|ref|>{prompt.removeprefix('locate:')}<|/ref|> in the image."
    return [{"role": "user", "content": [image_part(image), {"type": "text", "text": text}]}]


def shrink_or_raise(error: Exception, image: bytes) -> bytes:
    """Return a smaller image when the service found this one too large; else raise the error."""
    less = shrink_image(image) if getattr(error, "status_code", None) == 413 else None
    if less is None:
        raise error
    return less


def to_documents(
    pages: Sequence[Page], meta: Mapping[str, Any], *, one_a_page: bool
) -> list[Document]:
    """Return one document with form feeds between its pages, or one a page."""
    if one_a_page:
        return [
            Document(content=page.text, meta={**meta, **page.to_meta(number)})
            for number, page in enumerate(pages, 1)
        ]
    facts: dict[str, Any] = {"page_count": len(pages), "usage": _sum_usage(pages)}
    if model := next((page.model for page in pages if page.model), None):
        facts["model"] = model
    if cut := [n for n, page in enumerate(pages, 1) if page.finish_reason == "length"]:
        facts["truncated_pages"] = cut
    if failed := {str(n): page.error for n, page in enumerate(pages, 1) if page.error}:
        facts["failed_pages"] = failed
    return [Document(content="\f".join(page.text for page in pages), meta={**meta, **facts})]


def source_meta(source: str | Path | ByteStream) -> dict[str, Any]:
    """Return where a document comes from."""
    if isinstance(source, ByteStream):
        return dict(source.meta)
    return {"file_path": Path(source).name}


def read_source(source: str | Path | ByteStream) -> bytes:
    """Return a source's bytes; ``OSError`` when it cannot be read."""
    return source.data if isinstance(source, ByteStream) else Path(source).read_bytes()


def _sum_usage(pages: Sequence[Page]) -> dict[str, int]:
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {name: sum(page.usage.get(name, 0) for page in pages) for name in names}

"""Files as people send them, through the OCR converter and as attachments of a chat."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from haystack.dataclasses import ByteStream, ChatMessage, FileContent
from PIL import Image

from haystack_integrations.components.converters.llmaas import LLMaaSOCRDocumentConverter
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from tests.helpers import corpus

VISION = "gemma4:31b"


def images_sent(sandbox: Any) -> list[bytes]:
    parts = [part for r in sandbox.requests for part in r.json["messages"][0]["content"]]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [base64.b64decode(url.partition(",")[2]) for url in urls]


def attached(data: bytes, mime_type: str, name: str = "file") -> ChatMessage:
    content = FileContent(base64.b64encode(data).decode(), mime_type=mime_type, filename=name)
    return ChatMessage.from_user(content_parts=["What is this?", content])


def test_ocr_renders_files_as_displayed(sandbox: Any) -> None:
    sources = [ByteStream(make()) for make in corpus.IMAGES.values()]
    converter = LLMaaSOCRDocumentConverter(model=VISION, concurrency=1, raise_on_failure=True)
    documents = converter.run(sources)["documents"]
    sent = images_sent(sandbox)
    assert len(documents) == len(sent) == len(corpus.IMAGES)
    seen = dict(zip(corpus.IMAGES, map(corpus.contrast, sent), strict=True))
    assert not {name: seen[name] for name in seen if seen[name] <= 100}


def test_form_is_rendered_for_ocr_and_chat(sandbox: Any) -> None:
    LLMaaSOCRDocumentConverter(model=VISION).run([ByteStream(corpus.form())])
    LLMaaSChatGenerator(model=VISION).run([attached(corpus.form(), "application/pdf")])
    read, chatted = images_sent(sandbox)
    assert corpus.ink(read) > 10_000
    assert corpus.ink(chatted) > 10_000


@pytest.mark.parametrize("encoding", corpus.TEXTS)
def test_attached_text_is_decoded_by_its_encoding(sandbox: Any, encoding: str) -> None:
    text = corpus.TEXTS[encoding] * 5
    message = attached(text.encode(encoding), "text/plain", "notes.txt")
    LLMaaSChatGenerator(model=VISION).run([message])
    assert text in str(sandbox.requests[-1].json["messages"][0]["content"])


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (corpus.blank(20), {"max_pages": 19}),
        (corpus.file(Image.new("1", (2_000, 2_000)), "PNG"), {"max_pixels": 3_999_999}),
        (corpus.IMAGES["bmp"](), {"image_formats": ["PNG"]}),
    ],
)
def test_limits_are_settings(sandbox: Any, data: bytes, limits: dict[str, Any]) -> None:
    converter = LLMaaSOCRDocumentConverter(model=VISION, raise_on_failure=True, **limits)
    again = LLMaaSOCRDocumentConverter.from_dict(converter.to_dict())
    with pytest.raises(ValueError, match=r"over max_|not an image"):
        again.run([ByteStream(data)])
    assert not list(sandbox.requests)
    assert Image.open(io.BytesIO(corpus.IMAGES["png rgb"]())).mode == "RGB"

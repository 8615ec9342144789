"""Conversion of PDFs, images and audio files for models (extra ``documents`` for rendering)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas.documents.audio import audio_suffix
    from llmaas.documents.images import for_chat, open_image, smaller, to_rgb
    from llmaas.documents.limits import FORMATS, LIMITS, DocumentLimits
    from llmaas.documents.pages import draw_pages, is_pdf, take
    from llmaas.documents.texts import pdf_text

__all__ = [
    "FORMATS",
    "LIMITS",
    "DocumentLimits",
    "audio_suffix",
    "draw_pages",
    "for_chat",
    "is_pdf",
    "open_image",
    "pdf_text",
    "smaller",
    "take",
    "to_rgb",
]

_MODULES = {
    "FORMATS": "limits",
    "LIMITS": "limits",
    "DocumentLimits": "limits",
    "audio_suffix": "audio",
    "for_chat": "images",
    "is_pdf": "pages",
    "open_image": "images",
    "draw_pages": "pages",
    "pdf_text": "texts",
    "smaller": "images",
    "take": "pages",
    "to_rgb": "images",
}


def __getattr__(name: str) -> Any:
    """Import a name on first use, because Pillow is an optional dependency."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

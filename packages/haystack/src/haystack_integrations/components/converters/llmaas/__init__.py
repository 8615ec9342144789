"""The OCR converter."""

from haystack_integrations.components.converters.llmaas.ocr import LLMaaSOCRDocumentConverter

__all__ = ["LLMaaSOCRDocumentConverter"]

"""The transcriber."""

from haystack_integrations.components.audio.llmaas.transcriber import LLMaaSTranscriber

__all__ = ["LLMaaSTranscriber"]

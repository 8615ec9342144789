"""Values of structured responses."""

from __future__ import annotations

from typing import Any

from llama_index.core.base.llms.types import ChatResponse
from llama_index.core.program.utils import process_streaming_objects

from llmaas import StructuredOutputError


class StreamedObject:
    """Converter of a structured stream's responses to partial objects and the final object."""

    def __init__(self, output_cls: Any) -> None:
        self._output_cls = output_cls
        self._last: Any = None

    def convert(self, response: ChatResponse) -> Any:
        """Convert a response to the object received so far, or to None before its JSON begins."""
        if response.raw is not None:
            return to_value(response)
        if response.delta and "{" in (response.message.content or ""):
            known = [self._last] if self._last is not None else None
            self._last = process_streaming_objects(response, self._output_cls, known)
            return self._last
        return None


def to_value(response: ChatResponse) -> Any:
    """Extract the value of a structured response. Raises ``StructuredOutputError``."""
    value = response.additional_kwargs.get("parsed")
    if value is None:
        text = response.message.content or ""
        reason = response.additional_kwargs.get("finish_reason")
        raise StructuredOutputError(
            f"The answer does not match the schema (finish_reason {reason!r}).", text=text
        )
    return value

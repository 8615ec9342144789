"""Conversion of AutoGen's messages to those of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autogen_core import FunctionCall, Image
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)

from autogen_llmaas._reasoning_cache import ReasoningCache
from autogen_llmaas.tools import ToolNameMap, api_name
from llmaas import ConfigurationError

_APIMessage = dict[str, Any]

_IMAGE = re.compile(r"\[Image: (iVBORw0KGgo[A-Za-z0-9+/]+={0,2})\]")
"""Image of a tool: AutoGen writes it into the text of the result, as PNG in base64."""


@dataclass(frozen=True, slots=True)
class MessageConverter:
    """Converter with the options of one client."""

    reasoning_cache: ReasoningCache
    tool_names: ToolNameMap
    sends_reasoning: Callable[[], bool]
    include_names: bool
    include_prefixes: bool
    supports_images: Callable[[], bool]

    def convert(self, messages: Sequence[LLMMessage]) -> list[_APIMessage]:
        """Convert messages; the core reorders them for the model.

        System messages alone, as selectors send them, become a user message.
        """
        converted: list[_APIMessage] = []
        for message in messages:
            if isinstance(message, UserMessage):
                converted.append(self._user(message))
            elif isinstance(message, AssistantMessage):
                converted.append(self._assistant(message))
            elif isinstance(message, SystemMessage):
                converted.append({"role": "system", "content": message.content})
            else:
                converted += self._tool_results(message)
        if any(each["role"] != "system" for each in converted):
            return converted
        return [{"role": "user", "content": "\n\n".join(each["content"] for each in converted)}]

    def _user(self, message: UserMessage) -> _APIMessage:
        prefix = f"{message.source} said:\n" if self.include_prefixes else ""
        content = message.content
        fields: _APIMessage = {
            "role": "user",
            "content": prefix + content
            if isinstance(content, str)
            else self._parts(content, prefix),
        }
        if self.include_names:
            fields["name"] = api_name(message.source)
        return fields

    def _parts(self, content: Sequence[str | Image], prefix: str) -> list[_APIMessage]:
        parts = [
            _text_part(part) if isinstance(part, str) else self._image(part) for part in content
        ]
        return [_text_part(prefix), *parts] if prefix else parts

    def _image(self, image: Image) -> _APIMessage:
        if not self.supports_images():
            raise ConfigurationError(
                "Model does not support vision and image was provided. Choose a vision model "
                "(`llmaas models`) or pass model_info={'vision': True}."
            )
        return {"type": "image_url", "image_url": {"url": image.data_uri}}

    def _assistant(self, message: AssistantMessage) -> _APIMessage:
        if isinstance(message.content, str):
            return {"role": "assistant", "content": message.content}
        text, reasoning = self._text_and_reasoning(message.content, message.thought)
        fields: _APIMessage = {
            "role": "assistant",
            "content": text or None,
            "tool_calls": [self._call(call) for call in message.content],
        }
        if reasoning and self.sends_reasoning():
            fields["reasoning_content"] = reasoning
        return fields

    def _text_and_reasoning(
        self, calls: Sequence[FunctionCall], thought: str | None
    ) -> tuple[str | None, str | None]:
        """Return the text and the reasoning that accompanied the calls."""
        cached = self.reasoning_cache.get(calls) if thought else None
        if cached is not None:
            return cached
        return (None, thought) if self.sends_reasoning() else (thought, None)

    def _tool_results(self, message: FunctionExecutionResultMessage) -> list[_APIMessage]:
        return [
            {
                "role": "tool",
                "tool_call_id": result.call_id,
                "content": self._tool_content(result.content),
            }
            for result in message.content
        ]

    def _tool_content(self, text: str) -> str | list[_APIMessage]:
        """Send images of a tool as images; as text they cost thousands of tokens."""
        if "[Image: iVBORw0KGgo" not in text:
            return text
        if not self.supports_images():
            return _IMAGE.sub("[Image]", text)
        return list(_split_images(text))

    def _call(self, call: FunctionCall) -> _APIMessage:
        function = {"name": self.tool_names.to_api_name(call.name), "arguments": call.arguments}
        return {"id": call.id, "type": "function", "function": function}


def _text_part(text: str) -> _APIMessage:
    return {"type": "text", "text": text}


def _split_images(text: str) -> Iterator[_APIMessage]:
    """Split text into text and image parts."""
    for position, piece in enumerate(_IMAGE.split(text)):
        if position % 2:
            yield {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{piece}"}}
        elif stripped := piece.strip("\n"):
            yield _text_part(stripped)

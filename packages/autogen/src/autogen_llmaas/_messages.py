"""AutoGen's messages as the wire takes them."""

from __future__ import annotations

from collections.abc import Sequence
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

from autogen_llmaas._echo import Echo
from autogen_llmaas._names import Toolbox, wire_name
from llmaas import ConfigurationError

_Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """How one client writes messages."""

    echo: Echo
    toolbox: Toolbox
    echoes_reasoning: bool
    with_names: bool
    with_prefixes: bool
    sees_images: bool

    def write(self, messages: Sequence[LLMMessage]) -> list[_Wire]:
        """Return the messages of a request; the core puts them into the order that models take.

        System messages alone, as selectors send them, become the user's turn.
        """
        wires: list[_Wire] = []
        for message in messages:
            if isinstance(message, UserMessage):
                wires.append(self._user(message))
            elif isinstance(message, AssistantMessage):
                wires.append(self._assistant(message))
            elif isinstance(message, SystemMessage):
                wires.append({"role": "system", "content": message.content})
            else:
                wires += _tool_results(message)
        if any(wire["role"] != "system" for wire in wires):
            return wires
        return [{"role": "user", "content": "\n\n".join(wire["content"] for wire in wires)}]

    def _user(self, message: UserMessage) -> _Wire:
        prefix = f"{message.source} said:\n" if self.with_prefixes else ""
        content = message.content
        wire: _Wire = {
            "role": "user",
            "content": prefix + content
            if isinstance(content, str)
            else self._parts(content, prefix),
        }
        if self.with_names:
            wire["name"] = wire_name(message.source)
        return wire

    def _parts(self, content: Sequence[str | Image], prefix: str) -> list[_Wire]:
        parts = [_text(part) if isinstance(part, str) else self._image(part) for part in content]
        return [_text(prefix), *parts] if prefix else parts

    def _image(self, image: Image) -> _Wire:
        if not self.sees_images:
            raise ConfigurationError(
                "Model does not support vision and image was provided: choose one that sees "
                "(`llmaas models`), or say model_info={'vision': True}"
            )
        return {"type": "image_url", "image_url": {"url": image.data_uri}}

    def _assistant(self, message: AssistantMessage) -> _Wire:
        if isinstance(message.content, str):
            return {"role": "assistant", "content": message.content}
        text, reasoning = self._beside(message.content, message.thought)
        wire: _Wire = {
            "role": "assistant",
            "content": text or None,
            "tool_calls": [self._call(call) for call in message.content],
        }
        if reasoning and self.echoes_reasoning:
            wire["reasoning_content"] = reasoning
        return wire

    def _beside(
        self, calls: Sequence[FunctionCall], thought: str | None
    ) -> tuple[str | None, str | None]:
        """Return the text and the reasoning that went with calls."""
        said = self.echo.said(calls) if thought else None
        if said is not None:
            return said
        return (None, thought) if self.echoes_reasoning else (thought, None)

    def _call(self, call: FunctionCall) -> _Wire:
        function = {"name": self.toolbox.told_name(call.name), "arguments": call.arguments}
        return {"id": call.id, "type": "function", "function": function}


def _text(text: str) -> _Wire:
    return {"type": "text", "text": text}


def _tool_results(message: FunctionExecutionResultMessage) -> list[_Wire]:
    return [
        {"role": "tool", "tool_call_id": result.call_id, "content": result.content}
        for result in message.content
    ]

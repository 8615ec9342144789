"""Request of one run of the chat generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from haystack.dataclasses import ChatMessage
from haystack.tools import ToolsType

from haystack_integrations.common.llmaas.messages import to_api_messages
from haystack_integrations.common.llmaas.tools import to_api_tools, to_response_format
from llmaas.adapters import reject_multiple_choices

ON_BLOCKED = ("raise", "reply")


@dataclass(slots=True)
class ChatRequest:
    """Messages and options of a core call, and the reaction to a blocked prompt."""

    messages: list[dict[str, Any]]
    options: dict[str, Any]
    blocked_becomes_reply: bool

    @classmethod
    def create(
        cls,
        model: str,
        messages: list[ChatMessage],
        kwargs: Mapping[str, Any],
        tools: ToolsType | None,
        *,
        strict: bool,
        streaming: bool,
    ) -> ChatRequest:
        """Build a request. Keys of ``kwargs`` that neither we nor the core know are sent."""
        options = dict(kwargs)
        on_blocked = options.pop("on_blocked", "raise")
        if on_blocked not in ON_BLOCKED:
            raise ValueError(f"on_blocked must be one of {ON_BLOCKED}, got {on_blocked!r}")
        send_reasoning = options.pop("send_reasoning", "auto")
        unpack_files = bool(options.pop("unpack_files", True))
        if streaming:
            reject_multiple_choices(options, "several answers cannot be streamed, set n=1.")
        if "response_format" in options:
            options["response_format"] = to_response_format(options["response_format"])
        if api_tools := to_api_tools(tools, strict=strict):
            options["tools"] = api_tools
        options.setdefault("model", model)  # as in OpenAIChatGenerator
        converted = to_api_messages(
            messages, send_reasoning=send_reasoning, unpack_files=unpack_files
        )
        return cls(converted, options, on_blocked == "reply")

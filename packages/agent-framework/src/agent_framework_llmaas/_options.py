"""The framework's options as the core's keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent_framework import ChatOptions, FunctionTool

from llmaas import InvalidInputError

if TYPE_CHECKING:
    from llmaas import Timeout

_OF_A_CALL = ("extra_headers", "extra_body", "timeout", "deadline")
"""What ``client_kwargs`` may hold for us; the layers above put their own things there."""
_NOT_SENT = ("instructions", "conversation_id", "tools", "tool_choice", "response_format", "model")
_FORMAT_TYPES = ("json_schema", "json_object", "text")


class LLMaaSChatOptions(ChatOptions, total=False):
    """What LLMaaS takes beyond the framework's own options. Any other key is sent as it is."""

    reasoning: bool | str
    """False switches reasoning off, True on; ``"low"`` to ``"xhigh"`` set the effort."""
    fallbacks: Sequence[str]
    """Models to ask, in order, when the model is gone, overloaded, too small or answers nothing."""
    retry_empty: bool
    """Ask once more when an answer is empty."""
    conform: bool
    """Change the conversation to what the model takes. Defaults to True."""
    fresh: bool
    """Add a nonce to the last user message, so that no gateway replays a cached answer."""
    strict: bool
    """Refuse images for a model without vision, instead of warning."""
    reasoning_effort: str
    enable_thinking: bool
    """For qwen models only: others fail on it."""
    n: int
    logprobs: bool
    top_logprobs: int
    extra_headers: Mapping[str, str]
    extra_body: Mapping[str, Any]
    timeout: float | Timeout
    """Longest silence in seconds."""
    deadline: float
    """Longest time of the whole call in seconds, retries included."""


def call_arguments(
    options: Mapping[str, Any], client_kwargs: Mapping[str, Any], *, model: str | None
) -> dict[str, Any]:
    """Return what ``chat`` and ``stream`` of the core take, messages excepted."""
    arguments = {key: value for key, value in options.items() if key not in _NOT_SENT}
    arguments = {key: value for key, value in arguments.items() if value is not None}
    arguments.update({key: client_kwargs[key] for key in _OF_A_CALL if key in client_kwargs})
    arguments["model"] = client_kwargs.get("model") or options.get("model") or model or _missing()
    if (format_ := options.get("response_format")) is not None:
        arguments["response_format"] = _wire_format(format_)
    several = arguments.pop("allow_multiple_tool_calls", None)
    if tools := options.get("tools"):
        arguments.update(_tool_arguments(tools, options.get("tool_choice")))
        if several is not None and arguments.get("tools"):
            arguments["parallel_tool_calls"] = several
    return arguments


def _tool_arguments(tools: Sequence[Any], choice: Any) -> dict[str, Any]:
    """Return tools and choice for the wire; ``allowed_tools`` are the only ones that are sent."""
    specs = [_spec(tool) for tool in tools]
    if not isinstance(choice, Mapping) or "mode" not in choice:
        return {"tools": specs, "tool_choice": choice}
    allowed = choice.get("allowed_tools")
    if allowed is not None:
        specs = [spec for spec in specs if spec.get("function", {}).get("name") in allowed]
    return {"tools": specs, "tool_choice": choice.get("required_function_name") or choice["mode"]}


def _spec(tool: Any) -> Mapping[str, Any]:
    if isinstance(tool, FunctionTool):
        return tool.to_json_schema_spec()
    if isinstance(tool, Mapping):
        return tool
    raise InvalidInputError(
        f"LLMaaS runs no hosted tools; a {type(tool).__name__} cannot be sent to it"
    )


def _wire_format(response_format: Any) -> Any:
    """Wrap a bare JSON schema, which the framework allows too."""
    if not isinstance(response_format, Mapping) or response_format.get("type") in _FORMAT_TYPES:
        return response_format
    from llmaas.structured import json_schema_format

    return json_schema_format(str(response_format.get("title", "response")), response_format)


def _missing() -> str:
    raise InvalidInputError("No model: pass model=... to the client or in the options")

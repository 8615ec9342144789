"""Conversion of the framework's options to the core's keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent_framework import ChatOptions, FunctionTool

from llmaas import InvalidInputError

if TYPE_CHECKING:
    from llmaas import Timeout

_CALL_OPTIONS = ("extra_headers", "extra_body", "timeout", "deadline")
"""Options accepted in ``client_kwargs``, which also holds arguments of the layers above."""
_HANDLED_OPTIONS = (
    "instructions",
    "conversation_id",
    "tools",
    "tool_choice",
    "response_format",
    "model",
)
_FORMAT_TYPES = ("json_schema", "json_object", "text")


class LLMaaSChatOptions(ChatOptions, total=False):
    """Options in addition to the framework's. Any other key is sent unchanged."""

    reasoning: bool | str
    """False switches reasoning off, True on; ``"low"`` to ``"xhigh"`` set the effort."""
    fallbacks: Sequence[str]
    """Models to try in order if the model is retired, overloaded, too small or answers nothing."""
    retry_empty: bool
    """Retry an empty answer once. Defaults to False."""
    conform: bool
    """Adapt the conversation to what the model accepts. Defaults to True."""
    fresh: bool
    """Add a nonce to the last user message, so that no gateway replays a cached answer."""
    strict: bool
    """Refuse images for a model without vision, instead of warning."""
    reasoning_effort: str
    enable_thinking: bool
    """For qwen models only; others return an error."""
    n: int
    logprobs: bool
    top_logprobs: int
    extra_headers: Mapping[str, str]
    extra_body: Mapping[str, Any]
    timeout: float | Timeout
    """Seconds without received data."""
    deadline: float
    """Seconds for the whole call, including retries."""


def build_arguments(
    options: Mapping[str, Any], client_kwargs: Mapping[str, Any], *, model: str | None
) -> dict[str, Any]:
    """Build the arguments of the core's ``chat`` and ``stream``, except for messages."""
    arguments = {key: value for key, value in options.items() if key not in _HANDLED_OPTIONS}
    arguments = {key: value for key, value in arguments.items() if value is not None}
    arguments.update({key: client_kwargs[key] for key in _CALL_OPTIONS if key in client_kwargs})
    arguments["model"] = (
        client_kwargs.get("model") or options.get("model") or model or _raise_missing_model()
    )
    if (format_ := options.get("response_format")) is not None:
        arguments["response_format"] = _to_response_format(format_)
    parallel = arguments.pop("allow_multiple_tool_calls", None)
    if tools := options.get("tools"):
        arguments.update(_tool_arguments(tools, options.get("tool_choice")))
        if parallel is not None and arguments.get("tools"):
            arguments["parallel_tool_calls"] = parallel
    return arguments


def _tool_arguments(tools: Sequence[Any], choice: Any) -> dict[str, Any]:
    """Convert tools and ``tool_choice``; with ``allowed_tools`` only these are sent."""
    specs = [_tool_spec(tool) for tool in tools]
    if not isinstance(choice, Mapping) or "mode" not in choice:
        return {"tools": specs, "tool_choice": choice}
    allowed = choice.get("allowed_tools")
    if allowed is not None:
        specs = [spec for spec in specs if spec.get("function", {}).get("name") in allowed]
    return {"tools": specs, "tool_choice": choice.get("required_function_name") or choice["mode"]}


def _tool_spec(tool: Any) -> Mapping[str, Any]:
    if isinstance(tool, FunctionTool):
        return tool.to_json_schema_spec()
    if isinstance(tool, Mapping):
        return tool
    raise InvalidInputError(
        f"tools must be functions or dicts, got {type(tool).__name__}. "
        "Hosted tools are not supported."
    )


def _to_response_format(response_format: Any) -> Any:
    """Convert a response format; a bare JSON schema, which the framework allows, is wrapped."""
    if not isinstance(response_format, Mapping) or response_format.get("type") in _FORMAT_TYPES:
        return response_format
    from llmaas.structured import json_schema_format

    return json_schema_format(str(response_format.get("title", "response")), response_format)


def _raise_missing_model() -> str:
    raise InvalidInputError("model is missing. Pass model=... to the client or in the options.")

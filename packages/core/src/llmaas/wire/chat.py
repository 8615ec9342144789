"""Body of chat requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

ToolChoice: TypeAlias = str | Mapping[str, Any] | bool | None

_SWITCHES = frozenset({"chat_template_kwargs", "enable_thinking", "thinking", "reasoning_effort"})
_MODES = frozenset({"none", "auto", "required"})


def chat_body(
    messages: Sequence[Mapping[str, object]],
    *,
    model: str,
    stream: bool = False,
    tools: Sequence[Mapping[str, object]] | None = None,
    tool_choice: ToolChoice = None,
    response_format: Mapping[str, object] | None = None,
    params: Mapping[str, Any] | None = None,
) -> dict[str, object]:
    """Build the JSON object to send, without parameters that are None.

    Unknown parameters pass through; ``extra_body`` overrides everything.
    """
    params = dict(params or {})
    extra = params.pop("extra_body", None) or {}
    body: dict[str, object] = {"model": model, "messages": messages}
    if stream:
        body["stream"] = True
        options = params.pop("stream_options", {"include_usage": True})
        body["stream_options"] = options
    if tools:
        body["tools"] = list(tools)
        body["tool_choice"] = to_tool_choice(tool_choice, tools)
    else:
        params.pop("parallel_tool_calls", None)  # OpenAI's API refuses it without tools
    if response_format is not None:
        body["response_format"] = response_format
    body.update(params)
    body = {key: value for key, value in body.items() if value is not None}
    body.update(extra)
    return body


def to_tool_choice(choice: ToolChoice, tools: Sequence[Mapping[str, object]]) -> object:
    """Convert a tool choice to a documented form: ``none``, ``auto`` or a named function.

    ``required`` (also ``any`` or True) becomes the named function if there is only one tool,
    because the service does not document ``required``. With several tools it is sent as is.
    """
    if choice is None or choice is False:
        return None
    if choice is True or choice == "any":
        choice = "required"
    if choice == "required":
        return _to_named_choice(_name(tools[0])) if len(tools) == 1 else "required"
    if isinstance(choice, Mapping) or choice in _MODES:
        return choice
    return _to_named_choice(choice)


def _to_named_choice(name: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": name}}


def _name(tool: Mapping[str, object]) -> object:
    function = tool.get("function")
    return function.get("name") if isinstance(function, Mapping) else tool.get("name")


def turns_reasoning_off(body: Mapping[str, object]) -> bool:
    """Whether a request disables reasoning in any supported form."""
    if _SWITCHES.isdisjoint(body):
        return False
    template = body.get("chat_template_kwargs")
    switches = [body, template] if isinstance(template, Mapping) else [body]
    names = ("enable_thinking", "thinking")  # the second is that of Granite and DeepSeek
    off = any(each.get(name) is False for each in switches for name in names)
    return off or body.get("reasoning_effort") == "none"


def requests_several_choices(params: Mapping[str, Any]) -> bool:
    """Whether the parameters of a chat request several choices."""
    count = (params.get("extra_body") or {}).get("n") or params.get("n")
    return (count or 1) > 1

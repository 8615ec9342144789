"""What a chat request may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.catalogue import Model
from llmaas_sandbox.errors import Refusal, bad_request, of_status
from llmaas_sandbox.families.check import check_strictly
from llmaas_sandbox.faults.parse import Faults
from llmaas_sandbox.gateway.exchange import given

DEFAULT_MAX_TOKENS = 1024
MAX_CHOICES, MAX_LOGPROBS = 16, 20
"""Inferred: no figures are documented."""
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_CONTENT_PARTS = ("text", "image_url", "image", "audio_url", "video_url", "input_audio")


def check(body: Mapping[str, Any], model: Model, faults: Faults) -> None:
    """Refuse what the service documents as wrong, and what the model's engine does not take."""
    _check_messages(body.get("messages"))
    check_shared(body)
    _check_quirks(body, model)
    check_strictly(body, model, faults)


def check_shared(body: Mapping[str, Any]) -> None:
    """Refuse wrong parameters, whatever the conversation."""
    for name, (low, high) in _RANGES.items():
        _check_range(body, name, low, high)
    for name in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(name)
        if value is not None and (
            not isinstance(value, int) or isinstance(value, bool) or value < 1
        ):
            raise bad_request(f"Invalid parameter '{name}': must be an integer of at least 1", name)
    if not isinstance(body.get("stream", False), bool | None):
        raise bad_request("Invalid parameter 'stream': must be a boolean", "stream")
    _check_stop(body.get("stop"))
    _check_format(body.get("response_format"))
    top = given(body, "top_logprobs", 0)
    if not isinstance(top, int) or isinstance(top, bool) or not 0 <= top <= MAX_LOGPROBS:
        raise bad_request(f"Invalid parameter 'top_logprobs': 0 to {MAX_LOGPROBS}", "top_logprobs")
    if (body.get("n") or 1) > MAX_CHOICES:
        raise bad_request(f"Invalid parameter 'n': at most {MAX_CHOICES}", "n")
    _check_tools(body)


def _check_stop(stop: Any) -> None:
    stops = stop if isinstance(stop, list) else [stop]
    if stop is not None and not all(isinstance(text, str) for text in stops):
        raise bad_request("Invalid parameter 'stop': must be a string or an array", "stop")


def _check_format(form: Any) -> None:
    if form is None:
        return
    kind = form.get("type") if isinstance(form, Mapping) else None
    schema = form.get("json_schema") if isinstance(form, Mapping) else None
    described = isinstance(schema, Mapping) and isinstance(schema.get("schema"), Mapping)
    if kind in ("text", "json_object") or (kind == "json_schema" and described):
        return
    raise bad_request("Invalid parameter 'response_format'", "response_format")


def _check_messages(messages: Any) -> None:
    if messages is None:
        raise bad_request("Missing required parameter: 'messages'", "messages")
    if not isinstance(messages, list) or not messages:
        raise bad_request("Invalid parameter 'messages': must be a non-empty array", "messages")
    for i, message in enumerate(messages):
        where = f"messages[{i}]"
        if not isinstance(message, Mapping) or message.get("role") not in _ROLES:
            raise bad_request(f"Invalid parameter '{where}.role'", "messages")
        _check_content(message, where)


def _check_content(message: Mapping[str, Any], where: str) -> None:
    content = message.get("content")
    if content is None and (message.get("tool_calls") or message["role"] == "assistant"):
        return
    if message["role"] == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise bad_request(f"Missing required parameter: '{where}.tool_call_id'", "messages")
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        raise bad_request(f"Invalid parameter '{where}.content'", "messages")
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind not in _CONTENT_PARTS:
            raise bad_request(
                f"Invalid parameter '{where}.content': unknown part '{kind}'", "messages"
            )


def _check_range(body: Mapping[str, Any], name: str, low: float, high: float) -> None:
    value = body.get(name)
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise bad_request(f"Invalid parameter '{name}': must be between {low} and {high}", name)


def _check_tools(body: Mapping[str, Any]) -> None:
    tools = given(body, "tools", [])
    if not isinstance(tools, list):
        raise bad_request("Invalid parameter 'tools': must be an array", "tools")
    names = [_function_name(tool) for tool in tools]
    _check_choice(body.get("tool_choice"), names)


def _function_name(tool: Any) -> str:
    """Return the name of a well-formed tool; refuse any other."""
    function = tool.get("function") if isinstance(tool, Mapping) else None
    kind = tool.get("type") if isinstance(tool, Mapping) else None
    if isinstance(function, Mapping) and kind == "function":
        name, parameters = function.get("name"), function.get("parameters") or {}
        described = isinstance(parameters, Mapping) and _is_object(parameters.get("properties"))
        if isinstance(name, str) and name and described:
            return name
    raise bad_request("Invalid parameter 'tools': only named functions are supported", "tools")


def _is_object(properties: Any) -> bool:
    return isinstance(properties, Mapping | None)


def _check_choice(choice: Any, names: list[str]) -> None:
    if choice is None or choice in ("none", "auto"):
        return
    if choice == "required" and names:
        return
    function = choice.get("function") if isinstance(choice, Mapping) else None
    if not isinstance(function, Mapping) or function.get("name") not in names:
        raise bad_request("Invalid parameter 'tool_choice'", "tool_choice")


def _check_quirks(body: Mapping[str, Any], model: Model) -> None:
    """Refuse what some backends cannot take: thinking switches on Mistral, sound and video."""
    if "enable_thinking" in body and "stral" in model.family:
        raise bad_request(
            "Unsupported parameter 'enable_thinking' for this tokenizer", "enable_thinking"
        )
    if not {"audio_url", "video_url", "input_audio"}.isdisjoint(_part_types(body)):
        raise of_status(502)


def _part_types(body: Mapping[str, Any]) -> set[str]:
    contents = (m.get("content") for m in body["messages"])
    return {str(p.get("type")) for c in contents if isinstance(c, list) for p in c}


def max_tokens(body: Mapping[str, Any]) -> int:
    """Return the budget of an answer; the service's own default is small."""
    return int(body.get("max_tokens") or body.get("max_completion_tokens") or DEFAULT_MAX_TOKENS)


def no_prompt(body: Mapping[str, Any]) -> Refusal | None:
    """Return the refusal of a classic completion (``prompt`` instead of ``messages``)."""
    if "messages" in body:
        return None
    return bad_request("This endpoint takes 'messages', not 'prompt'", "messages")

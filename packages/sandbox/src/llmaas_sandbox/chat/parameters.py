"""Validation of the parameters of a chat request.

The ranges are documented; what else is refused was recorded from vLLM 0.32, in its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.json_body import get_or_default
from llmaas_sandbox.responder.schema_problems import find_schema_problem

MAX_CHOICES, MAX_LOGPROBS, MAX_STOPS = 16, 20, 4
"""Inferred: choices (vLLM takes 16,384). Recorded: log probabilities, stops."""
_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_CHECKED = frozenset(
    (
        *_RANGES,
        *("max_tokens", "max_completion_tokens", "n", "stop", "response_format", "tools"),
        *("top_logprobs", "seed", "reasoning_effort", "logit_bias", "stream_options"),
        "tool_choice",
    )
)
"""What is checked beside ``stream``; most requests have few of them."""
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def check_parameters(body: Mapping[str, Any], engine: str = "") -> None:
    """Reject invalid parameters, independently of the conversation (400).

    Efforts are those of vLLM, unless another engine is named: llama.cpp passes any on.
    """
    if _CHECKED.isdisjoint(body) and isinstance(body.get("stream", False), bool | None):
        return
    for name, (low, high) in _RANGES.items():
        _check_range(body, name, low, high)
    for name in ("max_tokens", "max_completion_tokens", "n"):
        _check_count(body, name)
    if not isinstance(body.get("stream", False), bool | None):
        raise bad_request(
            "Invalid parameter 'stream': must be a boolean", "stream", invalid="bool_parsing"
        )
    if (body.get("n") or 1) > MAX_CHOICES:
        raise bad_request(f"Invalid parameter 'n': at most {MAX_CHOICES}", "n")
    _check_stop(body.get("stop"))
    _check_format(body.get("response_format"))
    _check_logprobs(body)
    _check_seed(body.get("seed"))
    if engine in ("", "vllm"):
        _check_effort(body.get("reasoning_effort"))
    _check_bias(body.get("logit_bias"))
    if body.get("stream_options") is not None and not body.get("stream"):
        words = "Stream options can only be defined when `stream=True`. (parameter=stream_options)"
        raise bad_request(words, "stream_options")
    _check_tools(body)


def _check_range(body: Mapping[str, object], name: str, low: float, high: float) -> None:
    value = body.get(name)
    if value is None:
        return
    message = f"Invalid parameter '{name}': must be between {low} and {high}"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise bad_request(message, name, invalid="float_parsing")
    if name == "top_p" and value == 0:
        words = "top_p must be in (0, 1], got 0.0. (parameter=top_p, value=0.0)"
        raise bad_request(words, name)
    if not low <= value <= high:
        raise bad_request(message, name)


def _check_count(body: Mapping[str, object], name: str) -> None:
    value = body.get(name)
    if value is None:
        return
    message = f"Invalid parameter '{name}': must be an integer of at least 1"
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request(message, name, invalid="int_parsing")
    if value < 1:
        raise bad_request(message, name)


def _check_stop(stop: object) -> None:
    stops = stop if isinstance(stop, list) else [stop]
    if stop is None:
        return
    if not all(isinstance(text, str) for text in stops):
        raise bad_request(
            "Invalid parameter 'stop': must be a string or an array", "stop", invalid="string_type"
        )
    if len(stops) > MAX_STOPS:
        words = f"List should have at most {MAX_STOPS} items after validation, not {len(stops)}"
        raise bad_request(words, "stop", invalid="too_long")
    if "" in stops:
        raise bad_request("stop cannot contain an empty string.", "stop")


def _check_format(form: Any) -> None:
    if form is None:
        return
    kind = form.get("type") if isinstance(form, Mapping) else None
    if kind in ("text", "json_object"):
        return
    if kind != "json_schema":
        raise bad_request(
            "Invalid parameter 'response_format'", "response_format", invalid="literal_error"
        )
    _check_named_schema(form.get("json_schema"))


def _check_named_schema(described: object) -> None:
    if not isinstance(described, Mapping) or not isinstance(described.get("schema"), Mapping):
        words = (
            "When response_format type is 'json_schema', the 'json_schema' field must be "
            "provided. (parameter=response_format)"
        )
        raise bad_request(words, "response_format")
    if not isinstance(described.get("name"), str) or not described["name"]:
        where = "response_format.json_schema.name"
        raise bad_request("Field required", where, invalid="missing")
    problem = find_schema_problem(described["schema"])
    if problem:
        words = f"Failed to transform json schema into a grammar: {problem}"
        raise bad_request(words, "response_format")


def _check_logprobs(body: Mapping[str, object]) -> None:
    top = get_or_default(body, "top_logprobs", 0)
    if not isinstance(top, int) or isinstance(top, bool) or not 0 <= top <= MAX_LOGPROBS:
        raise bad_request(f"Invalid parameter 'top_logprobs': 0 to {MAX_LOGPROBS}", "top_logprobs")
    if top and not body.get("logprobs"):
        words = (
            "when using `top_logprobs`, `logprobs` must be set to true. (parameter=top_logprobs)"
        )
        raise bad_request(words, "top_logprobs")


def _check_seed(seed: object) -> None:
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise bad_request("Input should be a valid integer", "seed", invalid="int_parsing")


def _check_effort(effort: object) -> None:
    if effort is not None and effort not in _EFFORTS:
        words = f"Input should be {', '.join(map(repr, _EFFORTS[:-1]))} or 'max'"
        raise bad_request(words, "reasoning_effort", invalid="literal_error")


def _check_bias(bias: object) -> None:
    if bias is None:
        return
    if not isinstance(bias, Mapping):
        words = "Input should be a valid dictionary"
        raise bad_request(words, "logit_bias", invalid="dict_type")
    wrong = [key for key in bias if not str(key).lstrip("-").isdigit()]
    if wrong:
        words = (
            "logit_bias contains key(s) that cannot be converted to integer token IDs: "
            f"{wrong} (parameter=logit_bias, value={wrong})"
        )
        raise bad_request(words, "logit_bias")


def _check_tools(body: Mapping[str, object]) -> None:
    tools = get_or_default(body, "tools", [])
    if not isinstance(tools, list):
        raise bad_request(
            "Invalid parameter 'tools': must be an array", "tools", invalid="list_type"
        )
    if not tools and body.get("tools") is not None:
        words = (
            "`tools` must not be an empty array. Either provide at least one tool or omit the "
            "field entirely. (parameter=tools)"
        )
        raise bad_request(words, "tools")
    names = [_function_name(tool) for tool in tools]
    _check_choice(body.get("tool_choice"), names)


def _function_name(tool: object) -> str:
    """Return the name of a tool; reject a malformed one."""
    function = tool.get("function") if isinstance(tool, Mapping) else None
    kind = tool.get("type") if isinstance(tool, Mapping) else None
    if isinstance(function, Mapping) and kind == "function":
        name, parameters = function.get("name"), function.get("parameters")
        described = parameters is None or not find_schema_problem(parameters)
        if isinstance(name, str) and name and described:
            return name
    raise bad_request("Invalid parameter 'tools': only named functions are supported", "tools")


def _check_choice(choice: Any, names: list[str]) -> None:
    if choice is None or choice == "none":
        return
    if not names:
        words = "When using `tool_choice`, `tools` must be set. (parameter=tool_choice)"
        raise bad_request(words, "tool_choice")
    if isinstance(choice, str) and choice in ("auto", "required"):
        return
    function = choice.get("function") if isinstance(choice, Mapping) else None
    if not isinstance(function, Mapping) or function.get("name") not in names:
        words = (
            "The tool specified in `tool_choice` does not match any of the specified `tools` "
            "(parameter=tool_choice)"
        )
        raise bad_request(words, "tool_choice")


def check_calls(message: Mapping[str, object], where: str) -> None:
    """Reject calls in the history that are not functions with string arguments."""
    calls = message.get("tool_calls")
    if calls is None:
        return
    if not isinstance(calls, list):
        raise bad_request(f"Invalid parameter '{where}.tool_calls'", "messages")
    for i, call in enumerate(calls):
        if not _is_call(call):
            words = (
                f"Invalid parameter '{where}.tool_calls[{i}]': a function with arguments as text"
            )
            raise bad_request(words, "messages", invalid="string_type")


def _is_call(call: Any) -> bool:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or call.get("type") != "function":
        return False
    return isinstance(function.get("name"), str) and isinstance(function.get("arguments"), str)

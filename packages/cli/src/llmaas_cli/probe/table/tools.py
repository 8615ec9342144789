"""Probes of tool calls."""

from typing import Any

from llmaas_cli.probe.calls import chat
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    UNCLEAR,
    Call,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.conversations import WEATHER
from llmaas_cli.probe.table.sources import API, OPENAI, SWAGGER, VLLM

ASK = "What is the weather in Paris?"
SMALL_TALK = "Say hello. Do not use any tool."
NAMED = {"type": "function", "function": {"name": "get_weather"}}
OFF = "{reasoning_off}"
TIME = {"type": "function", "function": {"name": "get_time", "description": "Time of a city",
                                         "parameters": WEATHER["function"]["parameters"]}}  # type: ignore[index]  # fmt: skip
_CUT = "The answer was cut before a call."
_NO_TOOLS = "Use a model with tools (llmaas models --tools)."


def _strict(tool: Any) -> Any:
    """Return a tool whose arguments must fit: a short call, whatever the model would say."""
    return {**tool, "function": {**tool["function"], "strict": True}}


def _forced(choice: object, *, tools: Any = (WEATHER, TIME), **params: Any) -> tuple[Call, ...]:
    return (
        chat(SMALL_TALK, max_tokens=200, tools=list(tools), tool_choice=choice, temperature=0,
             also=OFF, **params),
    )  # fmt: skip


STRICT = (_strict(WEATHER), _strict(TIME))


PROBES = (
    Probe(
        "tool-required", "tools", "`tool_choice: required` makes the model call a tool.",
        f"{SWAGGER}; {VLLM}", _forced("required", tools=STRICT),
        (
            rule(CONFIRMED, ok=True, call_count=lambda n: n > 0,
                 learns={"tool_choices.required": "honored"}),
            rule(UNCLEAR, _CUT, ok=True, finish_reason="length"),
            rule(CONTRADICTED, "Name the tool, or check that it was called.", ok=True,
                 learns={"tool_choices.required": "ignored"}),
            rule(NOT_SUPPORTED, _NO_TOOLS, refused=True,
                 learns={"tool_choices.required": "refused"}),
        ), Subject.CHAT, ("call_count", "argument_kind", "finish_reason"),
    ),
    Probe(
        "tool-named", "tools", "A named `tool_choice` makes the model call that tool.",
        API, _forced(NAMED, tools=STRICT),
        (
            rule(CONFIRMED, ok=True, call_count=lambda n: n > 0, called="get_weather",
                 learns={"tool_choices.named": "honored"}),
            rule(UNCLEAR, _CUT, ok=True, call_count=0, finish_reason="length"),
            rule(CONTRADICTED, "Check which tool was called.", ok=True,
                 learns={"tool_choices.named": "ignored"}),
            rule(NOT_SUPPORTED, _NO_TOOLS, refused=True, learns={"tool_choices.named": "refused"}),
        ), Subject.CHAT, ("call_count", "called", "argument_kind"),
    ),
    Probe(
        "tool-named-finish", "tools", "A named call has the finish reason `tool_calls`.",
        f"{OPENAI}; {VLLM} says `stop`", _forced(NAMED, tools=STRICT),
        (
            rule(CONFIRMED, ok=True, call_count=lambda n: n > 0, finish_reason="tool_calls"),
            rule(CONTRADICTED, "Look at the calls, not at the finish reason.",
                 ok=True, call_count=lambda n: n > 0),
            rule(UNCLEAR, "No tool was called.", ok=True),
        ), Subject.PLAIN, ("finish_reason", "content_kind"),
    ),
    Probe(
        "tool-none", "tools", "`tool_choice: none` prevents calls.", API,
        (chat(ASK, max_tokens=60, tools=[WEATHER], tool_choice="none", also=OFF),),
        (
            rule(CONFIRMED, ok=True, call_count=0, learns={"tool_choices.none": "honored"}),
            rule(CONTRADICTED, "Send no tools instead.", ok=True,
                 learns={"tool_choices.none": "ignored"}),
        ), shows=("call_count", "finish_reason"),
    ),
    Probe(
        "tool-arguments", "tools", "Arguments are JSON text.",
        f"{API}; older engines sent objects", _forced("required"),
        (
            rule(CONFIRMED, ok=True, argument_kind="text"),
            rule(CONTRADICTED, "Nothing to do: the client converts them.",
                 ok=True, argument_kind="object"),
            rule(CONTRADICTED, "Check arguments: see ToolCall.cut.",
                 ok=True, argument_kind="invalid"),
            rule(UNCLEAR, "No tool was called.", ok=True),
        ), shows=("argument_kind", "finish_reason"),
    ),
    Probe(
        "tool-ids", "tools", "Each call has an id.", API, _forced("required", tools=STRICT),
        (
            rule(CONFIRMED, ok=True,
                 call_id_shape={"9 letters and digits", "chatcmpl-tool-*", "call_*", "other"}),
            rule(CONTRADICTED, "Nothing to do: the client adds ids.",
                 ok=True, call_id_shape="missing"),
            rule(UNCLEAR, "No tool was called.", ok=True),
        ), shows=("call_id_shape",),
    ),
    Probe(
        "tool-content", "tools", "The content beside calls is null.",
        f"{API}; {VLLM} sends an empty text for forced calls", _forced("required", tools=STRICT),
        (
            rule(UNCLEAR, "No tool was called.", ok=True, call_count=0),
            rule(CONFIRMED, ok=True, content_kind={"null", "absent"}),
            rule(CONTRADICTED, "Nothing to do: the client reads both.",
                 ok=True, content_kind={"empty", "text", "list"}),
        ), shows=("content_kind",),
    ),
    Probe(
        "tool-auto", "tools", "A model calls a tool by itself when a question needs it.", API,
        (chat(ASK, max_tokens=200, tools=[WEATHER], also=OFF),),
        (
            rule(CONFIRMED, ok=True, call_count=lambda n: n > 0, finish_reason="tool_calls"),
            rule(CONTRADICTED, "Look at the calls, not at the finish reason.",
                 ok=True, call_count=lambda n: n > 0),
            rule(UNCLEAR, "It answered without a call, which is its right.", ok=True),
            rule(NOT_SUPPORTED, _NO_TOOLS, refused=True),
        ), shows=("call_count", "finish_reason"),
    ),
    Probe(
        "tool-stream", "tools",
        "A streamed call begins with index, id and name; arguments follow in parts.",
        f"{API}; {VLLM} sends the name alone first",
        _forced("required", tools=STRICT, stream=True, stream_options={"include_usage": True}),
        (
            rule(CONFIRMED, ok=True, call_start={"name and arguments", "name only"}),
            rule(CONTRADICTED, "Nothing to do: the client joins all forms.",
                 ok=True, call_start={"without index or id", "whole", "name without arguments"}),
            rule(UNCLEAR, "No tool was called.", ok=True),
        ), shows=("call_start", "repeats_ids", "argument_kind"),
    ),
    Probe(
        "tool-parallel-off", "tools", "`parallel_tool_calls: false` allows one call at most.",
        "never seen in a source", _forced("required", tools=STRICT, parallel_tool_calls=False),
        (
            rule(CONFIRMED, ok=True, call_count=1),
            rule(CONTRADICTED, "Execute the first call only, or all.",
                 ok=True, call_count=lambda n: n > 1),
            rule(NOT_SUPPORTED, "Do not send it.", refused=True),
            rule(UNCLEAR, "No tool was called.", ok=True),
        ), shows=("call_count",),
    ),
    Probe(
        "tools-empty", "tools", "An empty list of tools is refused.", VLLM,
        (chat(max_tokens=1, tools=[]),),
        (
            rule(CONFIRMED, "Nothing to do: the client leaves it out.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), shows=("error_message",),
    ),
    Probe(
        "tool-choice-alone", "tools", "`tool_choice: auto` without tools is refused.", VLLM,
        (chat(max_tokens=1, tool_choice="auto"),),
        (
            rule(CONFIRMED, "Nothing to do: the client leaves it out.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), shows=("error_message",),
    ),
)  # fmt: skip

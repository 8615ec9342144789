"""Probes of chat templates: conversations that a model's template refuses.

The client applies the rules of the model's family (``rule.*``). A verdict compares a refusal with
the rule.
"""

from __future__ import annotations

from typing import Any

from llmaas_cli.probe.calls import OK, chat
from llmaas_cli.probe.model import CONFIRMED, CONTRADICTED, Probe, Rule, Subject, rule
from llmaas_cli.probe.table.sources import TEMPLATES, VLLM

SYSTEM = {"role": "system", "content": "Be short."}
USER = {"role": "user", "content": OK}
ASSISTANT = {"role": "assistant", "content": "OK"}
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Paris", "Lyon"]}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather of a city", "parameters": CITY},
}


def call(id: str = "a1B2c3D4e", arguments: Any = '{"city": "Paris"}', **fields: object) -> Any:  # noqa: A002
    """Build an assistant message with a tool call."""
    one = {"id": id, "type": "function", "function": {"name": "get_weather",
                                                      "arguments": arguments}}  # fmt: skip
    return {"role": "assistant", "content": None, "tool_calls": [one], **fields}


def result(id: str = "a1B2c3D4e") -> Any:  # noqa: A002
    """Build a tool's result."""
    return {"role": "tool", "tool_call_id": id, "content": "21 degrees"}


def _compare_rule(name: str, refuses: object, accepts: Any) -> tuple[Rule, ...]:
    """Build rules that compare a refusal with a rule of the family."""
    known = f"rule__{name}"
    return (
        rule(CONFIRMED, "Nothing to do: the client changes such conversations.",
             refused=True, learns={f"conversation_rules.{name}": refuses}, **{known: refuses}),
        rule(CONFIRMED, ok=True, learns={f"conversation_rules.{name}": accepts},
             **{known: accepts}),
        rule(CONTRADICTED, "Save a profile (--save), and please report it: the client sends such "
             "conversations to this model.",
             refused=True, learns={f"conversation_rules.{name}": refuses}),
        rule(CONTRADICTED, "Nothing to do: the client changes more than it must.",
             ok=True, learns={f"conversation_rules.{name}": accepts}),
    )  # fmt: skip


def _refusal(follows: str) -> tuple[Rule, ...]:
    return (rule(CONFIRMED, follows, refused=True), rule(CONTRADICTED, ok=True))


def _template(id: str, assumes: str, messages: list[object], rules: tuple[Rule, ...],  # noqa: A002
              source: str = TEMPLATES, **params: Any) -> Probe:  # fmt: skip
    return Probe(
        id, "conversations", assumes, source, (chat(messages, max_tokens=1, **params),), rules,
        Subject.CHAT, ("error_message",),
    )  # fmt: skip


PROBES = (
    _template(
        "late-system", "A system message after the first message is refused.",
        [SYSTEM, USER, ASSISTANT, SYSTEM, USER],
        _refusal("Nothing to do: the client moves it to the beginning."), VLLM,
    ),
    _template(
        "two-systems", "Two system messages at the beginning are refused.",
        [SYSTEM, SYSTEM, USER],
        _refusal("Nothing to do: the client joins them."), VLLM,
    ),
    _template(
        "system-only", "A conversation needs a user message if the family's template says so.",
        [SYSTEM], _compare_rule("needs_user", True, False),
    ),
    _template(
        "alternation", "Two user messages in a row are refused if the template says so.",
        [USER, USER], _compare_rule("alternates", True, False),
    ),
    _template(
        "assistant-first", "The first message must be the user's if the template says so.",
        [ASSISTANT, USER], _compare_rule("begins_with_user", True, False),
    ),
    _template(
        "assistant-last", "The last message must not be the assistant's if the template says so.",
        [USER, ASSISTANT], _compare_rule("ends_with_input", True, False),
    ),
    _template(
        "long-call-ids", "Call ids must be nine letters or digits if the template says so.",
        [USER, call("call_0123456789abcdef"), result("call_0123456789abcdef")],
        _compare_rule("short_ids", True, False), tools=[WEATHER],
    ),
    _template(
        "message-name", "A message may have a `name`, except where its family forbids it.",
        [{**USER, "name": "bob"}], _compare_rule("extra_fields", False, True),
    ),
    _template(
        "empty-assistant", "An assistant message without text and calls is refused.",
        [USER, {"role": "assistant", "content": ""}, USER],
        _refusal("Nothing to do: the client removes it."),
    ),
    _template(
        "tool-round", "A call with null content and its result are accepted.",
        [USER, call(), result()],
        (rule(CONFIRMED, ok=True),
         rule(CONTRADICTED, "Use a model with tools.", refused=True)),
        "docs/llmaas/api.md", tools=[WEATHER],
    ),
    _template(
        "orphan-result", "A result without its call is accepted.",
        [USER, result()],
        (rule(CONFIRMED, ok=True),
         rule(CONTRADICTED, "Nothing to do: the client writes it as text.", refused=True)),
        VLLM, tools=[WEATHER],
    ),
    _template(
        "broken-arguments", "Arguments in the history that are not JSON are refused.",
        [USER, call(arguments='{"city": "Par'), result()],
        _refusal("Nothing to do: the client repairs them."),
        "vLLM before 0.32, llama.cpp", tools=[WEATHER],
    ),
    _template(
        "parallel-calls", "A message with two calls is accepted, except by its family.",
        [USER,
         {"role": "assistant", "content": None,
          "tool_calls": [*call()["tool_calls"], *call("f5G6h7I8j")["tool_calls"]]},
         result(), result("f5G6h7I8j")],
        _compare_rule("parallel_calls", False, True), tools=[WEATHER],
    ),
    _template(
        "reasoning-in-history", "A message may have `reasoning_content`, unless its family "
        "forbids it.",
        [USER, {**ASSISTANT, "reasoning_content": "Easy."}, USER],
        _compare_rule("extra_fields", False, True),
    ),
)  # fmt: skip

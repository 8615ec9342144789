"""Checks against a model's engine: chat template, context window, images, tool names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.errors import Refusal, bad_request
from llmaas_sandbox.families.rules import Message, is_function_name
from llmaas_sandbox.families.table import BY_NAME, Family, get_family
from llmaas_sandbox.faults.parse import Faults
from llmaas_sandbox.measured.rules import measured_family
from llmaas_sandbox.tokens import count_message_tokens, has_images


def check_engine_rules(body: Mapping[str, Any], model: Model, faults: Faults) -> None:
    """Reject with the engine's message (400), unless the fault ``mild`` is set."""
    if "mild" in faults:
        return
    if not faults.engine:
        _check_names(body)
    _check_images(body, model)
    family = select_family(model, faults)
    if family is not None:
        check_conversation(body["messages"], family)
    counts_both = model.measured.get("limits_prompt_plus_output") is not False
    check_window(body, context_window(model, faults), counts_both=counts_both)


def select_family(model: Model, faults: Faults) -> Family | None:
    """Return the family named by the fault ``template``, or the model's own."""
    name = faults.argument("template", 0, "")
    if not name:
        return measured_family(model.measured) or get_family(model.id)
    if name not in BY_NAME:
        raise bad_request(f"Fault 'template': no family '{name}'; known: {', '.join(BY_NAME)}")
    return BY_NAME[name]


def check_conversation(messages: Sequence[Message], family: Family) -> None:
    """Reject what the family's template rejects."""
    for rule in family.rules:
        words = rule(messages)
        if words is not None:
            raise bad_request(words)


def _check_names(body: Mapping[str, Any]) -> None:
    """Reject invalid names of functions and schemas (message of OpenAI's API)."""
    for i, tool in enumerate(body.get("tools") or ()):
        _check_name(tool["function"]["name"], f"tools[{i}].function.name")
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        name = form["json_schema"].get("name")
        _check_name(name, "response_format.json_schema.name")


def _check_name(name: Any, where: str) -> None:
    if isinstance(name, str) and name and not is_function_name(name):
        raise bad_request(
            f"Invalid '{where}': string does not match pattern. Expected a string that "
            "matches the pattern '^[a-zA-Z0-9_-]{1,64}$'.",
            where,
        )


def _check_images(body: Mapping[str, Any], model: Model) -> None:
    """Reject images if the catalog says that the model has no vision (message of vLLM)."""
    if model.vision is False and any(has_images(m.get("content")) for m in body["messages"]):
        raise bad_request(f"{model.id} is not a multimodal model")


def context_window(model: Model, faults: Faults) -> int:
    """Return the context window in tokens, or 0 if unknown."""
    return int(faults.number("window", 0, model.window))


def context_exceeded(tokens: int, size: int) -> Refusal:
    """Build the refusal of an input beyond the context window (message of vLLM)."""
    return bad_request(
        f"This model's maximum context length is {size} tokens. However, your prompt "
        f"contains at least {tokens} input tokens, which exceeds this limit even without any "
        "output tokens. Please reduce the length of the input prompt. "
        f"(parameter=input_tokens, value={tokens})",
        "input_tokens",
    )


def check_window(body: Mapping[str, Any], size: int, *, counts_both: bool = True) -> None:
    """Reject a prompt, or a prompt plus ``max_tokens``, beyond the context window.

    Without ``counts_both`` the answer is limited to the rest of the window, as vLLM does.
    """
    if not size:
        return
    name = next((n for n in ("max_tokens", "max_completion_tokens") if body.get(n)), None)
    expected = int(body[name]) if name else 0
    if expected > size:
        raise bad_request(
            f"{name}={expected} cannot be greater than max_model_len={size}. Please request fewer "
            f"output tokens. (parameter={name}, value={expected})",
            name,
        )
    prompt = count_message_tokens(body["messages"], body.get("tools"))
    if prompt >= size:
        raise context_exceeded(prompt, size)
    if counts_both and prompt + expected > size:
        raise bad_request(
            f"This model's maximum context length is {size} tokens. However, you requested "
            f"{expected} output tokens and your prompt contains at least {prompt} input tokens, "
            f"for a total of at least {prompt + expected} tokens. Please reduce the length of the "
            "input prompt or the number of requested output tokens. "
            f"(parameter=input_tokens, value={prompt})",
            "input_tokens",
        )

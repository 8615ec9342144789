"""Chat whose answer must fit a shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llmaas.messages import merge_system_messages
from llmaas.ops.chat import Ask, chat
from llmaas.ops.effects import Operation
from llmaas.structured import Shape
from llmaas.types import Completion, Usage

ATTEMPTS = 2
"""Answers that may be paid for: the first, and its correction."""


def chat_shaped(ask: Ask) -> Operation[Completion]:
    """Ask until the answer fits: refused formats are asked for in words, misfits once again."""
    shape = ask.shape
    assert shape is not None
    completion = yield from _ask_wire_then_words(ask, shape)
    if completion.tool_calls:
        return completion
    problem = _fit(completion, shape)
    if isinstance(problem, Completion):
        return problem
    second = yield from _correct(ask, completion, problem)
    second = replace(second, usage=_both(completion.usage, second.usage))
    fitted = _fit(second, shape)
    if isinstance(fitted, Completion):
        return fitted
    raise _misfit(fitted, second)


def _correct(ask: Ask, first: Completion, problem: ValueError) -> Operation[Completion]:
    """Ask once more; a failure carries the first answer, which is billed."""
    try:
        return (yield from chat(_corrected(ask, first.text, problem)))
    except BaseException as error:
        if getattr(error, "completion", None) is None:
            error.completion = first  # type: ignore[attr-defined]
        raise


def _ask_wire_then_words(ask: Ask, shape: Shape) -> Operation[Completion]:
    try:
        return (yield from chat(ask))
    except Exception as error:
        if getattr(error, "status_code", None) not in (400, 422) or not _is_about_format(error):
            raise
    ask.body = _in_words(ask.body, shape)
    return (yield from chat(ask))


def _is_about_format(error: Exception) -> bool:
    param = getattr(error, "param", None) or ""
    return "response_format" in f"{error} {param}" or "json_schema" in str(error)


def _in_words(body: dict[str, Any], shape: Shape) -> dict[str, Any]:
    instruction = {"role": "system", "content": shape.in_words()}
    changed = {**body, "messages": merge_system_messages([*body["messages"], instruction])}
    changed.pop("response_format", None)
    return changed


def _corrected(ask: Ask, text: str, problem: ValueError) -> Ask:
    turns = [
        {"role": "assistant", "content": text or " "},
        {"role": "user", "content": f"That does not fit: {problem}. Send the corrected JSON only."},
    ]
    body = {**ask.body, "messages": [*ask.body["messages"], *turns]}
    return replace(ask, body=body)


def _fit(completion: Completion, shape: Shape) -> Completion | ValueError:
    try:
        return replace(completion, parsed=shape.read(completion.text))
    except ValueError as error:
        return error


def _both(first: Usage | None, second: Usage | None) -> Usage | None:
    """Return what an answer and its correction used together: both are billed."""
    if first is None or second is None:
        return first or second
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    sums = {name: getattr(first, name) + getattr(second, name) for name in counts}
    for name in ("reasoning_tokens", "cached_tokens"):
        told = [n for n in (getattr(first, name), getattr(second, name)) if n is not None]
        sums[name] = sum(told) if told else None
    return replace(second, **sums)


def _misfit(problem: ValueError, completion: Completion) -> Exception:
    from llmaas.errors import StructuredOutputError

    return StructuredOutputError(
        f"The answer does not fit the schema: {problem}",
        text=completion.text,
        completion=completion,
    )

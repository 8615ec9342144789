"""Chats whose answer must match a schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from llmaas.messages import merge_system_messages
from llmaas.ops.chat import Ask, Opened, chat, open_stream
from llmaas.ops.effects import Operation
from llmaas.structured import is_cut, misfit
from llmaas.types import Completion, Usage

T = TypeVar("T")

ATTEMPTS = 2
"""Answers that may be paid for: the first, and its correction."""

_REFUSED = frozenset((400, 422, 500, 501))
_ABOUT_FORMAT = re.compile(
    r"response_format|json[_ -]?(schema|object|mode)|grammar|guided|structured[_ ]output"
    r"|constrained|schema",
    re.IGNORECASE,
).search
"""Words of vLLM (xgrammar, outlines), llama.cpp, SGLang, TGI and gateways."""


def chat_shaped(ask: Ask) -> Operation[Completion]:
    """Ask until the answer matches: a refused format is described in words, a misfit sent back."""
    shape = ask.shape
    assert shape is not None
    completion = yield from with_fallback_to_words(ask, chat)
    if completion.tool_calls:
        return completion
    problem = misfit(completion, shape)
    if problem is None:
        return completion
    if is_cut(completion):
        raise _cut(completion)
    second = yield from _after(completion, chat(_corrected(ask, completion.text, problem)))
    problem = misfit(second, shape)
    if problem is not None:
        raise _cut(second) if is_cut(second) else _misfit(problem, second)
    return second


def open_shaped(ask: Ask) -> Operation[Opened]:
    """Open a stream; a refused format is described in words."""
    return with_fallback_to_words(ask, open_stream)


def with_fallback_to_words(ask: Ask, send: Callable[[Ask], Operation[T]]) -> Operation[T]:
    """Send a request; once more with the schema in words if its ``response_format`` is refused."""
    try:
        return (yield from send(ask))
    except Exception as error:
        if "response_format" not in ask.body or not _is_about_format(error):
            raise
    assert ask.shape is not None
    ask.body = in_words(ask.body, ask.shape.in_words())
    return (yield from send(ask))


def in_words(body: dict[str, Any], instruction: str) -> dict[str, Any]:
    """Return a request with an instruction instead of its ``response_format``."""
    message = {"role": "system", "content": instruction}
    changed = {**body, "messages": merge_system_messages([*body["messages"], message])}
    changed.pop("response_format", None)
    return changed


def _after(first: Completion, second: Operation[Completion]) -> Operation[Completion]:
    """Add up the tokens of both answers; a failure carries the first one, which is billed."""
    try:
        completion = yield from second
    except BaseException as error:
        if getattr(error, "completion", None) is None:
            error.completion = first  # type: ignore[attr-defined]
        raise
    return replace(completion, usage=both(first.usage, completion.usage))


def _is_about_format(error: Exception) -> bool:
    if getattr(error, "status_code", None) not in _REFUSED:
        return False
    return _ABOUT_FORMAT(f"{error} {getattr(error, 'param', None) or ''}") is not None


def _corrected(ask: Ask, text: str, problem: ValueError) -> Ask:
    """Return the request for a correction, which no cache takes for the first one."""
    answer = [{"role": "assistant", "content": text}] if text.strip() else []
    demand = f"That does not fit: {problem}. Send the corrected JSON only."
    turns = [*answer, {"role": "user", "content": demand}]
    body = {**ask.body, "messages": [*ask.body["messages"], *turns]}
    return replace(ask, body=body)


def both(first: Usage | None, second: Usage | None) -> Usage | None:
    """Return what two answers used together: both are billed."""
    if first is None or second is None:
        return first or second
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    sums = {name: getattr(first, name) + getattr(second, name) for name in counts}
    for name in ("reasoning_tokens", "cached_tokens"):
        told = [n for n in (getattr(first, name), getattr(second, name)) if n is not None]
        sums[name] = sum(told) if told else None
    return replace(second, **sums)


def _misfit(problem: ValueError, completion: Completion) -> Exception:
    return _error(f"The answer does not fit the schema: {problem}", completion)


def _cut(completion: Completion) -> Exception:
    """Return the error for an answer that ended too early: to correct it needs more room."""
    reason = completion.finish_reason
    return _error(
        f"The answer does not fit the schema because it was cut (finish_reason {reason!r}). "
        "Raise max_tokens, or ask for a shorter answer.",
        completion,
    )


def _error(message: str, completion: Completion) -> Exception:
    from llmaas.errors import StructuredOutputError

    return StructuredOutputError(message, text=completion.text, completion=completion)

"""Chats whose answer must match a schema."""

from __future__ import annotations

from dataclasses import replace

from llmaas.invalid_output import invalid_output_error
from llmaas.ops import output_budget
from llmaas.ops.chat import chat, open_stream
from llmaas.ops.chat_request import ChatRequest
from llmaas.ops.deferred_schema import (
    chat_with_tools,
    is_deferred,
    open_with_tools,
    with_first_answer,
)
from llmaas.ops.effects import Operation
from llmaas.ops.open_stream import OpenStream
from llmaas.ops.schema_instruction import with_fallback_to_words, with_reply
from llmaas.structured import find_mismatch, is_cut
from llmaas.types import Completion
from llmaas.wire.usage import add_usages

_LEAST_GAIN = 1.5
"""Least factor by which ``max_tokens`` grows when a truncated answer is requested again."""
_MOST_GAIN = 2


def attempts(request: ChatRequest, *, repair: bool) -> int:
    """Return how many answers may be paid for, in units of ``max_tokens``."""
    corrections = 0 if not repair else _MOST_GAIN if request.owns_budget else 1
    return 1 + is_deferred(request) + corrections


def chat_structured(request: ChatRequest, *, repair: bool = True) -> Operation[Completion]:
    """Ask until the answer matches, at most once more: with the problem, or with more tokens."""
    assert request.schema is not None
    if is_deferred(request):
        first = yield from chat_with_tools(request)
    else:
        first = yield from with_fallback_to_words(request, chat)
    if not repair or any(choice.tool_calls for choice in first.choices):
        return first
    problem = find_mismatch(first, request.schema)
    if problem is None:
        return first
    if first.choices[0].refusal:  # asking again changes no mind, and costs
        raise invalid_output_error(first, problem)
    again = (
        _with_more_tokens(request, first)
        if is_cut(first)
        else _corrected(request, first.text, problem)
    )
    if again is None:
        raise invalid_output_error(first, problem)
    second = yield from with_first_answer(first, chat(again))
    second = replace(second, usage=add_usages([first.usage, second.usage]))
    problem = find_mismatch(second, request.schema)
    if problem is not None:
        raise invalid_output_error(second, problem)
    return second


def open_structured(request: ChatRequest) -> Operation[OpenStream]:
    """Open a stream; what it hands out is not corrected."""
    return (
        open_with_tools(request)
        if is_deferred(request)
        else with_fallback_to_words(request, open_stream)
    )


def _corrected(request: ChatRequest, text: str, problem: ValueError) -> ChatRequest:
    """Return the request for a correction, which no cache takes for the first one."""
    demand = f"That does not fit: {problem}. Send the corrected JSON only."
    messages = with_reply(request.body["messages"], text, demand)
    return replace(request, body={**request.body, "messages": messages})


def _with_more_tokens(request: ChatRequest, cut: Completion) -> ChatRequest | None:
    """Return the request with a larger ``max_tokens``; None if that is the caller's or spent.

    An answer that ends in white space was not cut for lack of tokens.
    """
    if not request.owns_budget or cut.finish_reason == "content_filter" or cut.text[-32:].isspace():
        return None
    window = output_budget.get_window(request.settings, request.model)
    before = int(request.body["max_tokens"])
    left = window - output_budget.prompt_tokens(request.body) if window else 0
    tokens = min(_MOST_GAIN * before, left)
    if tokens < _LEAST_GAIN * before:
        return None
    note = output_budget.raised(before, tokens)
    body = {**request.body, "max_tokens": tokens}
    return replace(request, body=body, adjustments=(*request.adjustments, note))

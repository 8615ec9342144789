"""The core's answers, made into Haystack's chat messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from haystack import logging
from haystack.dataclasses import ChatMessage, ReasoningContent, ToolCall

from llmaas import Choice, Completion, Usage
from llmaas.adapters import is_json, split_tool_calls

logger = logging.getLogger(__name__)


def to_messages(completion: Completion, **more: Any) -> list[ChatMessage]:
    """Return one message a choice; ``more`` goes into their ``meta``."""
    replies = [
        _to_message(choice, {**_shared_meta(completion), **more}) for choice in completion.choices
    ]
    for reply in replies:
        _warn_if_truncated(reply.meta)
    return replies


def keep_json(completion: Completion) -> Completion:
    """Return a streamed structured answer with nothing but its JSON as text."""
    if completion.parsed is None or is_json(completion.text):
        return completion
    first, *others = completion.choices
    text = json.dumps(completion.parsed, ensure_ascii=False)
    return replace(completion, choices=(replace(first, content=text), *others))


def to_usage(usage: Usage | None) -> dict[str, Any]:
    """Return token counts and nothing else: an Agent adds up every number that it finds here."""
    if usage is None:
        return {}
    counts: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        if details := _select_integers(usage.extra.get(name)):
            counts[name] = details
    if usage.reasoning_tokens is not None:
        details = counts.setdefault("completion_tokens_details", {})
        details["reasoning_tokens"] = usage.reasoning_tokens
    return counts


def _to_message(choice: Choice, shared: Mapping[str, Any]) -> ChatMessage:
    meta = {
        "model": shared["model"],
        "index": choice.index,
        "finish_reason": choice.finish_reason,
        **shared,
    }
    calls, broken = _tool_calls(choice)
    optional = {
        "logprobs": choice.logprobs,
        "refusal": choice.refusal,
        "invalid_tool_calls": broken,
    }
    meta.update({name: value for name, value in optional.items() if value})
    return ChatMessage.from_assistant(
        text=choice.content or (None if calls else ""),
        tool_calls=calls,
        reasoning=_to_reasoning(choice),
        meta=meta,
    )


def _to_reasoning(choice: Choice) -> ReasoningContent | None:
    if not choice.reasoning:
        return None
    return ReasoningContent(choice.reasoning, extra={"field": choice.reasoning_field})


def _tool_calls(choice: Choice) -> tuple[list[ToolCall], list[dict[str, Any]]]:
    """Return the calls, and as they came those whose arguments are no JSON object."""
    valid, invalid = split_tool_calls(choice)
    for call, _ in invalid:
        logger.warning(
            "The model returned a malformed JSON string for tool call arguments. The call is "
            "skipped and kept in meta['invalid_tool_calls']. To always generate a valid JSON, "
            "set `tools_strict` to `True`. Tool call ID: {_id}, Tool name: {_name}, "
            "Arguments: {_arguments}",
            _id=call.id,
            _name=call.name,
            _arguments=call.arguments,
        )
    calls = [ToolCall(id=call.id, tool_name=call.name, arguments=args) for call, args in valid]
    return calls, [asdict(call) for call, _ in invalid]


def _shared_meta(completion: Completion) -> dict[str, Any]:
    meta: dict[str, Any] = {"model": completion.model, "usage": to_usage(completion.usage)}
    if completion.id is not None:
        meta["id"] = completion.id
    return meta | completion.metadata()


def _select_integers(details: Any) -> dict[str, int]:
    if not isinstance(details, Mapping):
        return {}
    return {key: value for key, value in details.items() if type(value) is int}


def _warn_if_truncated(meta: Mapping[str, Any]) -> None:
    if meta["finish_reason"] == "length":
        logger.warning(
            "The completion for index {index} has been truncated before reaching a natural "
            "stopping point. Increase the max_completion_tokens parameter to allow for longer "
            "completions.",
            index=meta["index"],
        )
    if meta["finish_reason"] == "content_filter":
        logger.warning(
            "The completion for index {index} has been truncated due to the content filter.",
            index=meta["index"],
        )


def blocked_reply(error: Any, model: str) -> ChatMessage:
    """Return a refused prompt as an answer that was filtered, for Agents and fallbacks."""
    meta = {
        "model": model,
        "index": 0,
        "finish_reason": "content_filter",
        "usage": {},
        "error": {"code": error.code, "type": error.type, "message": error.message},
    }
    if error.request_id:
        meta["request_id"] = error.request_id
    return ChatMessage.from_assistant("", meta=json.loads(json.dumps(meta)))

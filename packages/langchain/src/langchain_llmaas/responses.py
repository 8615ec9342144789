"""Conversion of completions and stream events to LangChain messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

import llmaas
from langchain_llmaas.content_blocks import PROVIDER, REASONING
from langchain_llmaas.truncated_calls import invalidating_suffix, is_other_json
from llmaas import catalog
from llmaas.adapters import split_tool_calls
from llmaas.pricing import chat_cost_micro_eur

if TYPE_CHECKING:
    from llmaas import Choice, Completion, Done, Usage

_NORMALIZED_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
}
"""``normalized_finish_reason`` of LangChain's event streams (langchain-core 1.8.4)."""

_PROVIDER_METADATA = {"model_provider": PROVIDER}


def to_chat_result(completion: Completion, *, batch: bool = False) -> ChatResult:
    """Convert all choices of a completion. The first message carries the usage."""
    usage = to_usage_metadata(completion.usage, batch=batch)
    messages = [
        to_message(completion, choice, usage if position == 0 else None)
        for position, choice in enumerate(completion.choices)
    ]
    output: dict[str, Any] = {
        "model_name": _catalog_name(completion.model),
        **_select_extra(completion, "system_fingerprint"),
    }
    if usage is not None:
        output["token_usage"] = to_token_usage(usage)
    generations = [ChatGeneration(message=message) for message in messages]
    return ChatResult(generations=generations, llm_output=output)


def to_message(completion: Completion, choice: Choice, usage: UsageMetadata | None) -> AIMessage:
    """Convert one choice to a message, which carries ``usage`` and its cost."""
    valid, invalid = split_tool_calls(choice)
    return AIMessage(
        content=choice.content or "",
        additional_kwargs=_additional_kwargs(choice.reasoning, choice.refusal),
        response_metadata=build_metadata(completion, choice, usage),
        usage_metadata=usage,
        tool_calls=[tool_call(name=call.name, args=args, id=call.id) for call, args in valid],
        invalid_tool_calls=[
            invalid_tool_call(name=call.name, args=call.arguments, id=call.id, error=str(error))
            for call, error in invalid
        ],
    )


def to_chunk(event: Any) -> ChatGenerationChunk:
    """Convert one stream event to a chunk."""
    return _CHUNK_BUILDERS[event.type](event)


def to_usage_metadata(usage: Usage | None, *, batch: bool = False) -> UsageMetadata | None:
    """Convert token counts, and add the cost in micro-euros."""
    if usage is None:
        return None
    counts: Any = {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "cost_micro_eur": chat_cost_micro_eur(usage, batch=batch),
    }
    if usage.cached_tokens is not None:
        counts["input_token_details"] = InputTokenDetails(cache_read=usage.cached_tokens)
    if usage.reasoning_tokens is not None:
        counts["output_token_details"] = OutputTokenDetails(reasoning=usage.reasoning_tokens)
    metadata: UsageMetadata = counts
    return metadata


def to_token_usage(usage: Mapping[str, Any]) -> dict[str, int]:
    """Convert usage metadata to OpenAI's names, which handlers read in ``llm_output``."""
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
        "cost_micro_eur": usage["cost_micro_eur"],
    }


def combine_outputs(outputs: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Sum the token counts of several outputs, as ``ChatOpenAI`` does."""
    joined: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for output in filter(None, outputs):
        counts.update(output.get("token_usage", {}))
        joined = {**output, **joined}
    return {**joined, "token_usage": dict(counts)} if counts else joined


def build_metadata(
    completion: Completion, choice: Choice, usage: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Build an answer's ``response_metadata``. Only the last chunk of a stream carries it.

    No value is a float or False: LangChain cannot merge them when the chunks of several
    answers are added up (``gathered + chunk`` over an agent's run).
    """
    known = completion.metadata()
    known.pop("cost_eur", None)
    if limit := known.get("rate_limit"):
        known["rate_limit"] = {name: int(number) for name, number in limit.items()}
    facts = {
        "model_provider": PROVIDER,
        "model_name": _catalog_name(completion.model),
        "finish_reason": choice.finish_reason,
        "normalized_finish_reason": _normalize_reason(choice),
        "id": completion.id,
        "created": completion.created,
        **_select_extra(completion, "system_fingerprint", "service_tier"),
        "logprobs": choice.logprobs,
        "cost_micro_eur": usage and usage["cost_micro_eur"],
    }
    return {name: fact for name, fact in facts.items() if fact is not None} | known


def _normalize_reason(choice: Choice) -> str | None:
    return "refusal" if choice.refusal else _NORMALIZED_REASONS.get(choice.finish_reason or "")


def _select_extra(completion: Completion, *names: str) -> dict[str, Any]:
    """Select fields of the answer that the core does not interpret."""
    extra = completion.extra
    return {name: extra[name] for name in names if name in extra} if extra else {}


def _catalog_name(model: str) -> str:
    """Return the catalog id of a model: the service may report the engine's own name.

    LangChain groups usage by ``model_name``, and expects the name that users pass.
    """
    known = catalog.get(model)
    return known.id if known else model


def _additional_kwargs(reasoning: str | None, refusal: str | None) -> dict[str, Any]:
    extras = {REASONING: reasoning, "refusal": refusal}
    return {name: text for name, text in extras.items() if text}


def _text_chunk(event: Any) -> ChatGenerationChunk:
    message = AIMessageChunk(content=event.text, response_metadata=_PROVIDER_METADATA)
    if event.logprobs is None:
        return ChatGenerationChunk(message=message)
    return ChatGenerationChunk(message=message, generation_info={"logprobs": event.logprobs})


def _reasoning_chunk(event: Any) -> ChatGenerationChunk:
    extras = {REASONING: event.text}
    message = AIMessageChunk(
        content="", additional_kwargs=extras, response_metadata=_PROVIDER_METADATA
    )
    return ChatGenerationChunk(message=message)


def _call_chunk(event: Any) -> ChatGenerationChunk:
    chunk = tool_call_chunk(
        name=event.name, args=event.arguments, id=event.id, index=event.position
    )
    message = AIMessageChunk(
        content="", tool_call_chunks=[chunk], response_metadata=_PROVIDER_METADATA
    )
    return ChatGenerationChunk(message=message)


def _final_chunk(event: Done) -> ChatGenerationChunk:
    completion = event.completion
    choice = completion.choices[0] if completion.choices else llmaas.Choice()
    usage = to_usage_metadata(completion.usage)
    facts = build_metadata(completion, choice, usage)
    facts.pop("logprobs", None)  # carried by the earlier chunks
    message = AIMessageChunk(
        content="",
        additional_kwargs=_additional_kwargs(None, choice.refusal),
        tool_call_chunks=list(_invalidating_chunks(choice)),
        response_metadata=facts,
        usage_metadata=usage,
        chunk_position="last",
    )
    return ChatGenerationChunk(message=message)


def _invalidating_chunks(choice: Choice) -> Iterator[Any]:
    """Yield a last chunk that makes each broken call invalid, so that it never runs.

    Its arguments are empty for JSON that is not an object, which only event streams mistake for a
    valid call.
    """
    for position, call in enumerate(choice.tool_calls):
        try:
            call.parsed()
        except ValueError:
            suffix = invalidating_suffix(call.arguments)
            if suffix or is_other_json(call.arguments):
                yield tool_call_chunk(args=suffix, index=position)


_CHUNK_BUILDERS: dict[str, Callable[[Any], ChatGenerationChunk]] = {
    "text": _text_chunk,
    "reasoning": _reasoning_chunk,
    "tool_call": _call_chunk,
    "done": _final_chunk,
}

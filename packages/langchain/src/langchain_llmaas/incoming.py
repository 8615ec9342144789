"""What the core hands out, as LangChain's messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_llmaas.blocks import PROVIDER, REASONING
from langchain_llmaas.cut_calls import mismatched_end
from llmaas import Choice, Completion, Done, Usage, catalog
from llmaas.adapters import split_tool_calls
from llmaas.pricing import chat_cost_micro_eur

_OURS = {"model_provider": PROVIDER}


def result_of(completion: Completion, *, batch: bool = False) -> ChatResult:
    """Return all answers of a completion; the first one carries the usage of all."""
    messages = [
        message_of(completion, choice, batch=batch, counts=position == 0)
        for position, choice in enumerate(completion.choices)
    ]
    output: dict[str, Any] = {"model_name": _catalog_name(completion.model)}
    if completion.usage is not None:
        output["token_usage"] = token_usage_of(completion.usage, batch=batch)
    generations = [ChatGeneration(message=message) for message in messages]
    return ChatResult(generations=generations, llm_output=output)


def message_of(
    completion: Completion, choice: Choice, *, batch: bool = False, counts: bool = True
) -> AIMessage:
    """Return one answer as a message."""
    valid, invalid = split_tool_calls(choice)
    return AIMessage(
        content=choice.content or "",
        additional_kwargs=_extras(choice.reasoning, choice.refusal),
        response_metadata=metadata_of(completion, choice, batch=batch, counts=counts),
        usage_metadata=usage_of(completion.usage, batch=batch) if counts else None,
        tool_calls=[tool_call(name=call.name, args=args, id=call.id) for call, args in valid],
        invalid_tool_calls=[
            invalid_tool_call(name=call.name, args=call.arguments, id=call.id, error=str(error))
            for call, error in invalid
        ],
    )


def chunk_of(event: Any) -> ChatGenerationChunk:
    """Return one event of a stream as a chunk."""
    return _CHUNK_OF[event.type](event)


def usage_of(usage: Usage | None, *, batch: bool = False) -> UsageMetadata | None:
    """Return token counts, with the cost in whole millionths of a euro beside them."""
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


def token_usage_of(usage: Usage, *, batch: bool = False) -> dict[str, int]:
    """Return token counts by OpenAI's names, as handlers read them in ``llm_output``."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "cost_micro_eur": chat_cost_micro_eur(usage, batch=batch),
    }


def joined_outputs(outputs: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Add the token counts of several outputs up, as ``ChatOpenAI`` does."""
    joined: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for output in filter(None, outputs):
        counts.update(output.get("token_usage", {}))
        joined = {**output, **joined}
    return {**joined, "token_usage": dict(counts)} if counts else joined


def metadata_of(
    completion: Completion, choice: Choice, *, batch: bool = False, counts: bool = True
) -> dict[str, Any]:
    """Return what is known of an answer; a stream has it on its last chunk only.

    No value is a float, and no boolean is False: LangChain's merge of the chunks of several
    answers refuses them (``gathered + chunk`` over an agent's run).
    """
    known = completion.metadata()
    known.pop("cost_eur", None)
    if limit := known.get("rate_limit"):
        known["rate_limit"] = {name: int(number) for name, number in limit.items()}
    usage = completion.usage if counts else None
    facts = {
        "model_provider": PROVIDER,
        "model_name": _catalog_name(completion.model),
        "finish_reason": choice.finish_reason,
        "id": completion.id,
        "created": completion.created,
        "system_fingerprint": completion.extra.get("system_fingerprint"),
        "service_tier": completion.extra.get("service_tier"),
        "logprobs": choice.logprobs,
        "cost_micro_eur": usage and chat_cost_micro_eur(usage, batch=batch),
    }
    return {name: fact for name, fact in facts.items() if fact is not None} | known


def _catalog_name(model: str) -> str:
    """Return the id of the model that answered: the service names the engine's file or repository.

    LangChain files usage under ``model_name`` and expects the name that a user would give.
    """
    known = catalog.get(model)
    return known.id if known else model


def _extras(reasoning: str | None, refusal: str | None) -> dict[str, Any]:
    extras = {REASONING: reasoning, "refusal": refusal}
    return {name: text for name, text in extras.items() if text}


def _text(event: Any) -> ChatGenerationChunk:
    message = AIMessageChunk(content=event.text, response_metadata=_OURS)
    if event.logprobs is None:
        return ChatGenerationChunk(message=message)
    return ChatGenerationChunk(message=message, generation_info={"logprobs": event.logprobs})


def _reasoning(event: Any) -> ChatGenerationChunk:
    extras = {REASONING: event.text}
    message = AIMessageChunk(content="", additional_kwargs=extras, response_metadata=_OURS)
    return ChatGenerationChunk(message=message)


def _call(event: Any) -> ChatGenerationChunk:
    piece = tool_call_chunk(
        name=event.name, args=event.arguments, id=event.id, index=event.position
    )
    message = AIMessageChunk(content="", tool_call_chunks=[piece], response_metadata=_OURS)
    return ChatGenerationChunk(message=message)


def _done(event: Done) -> ChatGenerationChunk:
    completion = event.completion
    choice = completion.choices[0] if completion.choices else Choice()
    facts = metadata_of(completion, choice)
    facts.pop("logprobs", None)  # the pieces have carried them
    message = AIMessageChunk(
        content="",
        additional_kwargs=_extras(None, choice.refusal),
        tool_call_chunks=list(_broken_ends(choice)),
        response_metadata=facts,
        usage_metadata=usage_of(completion.usage),
        chunk_position="last",
    )
    return ChatGenerationChunk(message=message)


def _broken_ends(choice: Choice) -> Iterator[Any]:
    """Yield a last piece for each call that must not run."""
    for position, call in enumerate(choice.tool_calls):
        try:
            call.parsed()
        except ValueError:
            if end := mismatched_end(call.arguments):
                yield tool_call_chunk(args=end, index=position)


_CHUNK_OF: dict[str, Callable[[Any], ChatGenerationChunk]] = {
    "text": _text,
    "reasoning": _reasoning,
    "tool_call": _call,
    "done": _done,
}

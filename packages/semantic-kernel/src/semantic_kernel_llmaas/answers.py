"""From the core's ``Completion`` to contents of Semantic Kernel."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from semantic_kernel.connectors.ai.completion_usage import CompletionUsage
from semantic_kernel.contents import ChatMessageContent, FunctionCallContent, TextContent
from semantic_kernel.contents.reasoning_content import ReasoningContent
from semantic_kernel.contents.utils.author_role import AuthorRole
from semantic_kernel.contents.utils.finish_reason import FinishReason

from llmaas import Choice, Completion, ToolCall, Usage
from semantic_kernel_llmaas.history import REASONING

ReasoningPlace: TypeAlias = Literal["metadata", "content"]
"""Where reasoning is put: always in the metadata, with ``content`` also among the items."""

_FINISHES = {reason.value: reason for reason in FinishReason}


def messages_of(
    completion: Completion, ai_model_id: str, place: ReasoningPlace
) -> list[ChatMessageContent]:
    """Return one message a choice."""
    shared = metadata_of(completion)
    return [
        ChatMessageContent(
            role=AuthorRole.ASSISTANT,
            items=_items(choice, place),
            ai_model_id=ai_model_id,
            finish_reason=finish_of(choice),
            metadata=shared | metadata_of_choice(choice),
            inner_content=completion,
        )
        for choice in completion.choices
    ]


def text_of(choice: Choice) -> str:
    """Return the text, or the words of a refusal."""
    return choice.content or choice.refusal or ""


def metadata_of(completion: Completion) -> dict[str, Any]:
    """Return what an answer is worth knowing by, without what the service did not say."""
    facts = {
        "id": completion.id,
        "created": completion.created,
        "model": completion.model,
        "usage": usage_of(completion.usage),
        "parsed": completion.parsed,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return known | completion.metadata()


def metadata_of_choice(choice: Choice) -> dict[str, Any]:
    """Return what one of several answers has of its own."""
    facts = {REASONING: choice.reasoning, "logprobs": choice.logprobs}
    return {name: value for name, value in facts.items() if value}


def usage_of(usage: Usage | None) -> CompletionUsage | None:
    """Return the tokens in the one class that Semantic Kernel's telemetry reads."""
    if usage is None:
        return None
    details: dict[str, Any] = {}
    if usage.reasoning_tokens is not None:
        details["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.cached_tokens is not None:
        details["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    return CompletionUsage(
        prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens, **details
    )


def finish_of(choice: Choice) -> FinishReason | None:
    """Return the reason; one that Semantic Kernel's closed list does not have is a stop."""
    if choice.finish_reason is None:
        return None
    return _FINISHES.get(choice.finish_reason, FinishReason.STOP)


def call_of(call: ToolCall, position: int) -> FunctionCallContent:
    """Return a call; Semantic Kernel finds plugin and function in the name."""
    return FunctionCallContent(
        id=call.id, index=position, name=call.name, arguments=call.arguments or "{}"
    )


def _items(choice: Choice, place: ReasoningPlace) -> list[Any]:
    items: list[Any] = []
    if place == "content" and choice.reasoning:
        items.append(ReasoningContent(text=choice.reasoning))
    if text := text_of(choice):
        items.append(TextContent(text=text))
    return items + [call_of(call, n) for n, call in enumerate(choice.tool_calls)]

"""Metadata of Semantic Kernel's contents, built from the core's completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semantic_kernel.connectors.ai.completion_usage import CompletionUsage

from semantic_kernel_llmaas.messages import REASONING

if TYPE_CHECKING:
    from llmaas import Choice, Completion, Usage


def completion_metadata(completion: Completion) -> dict[str, Any]:
    """Build the metadata of a completion, without fields that the service did not report."""
    facts = {
        "id": completion.id,
        "created": completion.created,
        "model": completion.model,
        "usage": to_usage(completion.usage),
        "parsed": completion.parsed,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return known | completion.metadata()


def choice_metadata(choice: Choice) -> dict[str, Any]:
    """Build the metadata of one choice."""
    facts = {REASONING: choice.reasoning, "logprobs": choice.logprobs}
    return {name: value for name, value in facts.items() if value}


def to_usage(usage: Usage | None) -> CompletionUsage | None:
    """Convert token counts to the class that Semantic Kernel's telemetry reads."""
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

"""Conversion of the core's completions to AutoGen's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autogen_core import FunctionCall
from autogen_core.models import (
    ChatCompletionTokenLogprob,
    CreateResult,
    FinishReasons,
    RequestUsage,
    TopLogprob,
)
from pydantic import Field

from autogen_llmaas.tools import ToolNameMap
from llmaas import adapters

if TYPE_CHECKING:
    from llmaas import Completion

_FINISH_REASONS: Mapping[str | None, FinishReasons] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


MIN_LOGPROB = -9999.0


class LLMaaSCreateResult(CreateResult):
    """AutoGen's result with the service's metadata."""

    machine: str | None = None
    """The machine that answered."""
    request_id: str | None = None
    cost_eur: float | None = None
    """Cost at the current tariff; None if the service did not report usage."""
    empty_reason: str | None = None
    """Why the answer has neither text nor tool calls, and the fix."""
    adjustments: list[dict[str, Any]] = Field(default_factory=list)
    """Adjustments of the request, each with ``kind`` and ``detail``."""
    attempts: list[dict[str, Any]] = Field(default_factory=list)
    """All requests of the call if there were several."""


def create_result(
    completion: Completion, tool_names: ToolNameMap, *, wants_json: bool
) -> LLMaaSCreateResult:
    """Convert a completion.

    ``thought`` is the reasoning, followed by text that accompanies tool calls. Tool calls decide
    the finish reason, because servers report different reasons with them.
    """
    calls = [
        FunctionCall(
            id=call.id, name=tool_names.to_tool_name(call.name), arguments=call.arguments or "{}"
        )
        for call in completion.tool_calls
    ]
    thoughts = [_reasoning(completion), completion.text if calls else None]
    return LLMaaSCreateResult(
        finish_reason=_finish_reason(completion),
        content=calls or (_extract_json(completion) if wants_json else _answer_text(completion)),
        usage=to_usage(completion),
        logprobs=_to_logprobs(completion),
        thought="\n\n".join(filter(None, thoughts)) or None,
        machine=completion.backend.machine_name if completion.backend else None,
        **{"cached": False, **_result_metadata(completion)},
    )


def _result_metadata(completion: Completion) -> dict[str, Any]:
    """Return the completion's metadata that the result has a field for."""
    known, fields = completion.metadata(), LLMaaSCreateResult.model_fields
    return {name: value for name, value in known.items() if name in fields}


def to_usage(completion: Completion) -> RequestUsage:
    """Convert token counts; zeros if the service did not report usage."""
    usage = completion.usage
    if usage is None:
        return RequestUsage(prompt_tokens=0, completion_tokens=0)
    return RequestUsage(usage.prompt_tokens, usage.completion_tokens)


def _reasoning(completion: Completion) -> str | None:
    """Return the reasoning, without surrounding whitespace if it was tagged text."""
    if completion.reasoning and completion.choices[0].reasoning_field == "content":
        return completion.reasoning.strip()
    return completion.reasoning


def _finish_reason(completion: Completion) -> FinishReasons:
    if completion.tool_calls:
        return "function_calls"
    return _FINISH_REASONS.get(completion.finish_reason, "unknown")


def _answer_text(completion: Completion) -> str:
    """Return the text, or the text of a refusal."""
    refusals = (choice.refusal for choice in completion.choices[:1])
    return completion.text or next(refusals, None) or ""


def _extract_json(completion: Completion) -> str:
    """Remove a Markdown fence and text around JSON, because AutoGen parses the whole text.

    A list inside text is kept, because it may be a citation.
    """
    text = _answer_text(completion)
    if adapters.is_cut(completion) and completion.parsed is None:
        return text
    extracted = adapters.json_part(text)
    is_json = completion.parsed is not None or text.lstrip().startswith("```")
    return extracted if is_json or extracted.startswith("{") else text


def _to_logprobs(completion: Completion) -> list[ChatCompletionTokenLogprob] | None:
    choice = completion.choices[0] if completion.choices else None
    tokens = choice.logprobs.get("content") if choice and choice.logprobs else None
    return [_to_token_logprob(token) for token in tokens] if tokens else None


def _to_token_logprob(token: Mapping[str, Any]) -> ChatCompletionTokenLogprob:
    return ChatCompletionTokenLogprob(
        token=token["token"],
        logprob=_logprob_value(token),
        bytes=token.get("bytes"),
        top_logprobs=[
            TopLogprob(logprob=_logprob_value(top), bytes=top.get("bytes"))
            for top in token.get("top_logprobs") or ()
        ],
    )


def _logprob_value(token: Mapping[str, Any]) -> float:
    """Return the log probability; null becomes the API's value for impossible tokens."""
    logprob = token.get("logprob")
    return MIN_LOGPROB if logprob is None else logprob

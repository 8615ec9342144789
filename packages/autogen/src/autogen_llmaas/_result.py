"""The core's completions as AutoGen's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autogen_core import FunctionCall
from autogen_core.models import (
    ChatCompletionTokenLogprob,
    CreateResult,
    FinishReasons,
    RequestUsage,
    TopLogprob,
)
from pydantic import Field

from autogen_llmaas._names import Toolbox
from llmaas import Completion
from llmaas.structured import is_cut, json_part

_FINISH: Mapping[str | None, FinishReasons] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


IMPOSSIBLE = -9999.0


class LLMaaSCreateResult(CreateResult):
    """AutoGen's result, with what else the service told of the answer."""

    machine: str | None = None
    """The machine that answered."""
    request_id: str | None = None
    cost_eur: float | None = None
    """By today's tariff; None where the service told no usage."""
    empty_reason: str | None = None
    """Why there is neither text nor a call, and what to do."""
    adjustments: list[dict[str, Any]] = Field(default_factory=list)
    """Changes of the request, each with ``kind`` and ``detail``."""
    attempts: list[dict[str, Any]] = Field(default_factory=list)
    """All requests of the call, where there were several."""


def create_result(
    completion: Completion, toolbox: Toolbox, *, wants_json: bool
) -> LLMaaSCreateResult:
    """Return a completion as AutoGen expects it.

    ``thought`` is the reasoning, and the text that came beside tool calls. Whether there are
    calls decides the finish reason: what servers send beside them differs.
    """
    calls = [
        FunctionCall(id=call.id, name=toolbox.own_name(call.name), arguments=call.arguments or "{}")
        for call in completion.tool_calls
    ]
    thoughts = [_reasoning(completion), completion.text if calls else None]
    return LLMaaSCreateResult(
        finish_reason=_finish_reason(completion),
        content=calls or (_json(completion) if wants_json else _said(completion)),
        usage=usage_of(completion),
        logprobs=_logprobs(completion),
        thought="\n\n".join(filter(None, thoughts)) or None,
        machine=completion.backend.machine_name if completion.backend else None,
        **{"cached": False, **_told(completion)},
    )


def _told(completion: Completion) -> dict[str, Any]:
    """Return the metadata that the result has a field for."""
    known, fields = completion.metadata(), LLMaaSCreateResult.model_fields
    return {name: value for name, value in known.items() if name in fields}


def usage_of(completion: Completion) -> RequestUsage:
    """Return the tokens of an answer; zeros where the service told none."""
    usage = completion.usage
    if usage is None:
        return RequestUsage(prompt_tokens=0, completion_tokens=0)
    return RequestUsage(usage.prompt_tokens, usage.completion_tokens)


def _reasoning(completion: Completion) -> str | None:
    """Return the reasoning; what stood between tags without the white space about it."""
    if completion.reasoning and completion.choices[0].reasoning_field == "content":
        return completion.reasoning.strip()
    return completion.reasoning


def _finish_reason(completion: Completion) -> FinishReasons:
    if completion.tool_calls:
        return "function_calls"
    return _FINISH.get(completion.finish_reason, "unknown")


def _said(completion: Completion) -> str:
    """Return the text, or the words in which the model refused."""
    refusals = (choice.refusal for choice in completion.choices[:1])
    return completion.text or next(refusals, None) or ""


def _json(completion: Completion) -> str:
    """Remove the fence and the words around JSON: AutoGen parses the text as it is.

    A list between words may be a citation.
    """
    text = _said(completion)
    if is_cut(completion) and completion.parsed is None:
        return text
    found = json_part(text)
    certain = completion.parsed is not None or text.lstrip().startswith("```")
    return found if certain or found.startswith("{") else text


def _logprobs(completion: Completion) -> list[ChatCompletionTokenLogprob] | None:
    choice = completion.choices[0] if completion.choices else None
    tokens = choice.logprobs.get("content") if choice and choice.logprobs else None
    return [_logprob(token) for token in tokens] if tokens else None


def _logprob(token: Mapping[str, Any]) -> ChatCompletionTokenLogprob:
    return ChatCompletionTokenLogprob(
        token=token["token"],
        logprob=_probability(token),
        bytes=token.get("bytes"),
        top_logprobs=[
            TopLogprob(logprob=_probability(top), bytes=top.get("bytes"))
            for top in token.get("top_logprobs") or ()
        ],
    )


def _probability(token: Mapping[str, Any]) -> float:
    """Return a logarithm; JSON has none for what is impossible, and the API -9999."""
    told = token.get("logprob")
    return IMPOSSIBLE if told is None else told

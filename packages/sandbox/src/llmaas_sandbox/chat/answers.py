"""Composition of answers: content, reasoning and tool calls, truncated at ``max_tokens``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from llmaas_sandbox.chat.request import ChatRequest
from llmaas_sandbox.chat.validation import max_tokens
from llmaas_sandbox.families.check import select_family
from llmaas_sandbox.faults.names import REASONING
from llmaas_sandbox.faults.parse import Faults
from llmaas_sandbox.faults.variants import to_json_text
from llmaas_sandbox.measured.requests import turns_reasoning_off
from llmaas_sandbox.responder import thinking
from llmaas_sandbox.responder.conversation import Conversation
from llmaas_sandbox.responder.replies import build_reply
from llmaas_sandbox.responder.structured import build_json, wants_json
from llmaas_sandbox.responder.tools import ToolCall, build_tool_calls
from llmaas_sandbox.scripted_responses import Step
from llmaas_sandbox.tokens import CHARACTERS_PER_TOKEN, count_tokens


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice, independent of its response variant."""

    content: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    logprobs: object = None

    @property
    def tokens(self) -> int:
        """Completion tokens, reasoning included."""
        return (
            count_tokens(self.content)
            + count_tokens(self.reasoning)
            + sum(count_tokens(c.arguments) + count_tokens(c.name) for c in self.calls)
        )


def reasoning_style(request: ChatRequest) -> str:
    """Return the response variant that the model uses for reasoning."""
    variant = request.faults.first(REASONING)
    family = request.model.family
    return variant or ("reasoning" if family.startswith("qwen") else "reasoning_content")


def compose_answer(request: ChatRequest) -> Choice:
    """Compose a scripted answer, or one computed by the responder."""
    step, body = request.step, request.body
    if step is not None and not {"content", "reasoning", "tool_calls"}.isdisjoint(step):
        return _scripted(step, request)
    messages = Conversation(body["messages"])
    reasoning = _reasoning(request, messages)
    if reasoning and "reasoning-stop" in request.faults and not body.get("reasoning_effort"):
        return truncate_answer(Choice("", reasoning), body)
    called: tuple[ToolCall, ...] = ()
    if body.get("tools"):
        called = tuple(_renamed(c, request) for c in build_tool_calls(messages, body))
    if "constrained" in request.faults and wants_json(body):
        called = ()
    if called:
        text = "Je regarde. " if "text-and-tool" in request.faults else ""
        return _with_calls(Choice(text, reasoning, called, "tool_calls"), request)
    structured = build_json(messages, body)
    if structured is not None:
        text = to_json_text(structured, request.faults, _first_attempt(request))
        if "json-in-reasoning" in request.faults:
            return truncate_answer(Choice("", text), body)
        return truncate_answer(Choice(text, reasoning), body)
    content = build_reply(messages)
    return truncate_answer(Choice(content, reasoning), body)


def _with_calls(answer_: Choice, request: ChatRequest) -> Choice:
    """Truncate an answer with calls, and end it as the requested engine does."""
    faults, body = request.faults, request.body
    if "calls-missing" in faults:
        return truncate_answer(replace(answer_, calls=()), body)
    cut = truncate_answer(answer_, body)
    if cut.finish_reason == "length" and "cut-call-closed" in faults:
        return _close_arguments(cut, answer_, body)
    if isinstance(body.get("tool_choice"), Mapping) and "named-stop" in faults:
        return replace(cut, finish_reason={"tool_calls": "stop"}.get(cut.finish_reason, "length"))
    return cut


def _close_arguments(cut: Choice, requested: Choice, body: Mapping[str, object]) -> Choice:
    """Close the arguments of a cut call, without those that are missing (vLLM, qwen3_coder).

    Of a whole answer with ``tool_choice`` auto only the spent budget tells that it was cut.
    """
    calls_ = tuple(
        call if call.arguments == full.arguments else replace(call, arguments=_complete(call, full))
        for call, full in zip(cut.calls, requested.calls, strict=False)
    )
    is_auto = not body.get("stream") and body.get("tool_choice") in (None, "auto")
    return replace(
        cut, calls=calls_, finish_reason="tool_calls" if is_auto and calls_ else "length"
    )


def _complete(cut: ToolCall, full: ToolCall) -> str:
    """Return the arguments that were complete before the cut."""
    kept: dict[str, object] = {}
    for name, value in json.loads(full.arguments).items():
        longer = json.dumps({**kept, name: value}, ensure_ascii=False)
        if len(longer) - 1 > len(cut.arguments):
            break
        kept[name] = value
    return json.dumps(kept, ensure_ascii=False)


def _reasoning(request: ChatRequest, messages: Conversation) -> str:
    model, faults = request.model, request.faults
    reasons = model.reasoning or faults.first(REASONING) is not None
    if not reasons or "no-reasoning" in faults:
        return ""
    is_off = turns_reasoning_off(request.body, model.measured)
    if is_off is not None:
        return "" if is_off else thinking.build_reasoning(messages, request.body)
    is_on = thinking.is_reasoning_enabled(request.body, top_level=not faults.engine)
    if not is_on and not thinking.always_reasons(model):
        return ""
    return thinking.build_reasoning(messages, request.body)


def _first_attempt(request: ChatRequest) -> bool:
    """Whether this is the first JSON answer of a conversation."""
    if "bad-json" not in request.faults:
        return True
    messages = request.body["messages"]
    if any(m.get("role") == "assistant" for m in messages):
        return False
    first = json.dumps(messages[0], sort_keys=True, ensure_ascii=False)
    subject = (
        f"bad-json {blake2b(first.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"
    )
    request.attempts[subject] += 1
    return request.attempts[subject] == 1


def _renamed(call: ToolCall, request: ChatRequest) -> ToolCall:
    """Give a call an id in the format of the model's family."""
    family = select_family(request.model, request.faults)
    if family is None or not family.short_ids:
        return call
    return replace(
        call, id=blake2b(call.id.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()[:9]
    )


def _scripted(step: Step, request: ChatRequest) -> Choice:
    body = request.body
    called = tuple(
        _scripted_call(c, i, request) for i, c in enumerate(step.get("tool_calls") or ())
    )
    finish = "tool_calls" if called else "stop"
    scripted = Choice(step.get("content") or "", step.get("reasoning") or "", called, finish)
    bound = scripted if step.get("finish_reason") else truncate_answer(scripted, body)
    return replace(
        bound,
        finish_reason=step.get("finish_reason") or bound.finish_reason,
        logprobs=step.get("logprobs"),
    )


def _scripted_call(call: Mapping[str, Any], position: int, request: ChatRequest) -> ToolCall:
    function = call.get("function") or call
    arguments = function.get("arguments", "")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    created = ToolCall(call.get("id") or f"call_{position:08x}", str(function["name"]), text)
    return created if call.get("id") else _renamed(created, request)


def truncate_answer(answer_: Choice, body: Mapping[str, object]) -> Choice:
    """Truncate at the stop strings and at ``max_tokens``; reasoning counts first."""
    stopped, stop = answer_, body.get("stop")
    if stop:
        stopped = replace(answer_, content=_until_stop(answer_.content, stop))
    left = max_tokens(body) * CHARACTERS_PER_TOKEN
    if sum(map(len, _texts(stopped))) <= left:
        return stopped
    reasoning, left = _spend(stopped.reasoning, left)
    content, left = _spend(stopped.content, left)
    kept: list[ToolCall] = []
    for call in stopped.calls:
        arguments, rest = _spend(call.arguments, left)
        if left > 0:
            kept.append(replace(call, arguments=arguments))
        left = rest
    return replace(
        stopped, reasoning=reasoning, content=content, calls=tuple(kept), finish_reason="length"
    )


def _texts(answer_: Choice) -> Sequence[str]:
    return [answer_.reasoning, answer_.content, *(c.arguments for c in answer_.calls)]


def _spend(text: str, left: int) -> tuple[str, int]:
    return text[: max(0, left)], left - len(text)


def _until_stop(text: str, stop: Any) -> str:
    stops = [stop] if isinstance(stop, str) else [s for s in stop or () if isinstance(s, str) and s]
    cuts = [text.find(s) for s in stops if s in text]
    return text[: min(cuts)] if cuts else text


def is_content_empty(faults: Faults, style: str, body: Mapping[str, object]) -> bool:
    """Whether the response variant leaves the content empty (reasoning only)."""
    return style == "reasoning-only" and body.get("enable_thinking") is not False

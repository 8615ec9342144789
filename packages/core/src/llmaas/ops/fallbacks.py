"""Chats that may take several requests: fallback models, and answers that came empty.

Each request is a call of its own for hooks (budgets, quotas, telemetry, audit), so that each
model is reserved, counted and recorded by its name. The answer holds the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from llmaas._errors_base import StructuredOutputError, attach
from llmaas._option_parsing import parse_model_names
from llmaas.catalog.profile import Profile
from llmaas.messages import Messages, add_instruction
from llmaas.ops.effects import Close, Operation
from llmaas.ops.model_profile import warn_if_empty
from llmaas.ops.open_stream import OpenStream
from llmaas.ops.output_budget import get_window
from llmaas.ops.reasoning import lower_effort
from llmaas.ops.retrying import Deadline
from llmaas.settings import Settings
from llmaas.structured import fill_parsed
from llmaas.types import Attempt, Completion, Done
from llmaas.wire.usage import add_usages

T = TypeVar("T")

_RETRIABLE = frozenset({404, 429})
_HINT = "The previous reply to this conversation was empty. Write the reply itself now."
"""Changes the prompt, so that no cache replays the empty answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a call: a model, and whether this is its second request."""

    model: str
    is_retry: bool = False

    def messages(self, messages: Messages) -> Messages:
        """Return the messages to send."""
        return add_instruction(messages, _HINT) if self.is_retry else messages

    def options(self, options: Mapping[str, Any], profile: Profile | None = None) -> dict[str, Any]:
        """Return the options of the request."""
        return lower_effort(self.model, options, profile) if self.is_retry else dict(options)


@dataclass(slots=True)
class Plan:
    """The models that a call may ask, in order."""

    settings: Settings
    models: list[str]
    """Models that have not been tried."""
    retry_empty: bool
    earlier: list[Attempt] = field(default_factory=list)

    def take(self) -> Step:
        """Return the first step."""
        return Step(self.models.pop(0))

    def after(self, step: Step, attempt: Attempt) -> Step | None:
        """Return what follows an attempt, and keep the attempt; None where it ends the call."""
        following = self._following(step, attempt)
        if following is not None:
            self.earlier.append(attempt)
        return following

    def _following(self, step: Step, attempt: Attempt) -> Step | None:
        if attempt.empty and self.retry_empty and not step.is_retry:
            return Step(step.model, is_retry=True)
        if not attempt.empty and not (attempt.error and may_try_next_model(attempt.error)):
            return None
        if hasattr(attempt.error, "window"):
            self._keep_larger(step.model, attempt.error)
        return self.take() if self.models else None

    def _keep_larger(self, model: str, error: Any) -> None:
        """After a context overflow, ask models with a larger window only."""
        window = error.window or get_window(self.settings, model) or 0
        sizes = {name: get_window(self.settings, name) for name in self.models}
        self.models = [name for name in self.models if (sizes[name] or window + 1) > window]


def plan_attempts(settings: Settings, model: str, options: dict[str, Any]) -> Plan | None:
    """Take ``fallbacks`` and ``retry_empty`` out of options; None where one request is all."""
    fallbacks = options.pop("fallbacks", None)
    names = settings.fallbacks if fallbacks is None else parse_model_names(fallbacks)
    retry = options.pop("retry_empty", None)
    retry = settings.retry_empty if retry is None else bool(retry)
    if not names and not retry:
        return None
    options["deadline"] = Deadline.coerce(settings, options.get("deadline"))  # one for all requests
    others = [name for name in dict.fromkeys(names) if name != model]
    return Plan(settings, [model, *others], retry)


def may_try_next_model(error: Exception) -> bool:
    """Tell whether another model may answer what this one did not.

    Models that are gone, overloaded, out of tokens or too small, and invalid responses. A
    refused key, a blocked prompt or a request that is wrong would fail with any model, and what
    never reached the service as well.
    """
    from llmaas import errors

    if isinstance(error, errors.DeadlineExceededError):
        return False
    if isinstance(error, errors.APIConnectionError):
        return error.reached
    if isinstance(error, errors.StreamError):
        status = vars(error).get("status_code") or 500
        return status in _RETRIABLE or status >= 500
    return isinstance(
        error,
        errors.ModelNotFoundError
        | errors.ContextOverflowError
        | errors.RateLimitError
        | errors.InternalServerError
        | errors.InvalidResponseError,
    )


def is_empty(completion: Completion | None) -> bool:
    """Tell whether an answer holds neither text nor a tool call, and was not withheld."""
    if completion is None or not completion.choices:
        return False
    return not any(
        (choice.content or "").strip()
        or choice.tool_calls
        or choice.refusal
        or choice.finish_reason == "content_filter"
        for choice in completion.choices
    )


def chat_with_fallbacks(
    plan: Plan, send: Callable[[Step], Operation[Completion]]
) -> Operation[Completion]:
    """Try one model after the other until one answers."""
    step = plan.take()
    while True:
        try:
            completion = yield from send(step)
            following = plan.after(step, _attempt(step.model, completion))
        except Exception as error:
            following = _after_error(plan, step, error)
            if following is None:
                raise
        else:
            if following is None:
                warn_if_empty(completion)
                return combined(completion, plan.earlier)
        step = following


def stream_with_fallbacks(
    plan: Plan, send: Callable[[Step], Operation[OpenStream]]
) -> Operation[OpenStream]:
    """Open one stream after the other until one has text or a tool call."""
    step = plan.take()
    while True:
        try:
            opened = yield from send(step)
            whole = _whole(opened)
            following = None
            if whole is not None and is_empty(whole):
                following = plan.after(step, _attempt(step.model, whole))
        except Exception as error:
            following = _after_error(plan, step, error)
            if following is None:
                raise
        else:
            if following is None:
                opened.earlier = tuple(plan.earlier)
                return opened
            assert whole is not None
            yield from _end_empty(opened, whole)
        step = following


def combined(completion: Completion, earlier: Sequence[Attempt]) -> Completion:
    """Return an answer with all attempts of its call, and what they used together."""
    if not earlier:
        return completion
    last = _attempt(completion.requested_model or completion.model, completion)
    attempts = (*earlier, last)
    usages = [each.usage for each in attempts if each.error is None or each.usage is not None]
    return replace(completion, attempts=attempts, usage=add_usages(usages))


def _attempt(model: str, completion: Completion) -> Attempt:
    return Attempt(model, None, completion.usage, is_empty(completion))


def _after_error(plan: Plan, step: Step, error: Exception) -> Step | None:
    """Return the step after a failure; None, with all attempts in the error, where it ends."""
    partial: Completion | None = getattr(error, "completion", None)
    is_invalid = isinstance(error, StructuredOutputError)
    usage = None if partial is None else partial.usage
    attempt = Attempt(step.model, error, usage, is_invalid and is_empty(partial))
    following = plan.after(step, attempt)
    if following is None and plan.earlier:
        attach(error, attempts=(*plan.earlier, attempt))
    return following


def _whole(opened: OpenStream) -> Completion | None:
    """Return the answer of a stream that has ended already."""
    last = opened.events[-1] if opened.decoder.over and opened.events else None
    if not isinstance(last, Done):
        return None
    schema = opened.request.schema
    return last.completion if schema is None else fill_parsed(last.completion, schema)


def _end_empty(opened: OpenStream, whole: Completion) -> Operation[None]:
    """End a stream that nobody will read."""
    yield Close(opened.reply)
    if opened.hook_runner is not None:
        yield from opened.hook_runner.run_after(whole, None)

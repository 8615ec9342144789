"""The default ``max_tokens`` of a chat: as much as the prompt leaves of the model's window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.catalog.facts import get_facts
from llmaas.catalog.state import DEFAULT_MAX_OUTPUT
from llmaas.settings import Settings
from llmaas.types import Adjustment
from llmaas.wire.overflow import Overflow, is_overflow, parse_overflow
from llmaas.wire.prompt_size import estimate_prompt, is_clearly_below

_FIELDS = ("max_tokens", "max_completion_tokens")
_REFUSALS = frozenset({400, 413, 422, 500})
_LEAST = 1_024
"""Tokens requested if the estimate leaves fewer: the engine then reports exact counts."""

_MARGIN = 64
_SHARE = 32
"""One token in so many is kept free, since the prompt is estimated."""

_SLACK = 16
"""Tokens kept free of exact counts: templates differ by a few."""


def is_given(params: Mapping[str, object]) -> bool:
    """Tell whether a caller sets the budget by another parameter than ``max_tokens``."""
    extra = params.get("extra_body")
    extra = extra if isinstance(extra, Mapping) else {}
    return "max_completion_tokens" in params or any(name in extra for name in _FIELDS)


def get_window(settings: Settings, model: str) -> int | None:
    """Return the context window in tokens: as a refusal named it, else as the catalog does."""
    known = settings.learned.windows.get(model)
    return get_facts(model, settings.profile).window if known is None else known


def default_max_tokens(
    settings: Settings,
    model: str,
    messages: Sequence[Mapping[str, object]],
    tools: Sequence[object] | None = None,
    response_format: object = None,
    *,
    size: int = 0,
) -> int:
    """Return the least of the default and of what the estimated prompt leaves.

    ``size`` is the characters of the messages, where they are known (see ``inspect_messages``).
    """
    window = get_window(settings, model)
    most = _most(settings, model, window)
    if window is None or is_clearly_below(messages, tools, window - most, size):
        return most
    if not _counts_both(settings):
        return most
    prompt = {"messages": messages, "tools": tools, "response_format": response_format}
    left = window - prompt_tokens(prompt)
    return min(most, max(left, _LEAST))


def default_of_batch(
    settings: Settings, model: str, conversations: Sequence[Any], options: Mapping[str, Any]
) -> int:
    """Return the default for conversations that share their options: what the longest leaves."""
    defaults = [
        default_max_tokens(settings, model, _as_messages(each), options.get("tools"))
        for each in conversations
    ]
    return min(defaults, default=DEFAULT_MAX_OUTPUT)


def _as_messages(conversation: object) -> Sequence[Mapping[str, object]]:
    """Return what can be measured of a conversation; it is checked when it is sent."""
    if isinstance(conversation, str):
        return [{"content": conversation}]
    if not isinstance(conversation, Sequence):
        return []
    return [message for message in conversation if isinstance(message, Mapping)]


def _counts_both(settings: Settings) -> bool:
    """Tell whether prompt and ``max_tokens`` must fit the window together.

    Engines that were measured to count them apart end the answer where the window does.
    """
    profile = settings.profile
    return profile is None or profile.limits_prompt_plus_output is not False


def _most(settings: Settings, model: str, window: int | None) -> int:
    """Return the default for a short prompt: at most half of the window."""
    most = settings.learned.limits.get(model, DEFAULT_MAX_OUTPUT)
    if settings.profile is not None:
        measured = get_facts(model, settings.profile).measured
        most = min(most, (measured and measured.max_output_tokens) or most)
    return min(most, max(1, window // 2)) if window else most


def refit(settings: Settings, body: Mapping[str, object], error: Exception) -> int | None:
    """Return the ``max_tokens`` that fits, read from a refusal; None where nothing would help.

    Remembers the window and the limit that the words name.
    """
    if getattr(error, "status_code", None) not in _REFUSALS:
        return None
    message = str(getattr(error, "message", error))
    overflow = parse_overflow(message, getattr(error, "body", None))
    if overflow.limit is None and not is_overflow(message):
        return None
    return _fitting(settings, body, overflow)


def _fitting(settings: Settings, body: Mapping[str, Any], overflow: Overflow) -> int | None:
    model, requested = str(body["model"]), int(body["max_tokens"])
    learned = settings.learned
    if overflow.limit is not None:
        learned.record_limit(model, overflow.limit)
        return overflow.limit if overflow.limit < requested else None
    if overflow.window is not None:
        learned.record_window(model, overflow.window)
    window = get_window(settings, model)
    if window is None:
        return None
    left = min(_remaining_tokens(window, overflow, body), _most(settings, model, window))
    return left if 0 < left < requested else None


def _remaining_tokens(window: int, overflow: Overflow, body: Mapping[str, Any]) -> int:
    """Return what a prompt leaves of the window: exact counts, else a careful estimate."""
    if overflow.prompt is not None and not overflow.is_lower_bound:
        left = window - overflow.prompt
        return left - min(_SLACK, left // 10)
    most = window - (overflow.prompt or 0)
    prompt = estimate_prompt(body["messages"], body.get("tools"), body.get("response_format"))
    return min(most, max(window - prompt - prompt // 4 - _MARGIN, min(_LEAST, most // 4)))


def lowered(requested: int, fitting: int) -> Adjustment:
    """Return the note that a budget of ours was lowered."""
    return Adjustment(
        "max_tokens",
        f"max_tokens was lowered from {requested} to {fitting}: the prompt leaves no more of the "
        "model's context window.",
    )


def raised(before: int, tokens: int) -> Adjustment:
    """Return the note that a budget of ours was raised."""
    return Adjustment(
        "max_tokens",
        f"max_tokens was raised from {before} to {tokens}: the structured answer was cut.",
    )


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Return a careful estimate of a request's prompt, with the margin that is kept free."""
    prompt = estimate_prompt(body["messages"], body.get("tools"), body.get("response_format"))
    return prompt + prompt // _SHARE + _MARGIN

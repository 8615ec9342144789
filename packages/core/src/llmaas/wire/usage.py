"""Parsing of usage, backend and rate limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llmaas.types import Backend, RateLimit, Usage

_PROMPT = (
    "prompt_tokens",
    "input_tokens",
    "promptTokens",
    "inputTokens",
    "promptTokenCount",
    "prompt_eval_count",
)
_COMPLETION = (
    "completion_tokens",
    "output_tokens",
    "completionTokens",
    "outputTokens",
    "candidatesTokenCount",
    "eval_count",
)
_TOTAL = ("total_tokens", "totalTokens", "totalTokenCount")
_DETAILS = ("completion_tokens_details", "output_tokens_details")
_PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details")
"""Names of OpenAI's two interfaces, of JavaScript gateways and of Ollama's own interface."""

_ADDED = ("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens", "cached_tokens")
_NAMED = frozenset({*_PROMPT, *_COMPLETION, *_TOTAL, "reasoning_tokens"})


def parse_usage(raw: object) -> Usage | None:
    """Parse the usage of an answer; return None unless both counts are known.

    An unknown count is never 0, because budgets would charge nothing. Reasoning tokens are at
    the top level or in the details.
    """
    if not raw or not (type(raw) is dict or isinstance(raw, Mapping)):
        return None
    prompt, completion = _first(raw, _PROMPT), _first(raw, _COMPLETION)
    total = _first(raw, _TOTAL)
    if total is not None and prompt is not None and completion is None:
        completion = max(0, total - prompt)
    elif total is not None and completion is not None and prompt is None:
        prompt = max(0, total - completion)
    if prompt is None or completion is None or not (prompt or completion):
        return None
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total or prompt + completion,
        reasoning_tokens=_detail(raw, "reasoning_tokens", _DETAILS),
        cached_tokens=_detail(raw, "cached_tokens", _PROMPT_DETAILS),
        extra={key: value for key, value in raw.items() if key not in _NAMED},
    )


def is_blank_usage(raw: object) -> bool:
    """Whether all counts are zero, as some gateways send at the end of a stream."""
    return isinstance(raw, Mapping) and not any(
        type(value) in (int, float, str) and value not in (0, "0") for value in raw.values()
    )


def parse_input_usage(raw: object) -> Usage | None:
    """Parse the usage of embeddings or a ranking, which count inputs only."""
    if not isinstance(raw, Mapping):
        return None
    total = _count(raw.get("total_tokens"))
    prompt = _first(raw, _PROMPT)
    counts = {"prompt_tokens": total if prompt is None else prompt, "completion_tokens": 0}
    return parse_usage({**raw, **counts})


def add_usages(usages: Sequence[Usage | None]) -> Usage | None:
    """Sum the usage of several answers; return None if any is unknown."""
    known = [usage for usage in usages if usage is not None]
    if not known or len(known) < len(usages):
        return None
    sums: dict[str, Any] = {name: _sum(getattr(usage, name) for usage in known) for name in _ADDED}
    return replace(known[-1], **sums)


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def parse_backend(raw: Any) -> Backend | None:
    """Parse the ``backend`` object of a body."""
    if raw is None or not isinstance(raw, Mapping):
        return None
    return Backend(_text(raw.get("engine_type")), _text(raw.get("machine_name")))


RATE_LIMIT_NAMES = tuple(f"x-ratelimit-{what}-requests" for what in ("limit", "remaining", "reset"))
"""Header names of the limit, of what remains of it and of the time of its reset."""


def parse_rate_limit(
    headers: Mapping[str, str], names: Sequence[str] = RATE_LIMIT_NAMES
) -> RateLimit | None:
    """Parse ``X-RateLimit-*-Requests``; their relation to tiers is not documented."""
    limit, remaining, reset = [headers.get(name) for name in names]
    if limit is None and remaining is None and reset is None:
        return None
    return RateLimit(_whole(limit), _whole(remaining), _number(reset))


def _first(raw: Mapping[str, Any], names: Iterable[str]) -> int | None:
    for name in names:
        if (count := _count(raw.get(name))) is not None:
            return count
    return None


def _detail(raw: Mapping[str, object], name: str, places: Iterable[str]) -> int | None:
    found = _count(raw[name]) if name in raw else None
    if found is not None:
        return found
    for place in places:
        details = raw.get(place)
        if details is not None and isinstance(details, Mapping):
            found = _count(details.get(name))
            if found is not None:
                return found
    return None


def _count(value: object) -> int | None:
    """Parse a token count, also written as text; return None for anything else."""
    if type(value) is int:
        return value if 0 <= value < _MAX_COUNT else None
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value) if len(value) < 19 else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < _MAX_COUNT else None


_MAX_COUNT = 10**18  # also refuses NaN and infinity


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    number = _number(text)
    return int(number) if number is not None and abs(number) < 1e18 else None

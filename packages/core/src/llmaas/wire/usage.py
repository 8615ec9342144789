"""Usage, backend and rate limits as the service writes them, in one shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llmaas.types import Backend, RateLimit, Usage

_NAMED = frozenset({"prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens"})
_ADDED = ("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens", "cached_tokens")


def parse_usage(raw: Any) -> Usage | None:
    """Read a usage object; reasoning tokens stand at its top level or in the details."""
    if not isinstance(raw, Mapping) or not raw:
        return None
    prompt, completion = _count(raw.get("prompt_tokens")), _count(raw.get("completion_tokens"))
    details = raw.get("completion_tokens_details")
    reasoning = raw.get("reasoning_tokens")
    if reasoning is None and isinstance(details, Mapping):
        reasoning = details.get("reasoning_tokens")
    prompt_details = raw.get("prompt_tokens_details")
    cached = prompt_details.get("cached_tokens") if isinstance(prompt_details, Mapping) else None
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=_count(raw.get("total_tokens")) or prompt + completion,
        reasoning_tokens=None if reasoning is None else _count(reasoning),
        cached_tokens=None if cached is None else _count(cached),
        extra={key: value for key, value in raw.items() if key not in _NAMED},
    )


def add_usages(usages: Sequence[Usage | None]) -> Usage | None:
    """Return what several answers used together; None where one of them did not say."""
    known = [usage for usage in usages if usage is not None]
    if not known or len(known) < len(usages):
        return None
    sums: dict[str, Any] = {name: _sum(getattr(usage, name) for usage in known) for name in _ADDED}
    return replace(known[-1], **sums)


def _sum(counts: Iterable[int | None]) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if told else None


def parse_backend(raw: Any) -> Backend | None:
    """Read the ``backend`` object of a body."""
    if not isinstance(raw, Mapping):
        return None
    return Backend(_text(raw.get("engine_type")), _text(raw.get("machine_name")))


def parse_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read ``X-RateLimit-*-Requests``; their relation to the tiers is not documented."""
    limit = headers.get("x-ratelimit-limit-requests")
    remaining = headers.get("x-ratelimit-remaining-requests")
    reset = headers.get("x-ratelimit-reset-requests")
    if limit is None and remaining is None and reset is None:
        return None
    return RateLimit(_whole(limit), _whole(remaining), _number(reset))


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value == value and value > 0 else 0


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    number = _number(text)
    return int(number) if number is not None and abs(number) < 1e18 else None

"""Service checks: key, clock, latency, models."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from statistics import median
from typing import TYPE_CHECKING

from llmaas_cli.doctor.check import Check, bounded, fail, ok, skip, warn

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import LiveModel

_ROUNDS = 3
_CLOCK_WARNING, _CLOCK_FAILURE = 5.0, 300.0  # seconds
_SLOW = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Answered:
    """What the service said when asked for its models, and how long it took (seconds)."""

    models: Sequence[LiveModel]
    skew: float | None
    latencies: Sequence[float]


def key_format(key: str) -> Check | None:
    """Return a failure for a key that was copied with something around it, or None."""
    if not key:
        return fail(
            "key",
            "none is set",
            "export LLMAAS_API_KEY=... (make one in the Console under LLMaaS, API keys), or "
            "try --sandbox.",
        )
    if key != key.strip() or key[0] in "\"'" or key.lower().startswith("bearer "):
        what = "it has quotes, spaces or 'Bearer' around it, which other programs would send"
        return fail("key", what, "Set the bare key.")
    return None


def ask(client: LLMaaS, timeout: float) -> Answered:
    """Ask for the models, and again while there is time; errors of the first request go out."""
    end = time.monotonic() + timeout
    models = bounded(lambda: client.models(deadline=timeout), timeout)
    latencies, skew = [], None
    for _ in range(_ROUNDS):
        left = end - time.monotonic()
        try:
            seconds, skew = bounded(lambda: _round(client, left), left)  # noqa: B023 - run at once
        except Exception:  # the first answer came: what is late now is slow, not broken
            latencies.append(timeout)
            break
        latencies.append(seconds)
    return Answered(models, skew, latencies)


def _round(client: LLMaaS, timeout: float) -> tuple[float, float | None]:
    """Return how long a small request takes, and how far this machine's clock is ahead."""
    start = time.perf_counter()
    raw = client.openai.models.with_raw_response.list(timeout=timeout)
    return time.perf_counter() - start, _skew(raw.headers.get("date"))


def is_late(error: Exception) -> bool:
    """Whether the service took too long to answer, which says nothing of key and address."""
    from llmaas.errors import APITimeoutError

    return isinstance(error, TimeoutError | APITimeoutError)


def no_list(timeout: float) -> Check:
    """Return that the list of models did not come in time."""
    from llmaas import catalog

    return warn(
        "list",
        f"the models were not listed within {timeout:g} s; the catalog of "
        f"{catalog.about()['observed_at'][:10]} is used",
        "The key was not checked: raise --timeout, or add --call to ask a model.",
    )


def refused(error: Exception) -> Check:
    """Return why the service did not list its models."""
    from llmaas_cli.format import redact

    status = getattr(error, "status_code", None)
    what = redact(" ".join(str(getattr(error, "message", error)).split()))
    advice = getattr(error, "hint", None) or "See the service's status page."
    if status == 401:
        return fail("key", f"refused: {what}", advice)
    if status == 403:
        return fail("key", f"known, but not allowed: {what}", advice)
    if status == 404:
        return fail("address", f"there is no /v1/models there: {what}", "Check LLMAAS_BASE_URL.")
    if type(error).__name__ == "InvalidResponseError":
        return fail("address", f"something else answers there: {what}", "Check LLMAAS_BASE_URL.")
    return fail("service", what, advice)


def clock(answered: Answered) -> Check:
    """Check this machine's clock against the service's ``Date`` header (to the second)."""
    skew = answered.skew
    if skew is None:
        return skip("clock", "the service sends no Date")
    detail = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the service"
    if abs(skew) > _CLOCK_FAILURE:
        return fail("clock", detail, "Set the clock (timedatectl set-ntp true): certificates and "
                    "rate-limit resets are misread.")  # fmt: skip
    if abs(skew) > _CLOCK_WARNING:
        return warn("clock", detail, "Synchronise the clock (NTP).")
    return ok("clock", "in step with the service")


def latency(answered: Answered) -> Check:
    """Check how long a small request takes."""
    middle = median(answered.latencies)
    detail = f"{middle * 1000:.0f} ms for a small request (median of {len(answered.latencies)})"
    if middle > _SLOW:
        return warn("latency", detail, "The way is slow: try without proxy or VPN.")
    return ok("latency", detail)


def access(name: str) -> Check:
    """Check a model that is wanted against the catalog in force."""
    from llmaas import catalog

    found, note = catalog.resolve(name), catalog.lifecycle_note(name)
    if found.model is None or not found.model.live:
        return unknown(name)
    if note:
        return warn(f"model {name}", note)
    context = f", context {found.model.context:,}" if found.model.context else ""
    return ok(f"model {name}", f"served{context}")


def unknown(name: str) -> Check:
    """Return that a model's name is wrong, or not for this key."""
    from llmaas import catalog

    near = "" if catalog.get(name) else " or ".join(catalog.similar(name))
    return fail(
        f"model {name}",
        "not served to this key",
        (f"Did you mean {near}? " if near else "")
        + "`llmaas models --live` lists what is; the key may lack permission for it.",
    )


def _skew(date: str | None) -> float | None:
    """Return local minus remote time in seconds; positive when this machine is ahead."""
    if not date:
        return None
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except ValueError:
        return None

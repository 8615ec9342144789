"""The service behind the address: key, clock, latency, models."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from statistics import median
from typing import TYPE_CHECKING

from llmaas.doctor.check import Check, fail, ok, skip, warn

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
        return fail("key", "it has quotes, spaces or 'Bearer' around it", "Set the bare key.")
    return None


def ask(client: LLMaaS) -> Answered:
    """Ask for the models several times; errors of the first request go out as they are."""
    latencies, skew, models = [], None, client.models()
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        raw = client.openai.models.with_raw_response.list()
        latencies.append(time.perf_counter() - start)
        skew = _skew(raw.headers.get("date"))
    return Answered(models, skew, latencies)


def refused(error: Exception) -> Check:
    """Return why the service did not list its models."""
    from llmaas.cli.failure import scrubbed

    status = getattr(error, "status_code", None)
    what = scrubbed(" ".join(str(getattr(error, "message", error)).split()))
    advice = getattr(error, "hint", None) or "See the service's status page."
    if status == 401:
        return fail("key", f"refused: {what}", advice)
    if status == 403:
        return fail("key", f"known, but not allowed: {what}", advice)
    if status == 404:
        return fail("address", f"there is no /v1/models there: {what}", "Check LLMAAS_BASE_URL.")
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


def access(answered: Answered, wanted: Sequence[str]) -> Iterator[Check]:
    """Check each model that is wanted against what the key may use."""
    from llmaas import catalog

    catalog.update(answered.models)
    for name in wanted:
        yield _one_model(name)


def _one_model(name: str) -> Check:
    from llmaas import catalog

    found, note = catalog.resolve(name), catalog.lifecycle_note(name)
    if found.model is None or not found.model.live:
        return fail(
            f"model {name}",
            "not served to this key",
            "`llmaas models --live` lists what is; the key may lack permission for it.",
        )
    if note:
        return warn(f"model {name}", note)
    context = f", context {found.model.context:,}" if found.model.context else ""
    return ok(f"model {name}", f"served{context}")


def call(client: LLMaaS, model: str) -> Check:
    """Make one small chat call (it costs a fraction of a cent)."""
    start = time.perf_counter()
    try:
        completion = client.chat("Answer with the word OK.", model=model, max_tokens=512)
    except Exception as error:
        return refused(error)
    took = time.perf_counter() - start
    machine = completion.backend.machine_name if completion.backend else None
    return ok(
        "answer",
        f"{completion.text.strip()[:40]!r} after {took:.1f} s"
        + (f" from {machine}" if machine else ""),
    )


def _skew(date: str | None) -> float | None:
    """Return local minus remote time in seconds; positive when this machine is ahead."""
    if not date:
        return None
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except ValueError:
        return None

"""Service checks: key, clock, latency, models."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from statistics import median
from typing import TYPE_CHECKING

from llmaas_cli.doctor.check import Check, fail, ok, run_with_timeout, skip, warn

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import LiveModel

_SAMPLES = 3
_CLOCK_WARNING, _CLOCK_FAILURE = 5.0, 300.0  # seconds
_SLOW_SECONDS = 2.0  # seconds
_SET_KEY = (
    "export LLMAAS_API_KEY=... (create a key in the Console under LLMaaS, API keys), or use "
    "--sandbox."
)


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """Models, clock skew and latencies (seconds) of the service."""

    models: Sequence[LiveModel]
    skew: float | None
    latencies: Sequence[float]


def check_key_format(key: str) -> Check | None:
    """Check the format of the key; None if it is well-formed."""
    if not key:
        return fail("key", "LLMAAS_API_KEY is not set", _SET_KEY)
    if key != key.strip() or key[0] in "\"'" or key.lower().startswith("bearer "):
        message = (
            "it contains quotes, surrounding spaces or 'Bearer', which other programs would send"
        )
        return fail("key", message, "Set the key alone.")
    return None


def request_models(client: LLMaaS, timeout: float) -> ServiceResponse:
    """List the models, and repeat the request to measure latency. Raises the first error."""
    end = time.monotonic() + timeout
    models = run_with_timeout(lambda: client.models(deadline=timeout), timeout)
    latencies, skew = [], None
    for _ in range(_SAMPLES):
        left = end - time.monotonic()
        try:
            seconds, skew = run_with_timeout(lambda: _measure_request(client, left), left)  # noqa: B023 - run at once
        except Exception:  # the service answered before: it is slow, not unreachable
            latencies.append(timeout)
            break
        latencies.append(seconds)
    return ServiceResponse(models, skew, latencies)


def _measure_request(client: LLMaaS, timeout: float) -> tuple[float, float | None]:
    """Measure the seconds of a small request, and the skew of this machine's clock."""
    start = time.perf_counter()
    raw = client.openai.models.with_raw_response.list(timeout=timeout)
    return time.perf_counter() - start, _clock_skew(raw.headers.get("date"))


def is_timeout(error: Exception) -> bool:
    """Whether an error is a timeout, which reveals nothing about key and address."""
    from llmaas.errors import APITimeoutError

    return isinstance(error, TimeoutError | APITimeoutError)


def list_timed_out(timeout: float) -> Check:
    """Create the warning for a timeout of the model list."""
    from llmaas import catalog

    return warn(
        "list",
        f"the models were not listed within {timeout:g} s; the catalog of "
        f"{catalog.about()['observed_at'][:10]} is used",
        "The key was not checked. Raise --timeout, or add --call to call a model.",
    )


def list_failed(error: Exception, *, has_key: bool = True) -> Check:
    """Create the failure for an error of the model list."""
    from llmaas_cli.format import redact

    status = getattr(error, "status_code", None)
    message = redact(" ".join(str(getattr(error, "message", error)).split()))
    advice = getattr(error, "hint", None) or "See the service's status page."
    if status in (401, 403) and not has_key:
        return fail("key", f"LLMAAS_API_KEY is not set, and required: {message}", _SET_KEY)
    if status == 401:
        return fail("key", f"refused: {message}", advice)
    if status == 403:
        return fail("key", f"known, but not allowed: {message}", advice)
    if status == 404:
        return fail(
            "address", f"no /v1/models at this address: {message}", "Check LLMAAS_BASE_URL."
        )
    if type(error).__name__ == "InvalidResponseError":
        return fail("address", f"not an LLMaaS endpoint: {message}", "Check LLMAAS_BASE_URL.")
    return fail("service", message, advice)


def check_clock(response: ServiceResponse) -> Check:
    """Check this machine's clock against the service's ``Date`` header (to the second)."""
    skew = response.skew
    if skew is None:
        return skip("clock", "the service sends no Date")
    detail = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the service"
    if abs(skew) > _CLOCK_FAILURE:
        return fail("clock", detail, "Set the clock (timedatectl set-ntp true): certificates and "
                    "rate-limit resets are misread.")  # fmt: skip
    if abs(skew) > _CLOCK_WARNING:
        return warn("clock", detail, "Synchronize the clock (NTP).")
    return ok("clock", "in step with the service")


def check_latency(response: ServiceResponse) -> Check:
    """Check the latency of a small request."""
    median_seconds = median(response.latencies)
    detail = (
        f"{median_seconds * 1000:.0f} ms for a small request (median of {len(response.latencies)})"
    )
    if median_seconds > _SLOW_SECONDS:
        return warn("latency", detail, "The connection is slow. Try without proxy or VPN.")
    return ok("latency", detail)


def check_model(name: str) -> Check:
    """Check that a requested model is served."""
    from llmaas import catalog

    found, note = catalog.resolve(name), catalog.lifecycle_note(name)
    if found.model is None or not found.model.live:
        return model_not_served(name)
    if note:
        return warn(f"model {name}", note)
    context = f", context {found.model.context:,}" if found.model.context else ""
    return ok(f"model {name}", f"served{context}")


def model_not_served(name: str) -> Check:
    """Create the failure for a model that is unknown or not allowed for this key."""
    from llmaas import catalog

    near = "" if catalog.get(name) else " or ".join(catalog.similar(name))
    return fail(
        f"model {name}",
        "not served to this key",
        (f"Did you mean {near}? " if near else "")
        + "`llmaas models --live` lists the served models. The key may lack permission.",
    )


def _clock_skew(date: str | None) -> float | None:
    """Compute local minus remote time in seconds."""
    if not date:
        return None
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except ValueError:
        return None

"""Retry decisions are pure: the same failure, the same moment, the same answer."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.wire.failures import StatusFailure, TransportFailure
from llmaas.wire.retry import is_retryable, next_delay, retry_after
from llmaas.wire.retry_policy import RetryPolicy

NOW = 1_800_000_000.0


def failed(status: int = 429, **headers: str) -> StatusFailure:
    return StatusFailure(status, {k.replace("_", "-"): v for k, v in headers.items()}, b"")


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        (failed(retry_after="7"), 7.0),
        (failed(retry_after="0.5"), 0.5),
        (failed(retry_after="7000ms"), 7.0),
        (failed(retry_after="1m30s"), 90.0),
        (failed(retry_after_ms="250"), 0.25),
        (failed(retry_after=formatdate(NOW + 30, usegmt=True)), 30.0),
        (failed(retry_after=formatdate(NOW - 30, usegmt=True)), 0.0),
        (failed(x_ratelimit_reset_requests=str(NOW + 12)), 12.0),
        (failed(x_ratelimit_reset_requests="6m0s"), 360.0),
        (failed(500, x_ratelimit_reset_requests=str(NOW + 12)), None),
        (failed(retry_after="soon"), None),
        (failed(retry_after="nan"), None),
        (failed(retry_after="-3"), None),
        (failed(), None),
        (TransportFailure("read", ""), None),
    ],
)
def test_retry_after_in_every_form(failure: object, seconds: float | None) -> None:
    assert retry_after(failure, now=NOW) == (  # type: ignore[arg-type]
        None if seconds is None else pytest.approx(seconds, abs=0.01)
    )


def test_retry_after_wins_over_the_reset_header() -> None:
    both = failed(retry_after="2", x_ratelimit_reset_requests=str(NOW + 50))
    assert retry_after(both, now=NOW) == 2


@pytest.mark.parametrize("kind", ["connect", "read", "timeout"])
def test_broken_connections_are_retried(kind: str) -> None:
    assert is_retryable(TransportFailure(kind, ""))


@pytest.mark.parametrize("kind", ["tls", "deadline"])
def test_distrust_and_deadlines_are_not(kind: str) -> None:
    assert not is_retryable(TransportFailure(kind, ""))


@given(st.integers(0, 6), st.floats(0, 1), st.floats(0, 100))
def test_delay_is_between_the_requested_one_and_the_cap(
    attempt: int, jitter: float, asked: float
) -> None:
    policy = RetryPolicy(max_retries=5)
    wait = next_delay(policy, attempt, failed(retry_after=str(asked)), now=NOW, jitter=jitter)
    if attempt >= 5 or asked > policy.max_wait:
        assert wait is None
    else:
        assert wait is not None
        assert asked <= wait.seconds <= asked + 1
        assert wait.pauses_all


@given(st.integers(0, 9), st.floats(0, 1))
def test_backoff_grows_to_its_cap(attempt: int, jitter: float) -> None:
    policy = RetryPolicy(max_retries=10)
    wait = next_delay(policy, attempt, failed(503), now=NOW, jitter=jitter)
    assert wait is not None
    full = min(policy.cap, policy.base * 2**attempt)
    assert full / 2 <= wait.seconds <= full
    assert not wait.pauses_all


def test_patience_waits_for_limits_beyond_the_retries() -> None:
    policy = RetryPolicy(max_retries=0, rate_limit_timeout=90)
    wait = next_delay(policy, 0, failed(retry_after="70"), now=NOW, jitter=0)
    assert wait is not None
    assert not wait.counts_as_retry
    again = next_delay(policy, 0, failed(retry_after="30"), now=NOW, jitter=0, waited=70)
    assert again is None  # 20 seconds are left, and no retry
    assert next_delay(policy, 0, failed(503), now=NOW, jitter=0) is None


@given(st.text(max_size=20))
def test_any_header_is_read_without_an_error(text: str) -> None:
    retry_after(failed(retry_after=text), now=NOW)


def test_wait_is_counted_by_the_clock_of_the_service_when_ours_is_off() -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#field.date: moments are told by the sender's clock."""
    theirs = NOW + 600
    date = formatdate(theirs, usegmt=True)
    asked = failed(date=date, retry_after=formatdate(theirs + 30, usegmt=True))
    assert retry_after(asked, now=NOW) == 30
    assert retry_after(failed(date=date, x_ratelimit_reset_requests=str(theirs + 9)), now=NOW) == 9
    wrong = failed(date=formatdate(0, usegmt=True), retry_after=formatdate(NOW + 30, usegmt=True))
    assert retry_after(wrong, now=NOW) == 30


@pytest.mark.parametrize("behind", [0.0, 0.9, 1.9])
def test_date_without_fractions_is_no_skew_when_the_limit_ends_soon(behind: float) -> None:
    """A date has no fractions of a second and may be cached: a wait must not grow by them."""
    date = formatdate(int(NOW - behind), usegmt=True)
    failure = failed(date=date, x_ratelimit_reset_requests=str(NOW + 0.2))
    assert retry_after(failure, now=NOW) == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("value", ["1" * 100_000, "1m" * 50_000, "Mon, " * 50_000])
def test_wait_is_not_read_when_its_header_is_too_long(value: str) -> None:
    began = time.process_time()
    assert retry_after(failed(retry_after=value, date=value), now=NOW) is None
    assert time.process_time() - began < 1

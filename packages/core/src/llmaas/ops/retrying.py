"""One request until it is answered, or has failed for good."""

from __future__ import annotations

import errno
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from llmaas._option_parsing import parse_seconds
from llmaas._redaction import Redactor
from llmaas.ops.effects import Close, Operation, Read, Send, Sleep
from llmaas.settings import Settings, Timeout
from llmaas.transport.cooldown import Cooldown, get_cooldown
from llmaas.wire.failures import Failure, StatusFailure, TransportFailure
from llmaas.wire.retry import next_delay

JSON = {"content-type": "application/json"}
_logger = logging.getLogger("llmaas")
_IMPORT_ATTEMPTS, _IMPORT_PAUSE = 600, 0.1
"""How often, and after how many seconds, to look for a free file descriptor. Together they are as
long as the pool keeps idle connections."""


@dataclass(slots=True)
class EndpointRequest:
    """One call to the service, before it is sent."""

    path: str
    body: bytes | None = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON, repr=False)
    stream: bool = False
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a call ends in any case, on the clock of ``time.monotonic``; None is never."""

    at: float | None

    @classmethod
    def coerce(cls, settings: Settings, deadline: float | Deadline | None) -> Deadline:
        """Count seconds (those of the settings, if none are said) from now on."""
        if isinstance(deadline, Deadline):
            return deadline
        seconds = settings.deadline if deadline is None else parse_seconds(deadline)
        return cls(None if seconds is None else time.monotonic() + seconds)


class RetryState:
    """The attempts, the gate and the deadline of one call."""

    def __init__(
        self, settings: Settings, timeout: float | Timeout | None, deadline: float | Deadline | None
    ) -> None:
        self.deadline = Deadline.coerce(settings, deadline).at
        self.timeout = settings.timeout if timeout is None else Timeout.coerce(timeout)
        self.settings = settings
        self.attempt = 0
        self.resends = 0
        """Requests that were sent again after a failure."""
        self.waited = 0.0
        self.reached = False
        """Whether the service may have seen the call, in any attempt."""
        self.starved = 0
        """Waits for a file descriptor after attempts that were to be the last."""
        self.cooldown: Cooldown = get_cooldown(settings.root, settings.key.fingerprint)

    def retry_or_raise(self, failure: Failure, model: str | None) -> Operation[None]:
        """Wait for the next attempt, or raise the failure as what it is."""
        self.reached = self.reached or isinstance(failure, StatusFailure) or failure.was_seen
        wait = next_delay(
            self.settings.retry,
            self.attempt,
            failure,
            now=time.time(),
            jitter=random.random(),  # noqa: S311
            waited=self.waited,
        )
        if wait is None:
            if not self.reached and (yield from self._lacks_descriptors()):
                return  # a connection of the pool may be idle by now
            yield from _load_errors()
            self.raise_failure(failure, model)
        if not wait.counts_as_retry:
            self.waited += wait.seconds
        else:
            self.attempt += 1
        if wait.pauses_all and isinstance(failure, StatusFailure):
            self.cooldown.start(wait.seconds, failure)
        yield from self.pause(wait.seconds, failure, model)
        self.resends += 1
        _logger.info(
            "Retry %d after %s and a wait of %.2f s (model %s).",
            self.resends,
            _cause(failure),
            wait.seconds,
            model,
        )

    def pause(
        self, seconds: float, failure: Failure | None, model: str | None = None
    ) -> Operation[None]:
        """Wait; where the deadline leaves no time for it, raise the failure as what it is."""
        if self.deadline is not None and time.monotonic() + seconds > self.deadline:
            if failure is None:
                text = f"The deadline leaves no time to wait {seconds:.1f} s."
                failure = TransportFailure("deadline", text, reached=False)
            yield from _load_errors()
            self.raise_failure(failure, model)
        yield Sleep(seconds)

    def _lacks_descriptors(self) -> Operation[bool]:
        """Wait a moment where no file descriptor is left, and so no exception can be imported."""
        if self.starved == _IMPORT_ATTEMPTS or _are_errors_loaded():
            return False
        self.starved += 1
        yield Sleep(_IMPORT_PAUSE)
        return True

    def raise_failure(self, failure: Failure, model: str | None) -> NoReturn:
        """Raise the failure as the exception that it is."""
        from llmaas._error_factory import build_error

        # No variable holds the secrets: tools print those of a traceback's frames.
        raise build_error(
            failure,
            model=model,
            secrets=self.settings.secrets,
            reached=self.reached,
            resends=self.resends,
        )


def _load_errors() -> Operation[None]:
    """Import what makes exceptions; without a free file descriptor, wait until others end.

    It is imported only after a failure, and the failure may be that no descriptor is left.
    """
    for _ in range(_IMPORT_ATTEMPTS):
        if _are_errors_loaded():
            return
        yield Sleep(_IMPORT_PAUSE)


def _are_errors_loaded() -> bool:
    """Import what makes exceptions; False where no file descriptor is left for that."""
    try:
        import llmaas._error_factory  # noqa: F401
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            raise
        return False
    return True


def send_with_retries(retries: RetryState, request: EndpointRequest) -> Operation[Any]:
    """Send a call until a reply below 300 comes; return it, its body unread."""
    while True:
        while delay := retries.cooldown.remaining():  # it may have closed anew in the meantime
            retries.waited += delay
            yield from retries.pause(delay, retries.cooldown.failure(), request.model)
        reply = yield Send(
            request.method,
            request.path,
            request.body,
            request.headers,
            retries.timeout,
            request.stream,
            retries.deadline,
        )
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug(
                "%s %s: %s", request.method, request.path, _result(reply, retries.settings)
            )
        if isinstance(reply, TransportFailure):
            yield from retries.retry_or_raise(reply, request.model)
        elif reply.status >= 300:
            failure = yield from _status_failure(reply, retries, request)
            yield from retries.retry_or_raise(failure, request.model)
        else:
            return reply


def send_and_read(
    retries: RetryState, request: EndpointRequest
) -> Operation[tuple[bytes, Mapping[str, str]]]:
    """Send a call until it is answered whole; return body and headers.

    A truncated body is requested again: no part of it was returned.
    """
    while True:
        reply = yield from send_with_retries(retries, request)
        body = yield Read(reply)
        if not isinstance(body, TransportFailure):
            return body, reply.headers
        yield from retries.retry_or_raise(body, request.model)


def _status_failure(
    reply: Any, retries: RetryState, request: EndpointRequest
) -> Operation[StatusFailure]:
    body = yield Read(reply)
    if isinstance(body, TransportFailure):
        body = b""  # the status says enough
    yield Close(reply)
    url = retries.settings.root + request.path
    return StatusFailure(reply.status, reply.headers, body, request.method, url)


def _cause(failure: Failure) -> str:
    """Name a failure for the log: its words may hold what no log may."""
    if isinstance(failure, StatusFailure):
        return f"status {failure.status}"
    return f"a failed connection ({failure.kind})"


def _result(reply: Any, settings: Settings) -> str:
    """Describe a reply for the log, without the key that a service may echo."""
    if isinstance(reply, TransportFailure):
        return _cause(reply)
    request_id = Redactor(settings.secrets).text(str(reply.headers.get("x-request-id")))
    return f"status {reply.status}, request id {request_id}"

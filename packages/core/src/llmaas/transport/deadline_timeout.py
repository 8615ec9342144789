"""Timeout of one call that carries its deadline through the HTTP library."""

from __future__ import annotations

import math
import threading
import time
from typing import Any, Protocol

_GRACE = 0.005
"""Seconds by which the system may end a wait too early."""

_FINAL_READ = 0.001
"""Seconds of a step that only takes buffered data."""

StepErrors = tuple[type[Exception], type[Exception]]
"""The HTTP library's timeout error and network error for one kind of step."""


class Connection(Protocol):
    """Connection that a call reads from."""

    exchanges: int
    has_answered: bool

    def shutdown(self) -> None:
        """Stop reads of other threads."""


class DeadlineTimeout(float):
    """Read timeout in seconds, with the deadline of its call and a way to abort it.

    The HTTP library receives it as the timeout of a request and passes the same object to each
    step of that request, so that each step knows the remaining time.
    """

    __slots__ = (
        "_active",
        "_last_connection",
        "_lock",
        "deadline",
        "failure",
        "is_aborted",
        "may_read_late",
    )

    deadline: float
    failure: Exception | None
    is_aborted: bool
    may_read_late: bool
    """Whether one more step may take data that arrived in time while this thread was paused."""
    _last_connection: Connection | None
    _active: Connection | None
    _lock: threading.Lock

    def __new__(cls, seconds: float, deadline: float | None = None) -> DeadlineTimeout:
        """Create a timeout in seconds; ``deadline`` is on the clock of ``time.monotonic``."""
        timeout = super().__new__(cls, seconds)
        timeout.deadline = math.inf if deadline is None else deadline
        timeout.is_aborted = timeout.may_read_late = False
        timeout.failure = None
        timeout._active = timeout._last_connection = None
        timeout._lock = threading.Lock()
        return timeout

    @property
    def has_expired(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline - _GRACE

    @property
    def was_stale(self) -> bool:
        """Whether a reused connection ended before the first byte of this call's response."""
        last = self._last_connection
        return last is not None and last.exchanges > 1 and not last.has_answered

    def remaining(self) -> float:
        """Return the seconds that the next step may take.

        Raises ``TimeoutError`` after the deadline and ``ConnectionAbortedError`` after ``abort``.
        """
        if self.is_aborted:
            raise ConnectionAbortedError("the reply was closed")
        if self.deadline == math.inf:
            return float(self)
        left = self.deadline - time.monotonic()
        if left <= 0 and self.may_read_late:
            self.may_read_late = False
            return _FINAL_READ
        if left <= 0:
            raise TimeoutError("the deadline passed")
        return min(float(self), left)

    def abort(self) -> bool:
        """Forbid further steps; return whether a read was in progress and was interrupted."""
        with self._lock:
            self.is_aborted = True
            if self._active is None:
                return False
            self._active.shutdown()
            return True

    def track(self, connection: Connection | None) -> None:
        """Set the connection that is being read, None after the read; only reads are aborted."""
        with self._lock:
            self._active = connection
            if connection is not None:
                self._last_connection = connection


def remaining(timeout: Any, errors: StepErrors) -> Any:
    """Return the seconds for the next step, or raise the HTTP library's error for it.

    A plain number (or None), as the library passes for requests of other code, is returned as is.
    """
    if not isinstance(timeout, DeadlineTimeout):
        return timeout
    try:
        return timeout.remaining()
    except TimeoutError as error:
        raise errors[0](str(error)) from error
    except ConnectionAbortedError as error:
        raise errors[1](str(error)) from error

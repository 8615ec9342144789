"""Sockets whose every step obeys the deadline of the call, and that another thread may cut."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from llmaas.transport.dns import addresses
from llmaas.wire.http_head import HeadReader, HeadTooLarge

_PIECE = 1 << 14
"""Bytes written at once under a deadline: a server that reads slowly is noticed between two.

As many are kept back at most: a small request's head and body leave together, as one packet.
"""
_GRACE = 0.005
"""Seconds by which the system may wake a waiting read too early."""


_LOOK = 0.001
"""Seconds of a step that only takes what is there."""


class DeadlineTimeout(float):
    """The longest silence of a call in seconds, with its deadline and a way to cut it off.

    It is handed to the HTTP library as the timeout of a request, and comes back, untouched,
    with each step of that request: so each step knows what is left.
    """

    __slots__ = ("_last", "_line", "_lock", "deadline", "failure", "is_cut", "may_look_late")

    deadline: float
    failure: Exception | None
    is_cut: bool
    may_look_late: bool
    """Whether one more step may take what came in time, while this thread could not run."""
    _last: DeadlineStream | None
    _line: DeadlineStream | None
    _lock: threading.Lock

    def __new__(cls, silence: float, deadline: float | None = None) -> DeadlineTimeout:
        """Take the seconds, and a moment of ``time.monotonic``."""
        leash = super().__new__(cls, silence)
        leash.deadline = math.inf if deadline is None else deadline
        leash.is_cut = leash.may_look_late = False
        leash.failure = None
        leash._line = leash._last = None
        leash._lock = threading.Lock()
        return leash

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline - _GRACE

    @property
    def was_stale(self) -> bool:
        """Whether a kept connection ended before any byte of this call's answer came."""
        last = self._last
        return last is not None and last.exchanges > 1 and not last.has_answered

    def left(self) -> float:
        """Return the seconds that the next step may take; raise ``TimeoutError`` for none."""
        if self.is_cut:
            raise ConnectionAbortedError("the reply was closed")
        if self.deadline == math.inf:
            return float(self)
        left = self.deadline - time.monotonic()
        if left <= 0 and self.may_look_late:
            self.may_look_late = False
            return _LOOK
        if left <= 0:
            raise TimeoutError("the deadline passed")
        return min(float(self), left)

    def cut(self) -> bool:
        """Let no further step begin; tell whether one was under way and has been broken off."""
        with self._lock:
            self.is_cut = True
            if self._line is None:
                return False
            self._line.shut()
            return True

    def hold(self, line: DeadlineStream | None) -> None:
        """Remember where a read is under way: there only it may be cut off."""
        with self._lock:
            self._line = line
            if line is not None:
                self._last = line


class DeadlineStream:
    """A network stream of the HTTP library, on a leash."""

    def __init__(self, core: Any, stream: Any) -> None:
        self._core, self._stream = core, stream
        self._kept = b""
        self._head: HeadReader | None = None
        """Reads the head of the answer; None once it has come."""
        self.exchanges = 0
        """Requests that were sent on this connection."""
        self.has_answered = True

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        """Read what is there, waiting no longer than the call may; a head is read whole."""
        head = self._head
        if head is None:
            return self._read(max_bytes, timeout)
        while data := self._read(max_bytes, timeout):
            self.has_answered = True
            try:
                answer = head.feed(data)
            except HeadTooLarge as error:
                if isinstance(timeout, DeadlineTimeout):
                    timeout.failure = error  # the library forgets causes
                raise self._core.ReadError(str(error)) from error
            if answer is not None:
                self._head = None
                return b"".join(answer)
        self._head = None
        return head.held  # the connection ended within the head

    def _read(self, max_bytes: int, timeout: Any) -> bytes:
        if not isinstance(timeout, DeadlineTimeout):
            self._send_kept(timeout)
            return bytes(self._stream.read(max_bytes, timeout))
        timeout.hold(self)
        try:
            self._send_kept(timeout)
            data: bytes = self._stream.read(max_bytes, self._left(timeout, "Read"))
        finally:
            timeout.hold(None)
        if timeout.is_cut:
            raise self._core.ReadError("the reply was closed")
        return data

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        """Keep what is small until the next read; write the rest at once."""
        if self._head is None:
            self._head = HeadReader()
            self.exchanges += 1
            self.has_answered = False
        kept = self._kept
        if len(kept) + len(buffer) <= _PIECE:
            self._kept = kept + buffer
            return
        self._kept = b""
        for part in (kept, buffer):
            self._write(part, timeout)

    def _send_kept(self, timeout: Any) -> None:
        kept, self._kept = self._kept, b""
        if kept:
            with suppress(self._core.WriteError):  # the service may have answered all the same
                self._write(kept, timeout)

    def _write(self, buffer: bytes, timeout: Any) -> None:
        """Write; under a deadline in pieces, each within what is left."""
        if not isinstance(timeout, DeadlineTimeout) or timeout.deadline == math.inf:
            self._stream.write(buffer, timeout)
            return
        view = memoryview(buffer)
        for start in range(0, len(view), _PIECE):
            piece = view[start : start + _PIECE]
            self._stream.write(piece, self._left(timeout, "Write"))

    def close(self) -> None:
        """Close the socket; a thread that still reads from it is told at once."""
        self.shut()
        self._stream.close()

    def shut(self) -> None:
        """End what another thread reads; the socket itself stays that thread's to close."""
        with suppress(OSError):  # it is closed already
            self.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: Any = None
    ) -> DeadlineStream:
        """Shake hands within what is left."""
        left = self._left(timeout, "Connect")
        return DeadlineStream(
            self._core, self._stream.start_tls(ssl_context, server_hostname, left)
        )

    def get_extra_info(self, info: str) -> Any:
        """Tell about the socket."""
        return self._stream.get_extra_info(info)

    def _left(self, timeout: Any, step: str) -> Any:
        return _left(self._core, timeout, step)


class DeadlineBackend:
    """Connects as the HTTP library does, within what the call has left."""

    def __init__(self, core: Any) -> None:
        self._core, self._backend = core, core.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> DeadlineStream:
        """Connect; under a deadline each address of the host gets its share of the time."""
        options = {"local_address": local_address, "socket_options": socket_options}
        failure: Exception | None = None
        for address, share in self._addresses(host, port, timeout):
            left = _left(self._core, timeout, "Connect")
            seconds = left if left is None else left / share
            try:
                stream = self._backend.connect_tcp(address, port, seconds, **options)
            except (self._core.ConnectError, self._core.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(self._core, stream)
        assert failure is not None
        raise failure

    def sleep(self, seconds: float) -> None:
        """Wait between two attempts to connect."""
        time.sleep(seconds)

    def _addresses(self, host: str, port: int, timeout: Any) -> Iterator[tuple[str, int]]:
        """Yield where to connect, and how many addresses share the time that is left."""
        if not isinstance(timeout, DeadlineTimeout) or timeout.deadline == math.inf:
            yield host, 1
            return
        left = _left(self._core, timeout, "Connect")
        try:
            found = addresses(host, port, left)
        except TimeoutError as error:
            raise self._core.ConnectTimeout("the name was not found in time") from error
        except OSError as error:
            raise self._core.ConnectError(str(error)) from error
        for number, address in enumerate(found):
            yield address, len(found) - number


def _left(core: Any, timeout: Any, step: str) -> Any:
    if not isinstance(timeout, DeadlineTimeout):
        return timeout
    try:
        return timeout.left()
    except TimeoutError as error:
        raise getattr(core, f"{step}Timeout")(str(error)) from error
    except ConnectionAbortedError as error:
        raise getattr(core, f"{step}Error")(str(error)) from error

"""Network backend of the HTTP library whose every step obeys the deadline of its call."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from llmaas.transport.deadline_timeout import DeadlineTimeout, remaining
from llmaas.transport.dns import resolve
from llmaas.wire.http_head import HeadReader, HeadTooLarge

_WRITE_SIZE = 1 << 14
"""Bytes per write under a deadline: a server that reads slowly is noticed between two writes.

At most as many are buffered: the head and body of a small request leave in one TCP segment.
"""


class DeadlineStream:
    """Network stream that obeys the deadline of each call; other threads may abort its reads."""

    def __init__(self, core: Any, stream: Any) -> None:
        self._core, self._stream = core, stream
        self._read_errors = core.ReadTimeout, core.ReadError
        self._buffered = b""
        self._head: HeadReader | None = None
        """Reader of the response head; None once the head is complete."""
        self.exchanges = 0
        """Number of requests sent on this connection."""
        self.has_answered = True

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        """Read available bytes within the time that is left; a response head is read whole."""
        head = self._head
        if head is None:
            return self._read(max_bytes, timeout)
        while data := self._read(max_bytes, timeout):
            self.has_answered = True
            try:
                answer = head.feed(data)
            except HeadTooLarge as error:
                if isinstance(timeout, DeadlineTimeout):
                    timeout.failure = error  # the library drops causes
                raise self._core.ReadError(str(error)) from error
            if answer is not None:
                self._head = None
                return b"".join(answer)
        self._head = None
        return head.held  # the connection ended within the head

    def _read(self, max_bytes: int, timeout: Any) -> bytes:
        if not isinstance(timeout, DeadlineTimeout):
            self._flush(timeout)
            return bytes(self._stream.read(max_bytes, timeout))
        timeout.track(self)
        try:
            self._flush(timeout)
            data: bytes = self._stream.read(max_bytes, remaining(timeout, self._read_errors))
        finally:
            timeout.track(None)
        if timeout.is_aborted:
            raise self._core.ReadError("the reply was closed")
        return data

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        """Buffer small data until the next read; write larger data at once."""
        if self._head is None:
            self._head = HeadReader()
            self.exchanges += 1
            self.has_answered = False
        buffered = self._buffered
        if len(buffered) + len(buffer) <= _WRITE_SIZE:
            self._buffered = buffered + buffer
            return
        self._buffered = b""
        for part in (buffered, buffer):
            self._write(part, timeout)

    def _flush(self, timeout: Any) -> None:
        buffered, self._buffered = self._buffered, b""
        if buffered:
            with suppress(self._core.WriteError):  # the service may have answered all the same
                self._write(buffered, timeout)

    def _write(self, buffer: bytes, timeout: Any) -> None:
        """Write; under a deadline in pieces, each within the remaining time."""
        if not isinstance(timeout, DeadlineTimeout) or timeout.deadline == math.inf:
            self._stream.write(buffer, timeout)
            return
        errors = self._core.WriteTimeout, self._core.WriteError
        view = memoryview(buffer)
        for start in range(0, len(view), _WRITE_SIZE):
            piece = view[start : start + _WRITE_SIZE]
            self._stream.write(piece, remaining(timeout, errors))

    def close(self) -> None:
        """Close the socket; a read in another thread ends at once."""
        self.shutdown()
        self._stream.close()

    def shutdown(self) -> None:
        """Stop reads of other threads; the reading thread closes the socket itself."""
        with suppress(OSError):  # already closed
            self.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: Any = None
    ) -> DeadlineStream:
        """Perform the TLS handshake within the remaining time."""
        left = remaining(timeout, (self._core.ConnectTimeout, self._core.ConnectError))
        return DeadlineStream(
            self._core, self._stream.start_tls(ssl_context, server_hostname, left)
        )

    def get_extra_info(self, info: str) -> Any:
        """Return information about the socket."""
        return self._stream.get_extra_info(info)


class DeadlineBackend:
    """Network backend that connects within the remaining time of a call."""

    def __init__(self, core: Any) -> None:
        self._core, self._backend = core, core.SyncBackend()
        self._errors = core.ConnectTimeout, core.ConnectError

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> DeadlineStream:
        """Connect; under a deadline the addresses of the host share the remaining time."""
        options = {"local_address": local_address, "socket_options": socket_options}
        failure: Exception | None = None
        for address, share in self._addresses(host, port, timeout):
            left = remaining(timeout, self._errors)
            seconds = left if left is None else left / share
            try:
                stream = self._backend.connect_tcp(address, port, seconds, **options)
            except self._errors as error:
                failure = error
            else:
                return DeadlineStream(self._core, stream)
        assert failure is not None
        raise failure

    def sleep(self, seconds: float) -> None:
        """Sleep between two attempts to connect."""
        time.sleep(seconds)

    def _addresses(self, host: str, port: int, timeout: Any) -> Iterator[tuple[str, int]]:
        """Yield each address, with the number of addresses that share the remaining time."""
        if not isinstance(timeout, DeadlineTimeout) or timeout.deadline == math.inf:
            yield host, 1
            return
        left = remaining(timeout, self._errors)
        try:
            found = resolve(host, port, left)
        except TimeoutError as error:
            raise self._core.ConnectTimeout("name resolution took too long") from error
        except OSError as error:
            raise self._core.ConnectError(str(error)) from error
        for number, address in enumerate(found):
            yield address, len(found) - number

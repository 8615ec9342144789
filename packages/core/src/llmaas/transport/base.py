"""Interfaces of transports, their requests and their replies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from llmaas.settings import Timeout
from llmaas.wire.failures import TransportFailure


@dataclass(frozen=True, slots=True)
class Request:
    """HTTP request. ``deadline`` is on the clock of ``time.monotonic``."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)  # contains the API key
    body: bytes | None = field(default=None, repr=False)
    timeout: Timeout = field(default_factory=Timeout)
    stream: bool = False
    deadline: float | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether the request may be sent twice; a batch submitted twice is billed twice."""
        return not (self.method == "POST" and self.url.endswith("/batch"))


class TransportError(Exception):
    """Error of a transport, with the failure as a plain value."""

    def __init__(self, failure: TransportFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def proxy_failure_kind(reason: str) -> str:
    """Return the failure kind of a proxy's refusal: only a 5xx is temporary."""
    return "connect" if reason.startswith("5") else "proxy"


class Reply(Protocol):
    """Reply whose head was received; names in ``headers`` are lower-case."""

    status: int
    headers: Mapping[str, str]

    def read(self) -> bytes:
        """Read the whole body, decompressed."""

    def chunks(self) -> Iterator[bytes]:
        """Iterate over the body as it arrives, in pieces of any size."""

    def close(self) -> None:
        """Return the connection to its pool, or close it if the body was not read to its end."""

    def drain(self) -> None:
        """Read the last bytes of a complete answer, so that the connection can be reused."""

    def limit_rest(self, seconds: float) -> None:
        """Limit the time for reading the rest of the body, in seconds from now."""


class AsyncReply(Protocol):
    """Asyncio counterpart of ``Reply``."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes:
        """Read the whole body, decompressed."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Iterate over the body as it arrives, in pieces of any size."""

    async def close(self) -> None:
        """Return the connection to its pool, or close it if the body was not read to its end."""

    async def drain(self) -> None:
        """Read the last bytes of a complete answer, so that the connection can be reused."""

    def limit_rest(self, seconds: float) -> None:
        """Limit the time for reading the rest of the body, in seconds from now."""


class SyncTransport(Protocol):
    """Transport for threads; raises ``TransportError`` if a reply is missing or incomplete."""

    def send(self, request: Request) -> Reply:
        """Send a request; return the reply once its head was received."""


class AsyncTransport(Protocol):
    """Asyncio counterpart of ``SyncTransport``."""

    async def send(self, request: Request) -> AsyncReply:
        """Send a request; return the reply once its head was received."""

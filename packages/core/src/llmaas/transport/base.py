"""What a transport takes and gives: the one seam that a test may swap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from llmaas.settings import Timeout
from llmaas.wire.failures import TransportFailure


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``deadline`` is on the clock of ``time.monotonic``."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)  # holds the key
    body: bytes | None = field(default=None, repr=False)
    timeout: Timeout = field(default_factory=Timeout)
    stream: bool = False
    deadline: float | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent twice. A batch that was submitted twice would be billed twice."""
        return not (self.method == "POST" and self.url.endswith("/batch"))


class TransportError(Exception):
    """Raised by transports only, with the plain failure that the core decides upon."""

    def __init__(self, failure: TransportFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def proxy_kind(why: str) -> str:
    """Return the kind of a proxy's refusal: one with a 5xx passes, any other stands."""
    return "connect" if why.startswith("5") else "proxy"


class Reply(Protocol):
    """A reply whose head has come. ``headers`` are lower-case."""

    status: int
    headers: Mapping[str, str]

    def read(self) -> bytes:
        """Return the whole (decompressed) body."""

    def chunks(self) -> Iterator[bytes]:
        """Return the body as it comes, in reads of any size."""

    def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end."""

    def drain(self) -> None:
        """Read the last bytes of an answer that is complete, so that the connection lives."""

    def limit_rest(self, seconds: float) -> None:
        """Let what is still to be read take so long at most, from now on."""


class AsyncReply(Protocol):
    """The same for asyncio."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes:
        """Return the whole (decompressed) body."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Return the body as it comes, in reads of any size."""

    async def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end."""

    async def drain(self) -> None:
        """Read the last bytes of an answer that is complete, so that the connection lives."""

    def limit_rest(self, seconds: float) -> None:
        """Let what is still to be read take so long at most, from now on."""


class SyncTransport(Protocol):
    """Sends a request; raises ``BrokenTransport`` when no reply, or not all of it, comes."""

    def send(self, request: Request) -> Reply:
        """Return the reply once its head has come."""


class AsyncTransport(Protocol):
    """The same for asyncio."""

    async def send(self, request: Request) -> AsyncReply:
        """Return the reply once its head has come."""

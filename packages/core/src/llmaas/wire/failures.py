"""Failures of requests and responses as plain values, which ``errors`` converts to exceptions.

A service may echo an API key, and tools print variables of stack frames. No repr therefore
contains text of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas.types import Completion


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """Error event in a response with status 200."""

    error: Mapping[str, Any] = field(repr=False)
    partial: Completion = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvalidBody:
    """Response with status 200 without an answer: empty, HTML, or truncated JSON."""

    reason: str = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatusFailure:
    """Response with a status of 300 or more."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"
    url: str = ""


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """Failure without a complete response.

    ``kind`` is ``connect``, ``tls``, ``proxy`` (refused), ``timeout``, ``read``, ``deadline`` or
    ``size`` (the response exceeds a limit).
    """

    kind: str
    message: str = field(repr=False)
    cause: BaseException | None = field(default=None, repr=False)
    method: str = "POST"
    url: str = ""
    reached: bool = True
    """Whether the service may have received any part of the request."""

    @property
    def was_seen(self) -> bool:
        """Whether the service may have processed the request; False without a connection."""
        return self.reached and self.kind not in ("connect", "tls", "proxy")


def too_large(message: str) -> TransportFailure:
    """Build the failure of a response that exceeds a limit, which is not retried."""
    return TransportFailure("size", f"The response is too large: {message}.")


@dataclass(frozen=True, slots=True)
class TruncatedResponse:
    """Response that ended before its answer was complete."""

    reason: str = field(repr=False)
    partial: Completion = field(repr=False)
    cause: TransportFailure | None = None


ResponseFault = TruncatedResponse | ErrorEvent | InvalidBody
Failure = StatusFailure | TransportFailure

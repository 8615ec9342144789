"""What can be wrong with an answer, as plain values; ``errors`` makes exceptions of them.

A service may echo a key, and tools print the variables of frames: no repr shows its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmaas.types import Completion


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """The service reported an error in an answer that had begun with status 200."""

    error: Mapping[str, Any] = field(repr=False)
    partial: Completion = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvalidBody:
    """A 200 that holds no answer: empty, HTML, or JSON that ends too early."""

    reason: str = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatusFailure:
    """An answer with a status of 300 or more."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"
    url: str = ""


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """No answer at all.

    ``kind`` is ``connect``, ``tls``, ``proxy`` (it refused), ``timeout``, ``read``, ``deadline`` or
    ``size`` (the answer exceeds a limit).
    """

    kind: str
    message: str = field(repr=False)
    cause: BaseException | None = field(default=None, repr=False)
    method: str = "POST"
    url: str = ""
    reached: bool = True
    """Whether anything of the request may have been seen by the service."""

    @property
    def was_seen(self) -> bool:
        """The same, and never where no connection was made."""
        return self.reached and self.kind not in ("connect", "tls", "proxy")


def too_large(message: str) -> TransportFailure:
    """Return the failure of an answer that exceeds a limit: asking again would not help."""
    return TransportFailure("size", f"The answer is too large: {message}.")


@dataclass(frozen=True, slots=True)
class TruncatedResponse:
    """The stream ended before its answer did."""

    reason: str = field(repr=False)
    partial: Completion = field(repr=False)
    cause: TransportFailure | None = None


ResponseFault = TruncatedResponse | ErrorEvent | InvalidBody
Failure = StatusFailure | TransportFailure

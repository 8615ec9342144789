"""Types of raw requests and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RawRequest:
    """HTTP request to the address of a client, with its key unless ``headers`` has another."""

    path: str
    """Path with its version, ``/v1/models`` for instance."""
    body: bytes | None = field(default=None, repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    operation: str = ""
    """What budgets reserve: ``chat``, ``embeddings``, ``rerank``, ``batch``, ``transcription``
    (``inputs`` are the bytes of the file); empty is free."""
    model: str = ""
    inputs: Any = field(default=None, repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """``max_tokens``, ``n``, ``tools`` and ``response_format``, as far as they are billed, and
    ``stream``."""
    max_events: int | None = None
    """Closes the connection after so many events of a stream. Defaults to reading all."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """Answer as received; secrets of the client are replaced by ``***``."""

    status: int = 0
    """HTTP status; 0 without an answer."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in lower case."""
    body: bytes = field(default=b"", repr=False)
    failure: str = ""
    """Kind of the failed connection (``connect``, ``tls``, ``timeout``, ...); empty if none."""
    seconds: float = 0.0
    """Time until the last byte."""
    connection: Any = None
    """Local address of the connection: equal for two answers if it was reused."""
    tls_version: str | None = None
    """TLS version of the connection, None without TLS."""
    cost_micro_eur: int | None = None
    """Cost in millionths of a euro, computed from the usage; None if unknown."""

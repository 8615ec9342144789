"""Reply of an endpoint: an object, a stream of events, or bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from llmaas_sandbox.errors import Json
from llmaas_sandbox.usage import Usage


@dataclass(slots=True)
class Reply:
    """Result of an endpoint before faults are applied to it."""

    payload: Any = None
    chunks: list[Json] | None = None
    events: list[bytes] | None = None
    """Encoded events, ``[DONE]`` included; replaces ``chunks``."""
    media: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    usage: Usage = field(default_factory=Usage)
    source: AsyncIterator[bytes] | None = None
    """Stream of an upstream engine, not read yet."""
    hides_usage: bool = False
    """Whether the upstream stream reports usage that the client did not request."""
    batch: bool = False
    """Whether the batch price applies."""

"""Facts of which the errors of the service and the connection are built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from llmaas.types import Backend, Completion


class ErrorFacts(TypedDict, total=False):
    """Keyword arguments of ``APIError.build``. Pickled with the error: plain values only."""

    method: str
    url: str
    headers: Mapping[str, str]
    """Headers of the response, without secrets."""
    content: bytes
    """Body of the response, as received."""
    body: object
    """Parsed body of the response."""
    status_code: int | None
    code: str | None
    type: str | None
    param: str | None
    request_id: str | None
    retry_after: float | None
    """Seconds."""
    resends: int
    reached: bool
    """Whether the service may have received the request."""
    hint: str | None
    backend: Backend | None
    completion: Completion | None
    """The partial answer."""
    window: int | None
    """Context window in tokens, as in the message of the engine."""
    prompt_tokens: int | None

"""Parsing of error bodies of the service, its engines and proxies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llmaas.wire.error_words import readable
from llmaas.wire.failures import ErrorEvent, StatusFailure
from llmaas.wire.json_codec import dumps, loads


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """Parsed error body; ``raw`` is its JSON, or its text if it is not JSON."""

    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    backend: object = None
    raw: object = None


def read_error_body(body: bytes) -> ErrorBody:
    """Parse an error body in any recorded format (reference 9.2), or as text."""
    try:
        raw = loads(body)
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        return ErrorBody(_html_title(text) if text.startswith("<") else readable(text), raw=text)
    return from_mapping(raw)


def from_mapping(raw: object) -> ErrorBody:
    """Convert parsed JSON, or the ``error`` value of a stream event."""
    if not isinstance(raw, Mapping):
        return ErrorBody(readable(raw), raw=raw)
    error = raw
    for key in ("detail", "error"):  # {"detail": {"error": {...}}} was recorded as well
        inner = error.get(key)
        if isinstance(inner, Mapping):
            error = inner
        elif isinstance(inner, str) and inner:
            return ErrorBody(readable(inner), raw=raw, backend=raw.get("backend"))
    message = error.get("message") or error.get("detail") or error.get("msg")
    return ErrorBody(
        message=readable(message) if message else _first_words(raw),
        type=_text(error.get("type")),
        code=_text(error.get("code")),
        param=_text(error.get("param")),
        backend=raw.get("backend") or error.get("backend"),
        raw=raw,
    )


def status_in(error: Mapping[str, object]) -> int | None:
    """Return the HTTP status that an error event stands for, if any."""
    for key in ("status", "status_code", "code"):
        value = error.get(key)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, int) and 400 <= value < 600:
            return value
    return _STATUS_BY_TYPE.get(str(error.get("type")))


_STATUS_BY_TYPE = {
    "rate_limit_error": 429,
    "server_error": 500,
    "InternalServerError": 500,
    "internal_error": 500,
    "api_error": 500,
    "unavailable_error": 503,
    "service_unavailable_error": 503,
    "overloaded_error": 503,
    "authentication_error": 401,
    "invalid_request_error": 400,
    "BadRequestError": 400,
}


def to_status_failure(event: ErrorEvent, headers: Mapping[str, str]) -> StatusFailure | None:
    """Convert an error event without content to a status failure, if it has a status."""
    status = status_in(event.error)
    if status is None:
        return None
    return StatusFailure(status, headers, dumps({"error": dict(event.error)}))


def _html_title(text: str) -> str:
    """Describe an HTML error page of a proxy by its title."""
    lowered = text.lower()
    start = lowered.find("<title>")
    end = lowered.find("</title>", start)
    title = text[start + 7 : end].strip() if 0 <= start < end else ""
    return f"an HTML page: {title}" if title else "an HTML page"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _first_words(raw: Mapping[str, object]) -> str:
    return str(dict(raw))[:500] if raw else ""

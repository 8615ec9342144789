"""Error responses of the service.

Every refusal of the API page is a function here; the six shapes in which bodies have
been seen are in ``ENVELOPES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake
    """Response other than 2xx, with its body and headers."""

    def __init__(
        self,
        status: int,
        body: Json,
        headers: Mapping[str, str] | None = None,
        invalid: str | None = None,
    ) -> None:
        super().__init__(f"{status} {body}")
        self.invalid = invalid
        """Pydantic's name of what is wrong, when a field has the wrong type or is missing."""
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def error(message: str, kind: str, param: str | None = None, code: str | None = None) -> Json:
    """Build the documented error object; ``param`` and ``code`` only if given."""
    inner: Json = {"message": message, "type": kind}
    if param is not None:
        inner["param"] = param
    if code is not None:
        inner["code"] = code
    return {"error": inner}


def bad_request(
    message: str, param: str | None = None, status: int = 400, invalid: str | None = None
) -> Refusal:
    """Build a refusal of an invalid request (400, or another 4xx)."""
    return Refusal(status, error(message, "invalid_request_error", param), invalid=invalid)


def bad_key() -> Refusal:
    """Build the documented refusal of an unknown key (401)."""
    return Refusal(401, error("Invalid API key provided", "authentication_error"))


def forbidden(message: str, code: str | None = None) -> Refusal:
    """Build the refusal of an action that the key does not permit (403)."""
    return Refusal(403, error(message, "permission_error", code=code))


def unknown_model(name: str) -> Refusal:
    """Build the refusal of an unknown model (404)."""
    message = f"Model '{name}' does not exist"
    return Refusal(404, error(message, "invalid_request_error", "model", "model_not_found"))


def not_found(message: str = "Not found") -> Refusal:
    """Build the refusal of a missing path or object (404)."""
    return Refusal(404, error(message, "invalid_request_error"))


def too_many(headers: Mapping[str, str] | None = None) -> Refusal:
    """Build the refusal of a request beyond the tier's limits (429)."""
    message = "Rate limit exceeded. Please upgrade your tier or try again later."
    body = error(message, "rate_limit_error", code="rate_limit_exceeded")
    return Refusal(429, body, headers)


_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: ("Invalid request", "invalid_request_error"),
    401: ("Invalid API key provided", "authentication_error"),
    403: ("This key may not do that", "permission_error"),
    404: ("Not found", "invalid_request_error"),
    405: ("Method not allowed", "invalid_request_error"),
    408: ("Request timeout", "timeout_error"),
    409: ("Conflict", "conflict_error"),
    413: ("Payload Too Large", "invalid_request_error"),
    422: ("Unprocessable entity", "invalid_request_error"),
    500: ("Internal server error", "server_error"),
    501: ("Not implemented on this instance", "server_error"),
    502: ("Bad gateway", "server_error"),
    503: ("Service temporarily unavailable", "service_unavailable_error"),
    504: ("Gateway timeout", "server_error"),
}


def status_error(status: int, headers: Mapping[str, str] | None = None) -> Refusal:
    """Build the documented refusal for a status."""
    if status == 429:
        return too_many(headers)
    message, kind = _BY_STATUS.get(status, (f"HTTP {status}", "server_error"))
    return Refusal(status, error(message, kind), headers)


def _documented(message: str) -> Json:
    return error(message, "invalid_request_error", "model", "model_not_found")


def _engine(message: str) -> Json:
    return {"object": "error", "message": message, "type": "NotFoundError", "code": 404}


ENVELOPES: Mapping[str, Callable[[str], Json]] = {
    "1": _documented,
    "2": lambda message: {"detail": _documented(message)},
    "3": lambda message: {"detail": message},
    "4": lambda message: {"error": message},
    "5": _engine,
    "6": lambda message: error("Requête invalide : " + message, "invalid_request_error"),
}
"""The six shapes of reference section 9.2: documented, wrapped, detail, string, engine, French."""

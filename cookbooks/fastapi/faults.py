"""Conversion of typed errors to HTTP responses in OpenAI's error format."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

import llmaas


class Refusal(Exception):  # noqa: N818 - a client error, not a failure
    """Rejected request: status, code, message and headers."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


# The first matching class applies. None keeps the status of the service.
STATUSES: tuple[tuple[type[Exception], int | None, str], ...] = (
    (llmaas.BudgetExceededError, 402, "budget_exceeded"),
    (llmaas.QuotaExceededError, 429, "quota_exceeded"),
    (llmaas.MissingAPIKeyError, 500, "not_configured"),
    (llmaas.ConfigurationError, 400, "invalid_request"),
    (llmaas.PromptBlockedError, 403, "prompt_blocked"),
    # The application's key failed. 401 or 403 would blame the end user's token.
    (llmaas.AuthenticationError, 502, "upstream_refused"),
    (llmaas.PermissionDeniedError, 502, "upstream_refused"),
    (llmaas.ModelNotFoundError, 404, "model_not_found"),
    (llmaas.RateLimitError, 429, "rate_limit_exceeded"),
    (llmaas.InternalServerError, 502, "upstream_failed"),
    (llmaas.APIStatusError, None, "upstream_error"),
    (llmaas.APITimeoutError, 504, "upstream_timeout"),
    (llmaas.LLMaaSError, 502, "upstream_error"),
)


def status_and_code(error: llmaas.LLMaaSError) -> tuple[int, str]:
    """Map an error to an HTTP status and an error code."""
    for kind, status, code in STATUSES:
        if isinstance(error, kind):
            given = getattr(error, "status_code", None) or 502
            return given if status is None else status, code
    return 500, "internal_error"


def body(error: llmaas.LLMaaSError) -> dict[str, Any]:
    """Build the body of an error response. The error texts never contain the key."""
    _, code = status_and_code(error)
    told = {"message": getattr(error, "message", str(error)), "hint": error.hint}
    if code == "upstream_refused":
        told = {"message": "The service refused this application.", "hint": None}
    param = getattr(error, "param", None)
    return {"error": {**told, "type": type(error).__name__, "code": code, "param": param}}


def answer(error: llmaas.LLMaaSError) -> JSONResponse:
    """Convert an error to a response."""
    wait = getattr(error, "retry_after", None)
    headers = {"retry-after": str(math.ceil(wait))} if wait else None
    return JSONResponse(body(error), status_and_code(error)[0], headers)


def install(app: FastAPI) -> None:
    """Register the error handlers."""
    app.add_exception_handler(llmaas.LLMaaSError, _core_error)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(ClientDisconnect, _nobody_there)


async def _core_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, llmaas.LLMaaSError)
    return answer(error)


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _plain("Refusal", error.status, error.code, str(error), error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(step) for step in first["loc"][1:])
    message = f"{place}: {first['msg']}"
    return _plain("InvalidRequest", 400, "invalid_request", message, {}, place)


async def _of_the_framework(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # unknown path or method not allowed
    code = str(error.detail).lower().replace(" ", "_")
    return _plain("Refusal", error.status_code, code, str(error.detail), error.headers or {})


async def _nobody_there(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # for the metrics only: the client has disconnected


def _plain(
    kind: str,
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str],
    param: str | None = None,
) -> JSONResponse:
    error = {"message": message, "hint": None, "type": kind, "code": code, "param": param}
    return JSONResponse({"error": error}, status, {**headers})

"""Errors that inherit from Pydantic AI's classes and from those of ``llmaas``.

The classes are built on first use, because ``llmaas.errors`` imports ``openai``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_ai import exceptions as theirs

from llmaas.adapters import bridge_errors

if TYPE_CHECKING:
    from llmaas.adapters import ErrorTable

_UNAVAILABLE = 503


def _table() -> ErrorTable:
    from llmaas import errors as core

    return {
        core.LLMaaSError: theirs.ModelAPIError,
        core.ConfigurationError: theirs.UserError,
        core.StructuredOutputError: theirs.UnexpectedModelBehavior,
        core.InvalidResponseError: theirs.UnexpectedModelBehavior,
        core.BudgetExceededError: theirs.ModelQuotaExceededError,
        core.QuotaExceededError: theirs.ModelRateLimitError,
        core.APIConnectionError: theirs.ModelConnectionError,
        core.APITimeoutError: theirs.ModelTimeoutError,
        core.StreamTimeoutError: theirs.ModelTimeoutError,
        core.APIStatusError: _http(theirs.ModelRequestRejectedError),
        core.ContextOverflowError: _http(theirs.ModelContextWindowExceededError),
        core.AuthenticationError: _http(theirs.ModelAuthenticationError),
        core.PermissionDeniedError: _http(theirs.ModelAuthenticationError),
        core.PromptBlockedError: _http(theirs.ModelRequestRejectedError),
        core.NotFoundError: _http(theirs.ModelNotFoundError),
        core.RateLimitError: _http(theirs.ModelRateLimitError),
        core.InternalServerError: _server_error,
    }


def _http(category: type[theirs.ModelAPIError]) -> tuple[type[Exception], ...]:
    return (category, theirs.ModelHTTPError)


def _server_error(error: Any) -> tuple[type[Exception], ...]:
    if getattr(error, "status_code", None) == _UNAVAILABLE:
        return _http(theirs.ModelUnavailableError)
    return _http(theirs.ModelServerError)


def _set_attributes(joined: Any, error: Any, *, model_name: str) -> None:
    """Set the attributes of Pydantic AI's constructors. Those of ``llmaas`` take precedence."""
    message = str(error)
    own = _build(joined, error, model_name, message)
    vars(joined).update({**vars(own), "message": message, **vars(error)}, model_name=model_name)


def _build(joined: Any, error: Any, model_name: str, message: str) -> Exception:
    if isinstance(joined, theirs.UnexpectedModelBehavior):
        return theirs.UnexpectedModelBehavior(message)
    if isinstance(joined, theirs.UserError):
        return theirs.UserError(message)
    from llmaas.errors import StreamError, StreamInterrupted

    facts: dict[str, Any] = {
        "body": getattr(error, "body", None),
        "retry_after": getattr(error, "retry_after", None),
        "provider_error_code": _text(getattr(error, "code", None)),
        "provider_error_type": _text(getattr(error, "type", None)),
        "in_stream": isinstance(error, StreamInterrupted | StreamError),
    }
    if isinstance(joined, theirs.ModelHTTPError):
        return theirs.ModelHTTPError(error.status_code, model_name, **facts)
    kind = theirs.ModelAPIError
    if isinstance(joined, theirs.ModelConnectionError):
        kind = theirs.ModelConnectionError
    return kind(model_name, message, **facts)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


translate_errors = bridge_errors(_table, module=__name__, keep_original=True, fill=_set_attributes)
__getattr__ = translate_errors.find_class

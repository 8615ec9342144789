"""The core's errors as Pydantic AI's: each raised error belongs to both hierarchies.

Imported only after a failure: the core's errors import ``openai``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic_ai import exceptions as theirs

from llmaas import errors as ours

_STATUS: list[tuple[type[ours.APIError], Any]] = [
    (ours.ContextOverflowError, theirs.ModelContextWindowExceededError),
    (ours.AuthenticationError, theirs.ModelAuthenticationError),
    (ours.PromptBlockedError, theirs.ModelRequestRejectedError),
    (ours.PermissionDeniedError, theirs.ModelAuthenticationError),
    (ours.NotFoundError, theirs.ModelNotFoundError),
    (ours.RateLimitError, theirs.ModelRateLimitError),
    (ours.InternalServerError, theirs.ModelServerError),
    (ours.APIStatusError, theirs.ModelRequestRejectedError),
]
"""Categories of errors with an HTTP status, by the first class that fits."""
_OTHERS: list[tuple[type[ours.LLMaaSError], Any]] = [
    (ours.APITimeoutError, theirs.ModelTimeoutError),
    (ours.APIConnectionError, theirs.ModelConnectionError),
    (ours.BudgetExceededError, theirs.ModelQuotaExceededError),
    (ours.QuotaExceededError, theirs.ModelRateLimitError),
    (ours.LLMaaSError, theirs.ModelAPIError),
]
_UNAVAILABLE = 503


def translate(error: Exception, model_name: str) -> Exception:
    """Return an error of the core as one of Pydantic AI too; others as they are."""
    if not isinstance(error, ours.LLMaaSError) or isinstance(error, _BOTH):
        return error
    other = _build(error, model_name)
    kinds: Any = type(other), type(error)
    both: Exception = ours.retyped(error, _join(*kinds))
    kept = dict(vars(error))
    vars(both).update({**vars(other), **kept, "model_name": model_name, "message": str(error)})
    both.args = (str(error),)
    return both


_BOTH = (theirs.AgentRunError, theirs.UserError)


def _build(error: ours.LLMaaSError, model_name: str) -> Exception:
    message = str(error)
    if isinstance(error, ours.ConfigurationError):
        return theirs.UserError(message)
    if isinstance(error, ours.StructuredOutputError | ours.InvalidResponseError):
        return theirs.UnexpectedModelBehavior(message)
    facts = _facts(error)
    if isinstance(error, ours.APIStatusError):
        status = error.status_code
        category = next(theirs for kind, theirs in _STATUS if isinstance(error, kind))
        if status == _UNAVAILABLE:
            category = theirs.ModelUnavailableError
        return theirs.ModelHTTPError.for_category(
            category, status_code=status, model_name=model_name, **facts
        )
    kind = next(theirs for kind, theirs in _OTHERS if isinstance(error, kind))
    in_stream = isinstance(error, ours.StreamInterrupted | ours.StreamError)
    built: Exception = kind(model_name, message, in_stream=in_stream, **facts)
    return built


def _facts(error: ours.LLMaaSError) -> dict[str, Any]:
    return {
        "body": getattr(error, "body", None),
        "retry_after": getattr(error, "retry_after", None),
        "provider_error_code": _text(getattr(error, "code", None)),
        "provider_error_type": _text(getattr(error, "type", None)),
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


@cache
def _join(other: Any, own: Any) -> Any:
    """Return the class that belongs to both hierarchies; it goes by the core's name."""
    members = {"__module__": own.__module__, "__doc__": own.__doc__, "__reduce__": _reduce}
    members["__str__"] = lambda error: error.message
    return type(own.__name__, (other, own), {**members, "origin": own})


def _reduce(error: Any) -> tuple[Any, ...]:
    """Pickle as the core's error, which is translated again where it is loaded."""
    return (translate, (error.__cause__, error.model_name))

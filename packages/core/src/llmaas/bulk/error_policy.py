"""Policy that maps an error to the reaction of a bulk run."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus

from llmaas import errors


class Action(Enum):
    """Reaction of a run to the outcome of a request."""

    THROTTLE = "throttle"
    """Slow down and send the item again; it does not count as a retry."""
    RETRY = "retry"
    """Send the item again, up to ``retries`` times."""
    RECORD = "record"
    """Write the result or the error as the item's."""
    ABORT = "abort"
    """Stop the run: every other item would fail the same way."""


_FATAL = (
    errors.AuthenticationError,
    errors.BudgetExceededError,
    errors.MissingAPIKeyError,
    errors.ModelNotFoundError,
    errors.PermissionDeniedError,
)
_TRANSIENT = (
    errors.APIConnectionError,
    errors.InternalServerError,
    errors.InvalidResponseError,
    errors.LedgerError,
)
_REFUSED_LOCALLY = (
    errors.BudgetExceededError,
    errors.ConfigurationError,
    errors.LedgerError,
    errors.QuotaExceededError,
)
_UNSUPPORTED = (HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
_TRANSIENT_STATUSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT)


def classify_error(error: Exception) -> Action:
    """Choose the reaction to an error."""
    status = getattr(error, "status_code", None)
    if isinstance(error, errors.RateLimitError) or _is_waiting_for_capacity(error):
        return Action.THROTTLE
    if isinstance(error, errors.PromptBlockedError):
        return Action.RECORD
    if isinstance(error, _FATAL):
        return Action.ABORT
    is_transient = isinstance(error, _TRANSIENT) or status in _TRANSIENT_STATUSES
    return Action.RETRY if is_transient and status not in _UNSUPPORTED else Action.RECORD


def is_refused_locally(error: Exception) -> bool:
    """Whether the call was refused before it was sent, so that it cannot have been billed."""
    return isinstance(error, _REFUSED_LOCALLY) and not isinstance(
        error, errors.StructuredOutputError
    )


def _is_waiting_for_capacity(error: Exception) -> bool:
    """Whether a quota frees up with time, or a budget once other calls are settled."""
    limits = errors.QuotaExceededError | errors.BudgetExceededError
    return isinstance(error, limits) and error.retry_after is not None

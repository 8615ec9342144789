"""What an error means for a run: wait, try again, keep it for this item, or stop everything."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus

from llmaas import errors


class Action(Enum):
    """What to do after an error."""

    SLOWER = "slower"
    AGAIN = "again"
    KEPT = "kept"
    STOP = "stop"


_STOPS = (
    errors.AuthenticationError,
    errors.BudgetExceededError,
    errors.MissingAPIKeyError,
    errors.ModelNotFoundError,
    errors.PermissionDeniedError,
)
_PASSES = (
    errors.APIConnectionError,
    errors.InternalServerError,
    errors.InvalidResponseError,
    errors.LedgerError,
)
_NOTHING_SENT = (
    errors.BudgetExceededError,
    errors.ConfigurationError,
    errors.LedgerError,
    errors.QuotaExceededError,
)
_NOT_HERE = (HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT)


def classify_error(error: Exception) -> Action:
    """Tell what an error means for the run."""
    status = getattr(error, "status_code", None)
    if isinstance(error, errors.RateLimitError) or _waits(error):
        return Action.SLOWER
    if isinstance(error, errors.PromptBlockedError):
        return Action.KEPT
    if isinstance(error, _STOPS):
        return Action.STOP
    if status not in _NOT_HERE and (isinstance(error, _PASSES) or status in _BUSY):
        return Action.AGAIN
    return Action.KEPT


def sent_nothing(error: Exception) -> bool:
    """Whether the call was refused on this side, and cannot have been billed."""
    return isinstance(error, _NOTHING_SENT) and not isinstance(error, errors.StructuredOutputError)


def _waits(error: Exception) -> bool:
    """Whether room comes by itself: in a quota with time, in a budget when other calls end."""
    limits = errors.QuotaExceededError | errors.BudgetExceededError
    return isinstance(error, limits) and error.retry_after is not None

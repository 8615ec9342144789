"""Every error of this package: each is one of Semantic Kernel's *and* one of ``llmaas.errors``.

::

    ServiceInitializationError
    └── LLMaaSInitializationError          ConfigurationError   bad address, no model, ...
        └── LLMaaSMissingKeyError          MissingAPIKeyError
    ServiceResponseException
    ├── LLMaaSResponseError                APIError
    │   ├── LLMaaSRateLimitError           RateLimitError       429; .retry_after in seconds
    │   ├── LLMaaSServerError              InternalServerError  5xx
    │   ├── LLMaaSConnectionError          APIConnectionError
    │   │   └── LLMaaSTimeoutError         APITimeoutError
    │   ├── LLMaaSStreamInterrupted        StreamInterrupted    .completion is what came
    │   ├── LLMaaSStreamError              StreamError          .completion is what came
    │   └── LLMaaSLedgerError              LedgerError          of a quota or budget
    ├── ServiceInvalidAuthError, too
    │   └── LLMaaSAuthenticationError      AuthenticationError  401
    ├── ServiceContentFilterException
    │   └── LLMaaSForbiddenError           PermissionDeniedError  403
    │       └── LLMaaSPromptBlockedError   PromptBlockedError
    ├── ServiceInvalidRequestError
    │   ├── LLMaaSInvalidInputError        InvalidInputError    nothing was sent
    │   ├── LLMaaSBudgetExceededError      BudgetExceededError  nothing was sent
    │   ├── LLMaaSQuotaExceededError       QuotaExceededError   nothing was sent
    │   └── LLMaaSRequestError             APIStatusError       400, 404, 409, 413, 422
    │       ├── LLMaaSContextOverflowError ContextOverflowError
    │       └── LLMaaSModelNotFoundError   ModelNotFoundError
    └── ServiceInvalidResponseError
        ├── LLMaaSInvalidResponseError     InvalidResponseError
        └── LLMaaSStructuredOutputError    StructuredOutputError  .text is the raw answer

They carry what the core's carry (``status_code``, ``hint``, ``request_id``, ...), and the core's
own error as ``__cause__``. Where the kernel wraps one in ``KernelInvokeException``, it is in the
chain of ``__cause__``: ``llmaas_error(exception)`` finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from semantic_kernel.exceptions import (
    ServiceContentFilterException,
    ServiceInitializationError,
    ServiceInvalidAuthError,
    ServiceInvalidRequestError,
    ServiceInvalidResponseError,
    ServiceResponseException,
)

from llmaas import errors as core
from llmaas.errors import LLMaaSError


class LLMaaSInitializationError(ServiceInitializationError, core.ConfigurationError):
    """A service that can never work: address, model or options are wrong or missing."""


class LLMaaSMissingKeyError(LLMaaSInitializationError, core.MissingAPIKeyError):
    """No key was given, and neither environment nor ``.env`` holds one."""


class LLMaaSInvalidInputError(ServiceInvalidRequestError, core.InvalidInputError):
    """An argument that the service cannot take; nothing was sent."""


class LLMaaSBudgetExceededError(ServiceInvalidRequestError, core.BudgetExceededError):
    """The call could cost more than the budget has left; nothing was sent."""


class LLMaaSQuotaExceededError(ServiceInvalidRequestError, core.QuotaExceededError):
    """The quota has no room for the call; nothing was sent. ``retry_after`` in seconds."""


class LLMaaSLedgerError(ServiceResponseException, core.LedgerError):
    """The ledger of a quota or budget (a file, Redis) failed; nothing was sent."""


class LLMaaSResponseError(ServiceResponseException, core.APIError):
    """Something that the service, or the way to it, did."""


class LLMaaSStatusError(LLMaaSResponseError, core.APIStatusError):
    """An answer with an error status of no class of its own."""


class LLMaaSRequestError(ServiceInvalidRequestError, LLMaaSStatusError):
    """400, 404, 409, 413 or 422: the service does not take the request."""


class LLMaaSBadRequestError(LLMaaSRequestError, core.BadRequestError):
    """400."""


class LLMaaSContextOverflowError(LLMaaSBadRequestError, core.ContextOverflowError):
    """400: prompt and ``max_tokens`` exceed the model's context."""


class LLMaaSNotFoundError(LLMaaSRequestError, core.NotFoundError):
    """404."""


class LLMaaSModelNotFoundError(LLMaaSNotFoundError, core.ModelNotFoundError):
    """The model does not exist (any more), or the key may not see it."""


class LLMaaSConflictError(LLMaaSRequestError, core.ConflictError):
    """409."""


class LLMaaSPayloadTooLargeError(LLMaaSRequestError, core.PayloadTooLargeError):
    """413: usually too many or too large images."""


class LLMaaSUnprocessableError(LLMaaSRequestError, core.UnprocessableEntityError):
    """422."""


class LLMaaSAuthenticationError(
    ServiceInvalidAuthError, LLMaaSStatusError, core.AuthenticationError
):
    """401: the key is missing, wrong or revoked."""


class LLMaaSForbiddenError(
    ServiceContentFilterException, LLMaaSStatusError, core.PermissionDeniedError
):
    """403: the key may not do this, or the prompt was refused."""


class LLMaaSPromptBlockedError(LLMaaSForbiddenError, core.PromptBlockedError):
    """403: the prompt was refused by a security check."""


class LLMaaSRateLimitError(LLMaaSStatusError, core.RateLimitError):
    """429; ``retry_after`` in seconds where the service said."""


class LLMaaSServerError(LLMaaSStatusError, core.InternalServerError):
    """5xx: the service failed."""


class LLMaaSConnectionError(LLMaaSResponseError, core.APIConnectionError):
    """The service could not be reached, or the connection broke."""


class LLMaaSTimeoutError(LLMaaSConnectionError, core.APITimeoutError):
    """No byte came within the timeout."""


class LLMaaSDeadlineExceededError(LLMaaSTimeoutError, core.DeadlineExceededError):
    """The call did not end within ``deadline`` seconds, retries included."""


class LLMaaSStreamInterrupted(LLMaaSConnectionError, core.StreamInterrupted):  # noqa: N818
    """The stream ended before its answer did; ``completion`` is what came until then."""


class LLMaaSStreamTimeoutError(
    LLMaaSStreamInterrupted, LLMaaSTimeoutError, core.StreamTimeoutError
):
    """No byte came within the timeout in mid-stream."""


class LLMaaSStreamError(LLMaaSResponseError, core.StreamError):
    """The service reported an error in mid-stream; ``completion`` is what came until then."""


class LLMaaSInvalidResponseError(
    ServiceInvalidResponseError, LLMaaSResponseError, core.InvalidResponseError
):
    """The service said 200, but what it sent is no answer."""


class LLMaaSStructuredOutputError(ServiceInvalidResponseError, core.StructuredOutputError):
    """The answer does not fit ``response_format``, also after one correction."""


_KINDS: dict[type[LLMaaSError], type[LLMaaSError]] = {
    core.ConfigurationError: LLMaaSInitializationError,
    core.MissingAPIKeyError: LLMaaSMissingKeyError,
    core.InvalidInputError: LLMaaSInvalidInputError,
    core.BudgetExceededError: LLMaaSBudgetExceededError,
    core.QuotaExceededError: LLMaaSQuotaExceededError,
    core.LedgerError: LLMaaSLedgerError,
    core.APIError: LLMaaSResponseError,
    core.APIStatusError: LLMaaSStatusError,
    core.BadRequestError: LLMaaSBadRequestError,
    core.ContextOverflowError: LLMaaSContextOverflowError,
    core.AuthenticationError: LLMaaSAuthenticationError,
    core.PermissionDeniedError: LLMaaSForbiddenError,
    core.PromptBlockedError: LLMaaSPromptBlockedError,
    core.NotFoundError: LLMaaSNotFoundError,
    core.ModelNotFoundError: LLMaaSModelNotFoundError,
    core.ConflictError: LLMaaSConflictError,
    core.PayloadTooLargeError: LLMaaSPayloadTooLargeError,
    core.UnprocessableEntityError: LLMaaSUnprocessableError,
    core.RateLimitError: LLMaaSRateLimitError,
    core.InternalServerError: LLMaaSServerError,
    core.APIConnectionError: LLMaaSConnectionError,
    core.APITimeoutError: LLMaaSTimeoutError,
    core.DeadlineExceededError: LLMaaSDeadlineExceededError,
    core.StreamInterrupted: LLMaaSStreamInterrupted,
    core.StreamTimeoutError: LLMaaSStreamTimeoutError,
    core.StreamError: LLMaaSStreamError,
    core.InvalidResponseError: LLMaaSInvalidResponseError,
    core.StructuredOutputError: LLMaaSStructuredOutputError,
}


def in_family(error: LLMaaSError) -> LLMaaSError:
    """Return the core's error as one that Semantic Kernel knows, too."""
    kinds = (_KINDS.get(base) for base in type(error).__mro__)
    kind = next((kind for kind in kinds if kind is not None), None)
    return error if kind is None else core.retyped(error, kind)


@contextmanager
def own_errors() -> Iterator[None]:
    """Raise the core's errors as this package's, each with the core's own as its cause."""
    try:
        yield
    except LLMaaSError as error:
        own = in_family(error)
        if own is error:  # of no kind that Semantic Kernel has, such as a guard's
            raise
        raise own from error


def llmaas_error(exception: BaseException | None) -> LLMaaSError | None:
    """Return the error of this package in a chain of causes, or None: what went wrong at last."""
    while exception is not None:
        if isinstance(exception, LLMaaSError):
            return exception
        exception = exception.__cause__ or exception.__context__
    return None

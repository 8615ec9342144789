"""Errors in both exception hierarchies: Semantic Kernel's and the core's.

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
    │   ├── LLMaaSStreamInterrupted        StreamInterrupted    .completion: partial response
    │   ├── LLMaaSStreamError              StreamError          .completion: partial response
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
    │   ├── LLMaaSBadRequestError          BadRequestError      400; 404, 409, 413, 422 alike
    │   │   └── LLMaaSContextOverflowError ContextOverflowError
    │   └── LLMaaSNotFoundError            NotFoundError
    │       └── LLMaaSModelNotFoundError   ModelNotFoundError
    └── ServiceInvalidResponseError
        ├── LLMaaSInvalidResponseError     InvalidResponseError
        └── LLMaaSStructuredOutputError    StructuredOutputError  .text is the raw answer

They have the attributes of the core's error (``status_code``, ``hint``, ``request_id``, ...),
which is their ``__cause__``. ``llmaas_error(exception)`` finds one in the chain of causes of a
``KernelInvokeException``.
"""

from __future__ import annotations

from semantic_kernel import exceptions as sk

from llmaas import errors as core
from llmaas.adapters import bridge_errors

translate_errors = bridge_errors(
    {
        core.ConfigurationError: sk.ServiceInitializationError,
        core.InvalidInputError: sk.ServiceInvalidRequestError,
        core.BudgetExceededError: sk.ServiceInvalidRequestError,
        core.QuotaExceededError: sk.ServiceInvalidRequestError,
        core.LedgerError: sk.ServiceResponseException,
        core.APIError: sk.ServiceResponseException,
        core.BadRequestError: sk.ServiceInvalidRequestError,
        core.NotFoundError: sk.ServiceInvalidRequestError,
        core.ConflictError: sk.ServiceInvalidRequestError,
        core.PayloadTooLargeError: sk.ServiceInvalidRequestError,
        core.UnprocessableEntityError: sk.ServiceInvalidRequestError,
        core.AuthenticationError: (sk.ServiceInvalidAuthError, sk.ServiceResponseException),
        core.PermissionDeniedError: sk.ServiceContentFilterException,
        core.InvalidResponseError: sk.ServiceInvalidResponseError,
        core.StructuredOutputError: sk.ServiceInvalidResponseError,
    },
    module=__name__,
    prefix="LLMaaS",
    names={
        "ConfigurationError": "LLMaaSInitializationError",
        "MissingAPIKeyError": "LLMaaSMissingKeyError",
        "APIError": "LLMaaSResponseError",
        "APIStatusError": "LLMaaSStatusError",
        "PermissionDeniedError": "LLMaaSForbiddenError",
        "UnprocessableEntityError": "LLMaaSUnprocessableError",
        "InternalServerError": "LLMaaSServerError",
        "APIConnectionError": "LLMaaSConnectionError",
        "APITimeoutError": "LLMaaSTimeoutError",
    },
    keep_original=True,
)
__getattr__ = translate_errors.find_class


def llmaas_error(exception: BaseException | None) -> core.LLMaaSError | None:
    """Find an error of this package in a chain of causes; None if there is none."""
    while exception is not None:
        if isinstance(exception, core.LLMaaSError):
            return exception
        exception = exception.__cause__ or exception.__context__
    return None

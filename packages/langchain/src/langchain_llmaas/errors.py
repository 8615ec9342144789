"""Errors that are both families at once: LangChain's ``ModelError`` and the core's.

``except ModelRateLimitError``, ``except llmaas.RateLimitError`` and ``except
openai.RateLimitError`` all catch the same exception, which says what to do (``hint``), which
request it was (``request_id``) and, to LangChain's middleware, whether to try again
(``is_retryable``). Imported only once something has failed: the core's errors bring ``openai``.
"""

from __future__ import annotations

from langchain_core import exceptions as lc

from llmaas import errors as core


class MissingAPIKeyError(core.MissingAPIKeyError, lc.ModelAuthenticationError):
    """No key was given and the environment holds none."""


class InvalidInputError(core.InvalidInputError, lc.ModelInvalidRequestError):
    """An argument of a call is none that the service takes; nothing was sent."""


class APIError(core.APIError, lc.ModelError):
    """An error that the service told of one conversation of a lot."""


class APIStatusError(core.APIStatusError, lc.ModelError):
    """An answer with an error status that has no class of its own."""


class BadRequestError(core.BadRequestError, lc.ModelInvalidRequestError):
    """400: the service does not take the request."""


class ContextOverflowError(core.ContextOverflowError, lc.ContextOverflowError):
    """400: prompt and ``max_tokens`` together exceed the model's context."""


class AuthenticationError(core.AuthenticationError, lc.ModelAuthenticationError):
    """401: the key is missing, wrong or revoked."""


class PermissionDeniedError(core.PermissionDeniedError, lc.ModelPermissionDeniedError):
    """403: the key may not do this."""


class PromptBlockedError(core.PromptBlockedError, PermissionDeniedError):
    """403: the prompt was refused by a security check."""


class NotFoundError(core.NotFoundError, lc.ModelNotFoundError):
    """404: no such thing."""


class ModelNotFoundError(core.ModelNotFoundError, NotFoundError):
    """The model does not exist (any more), or the key may not see it."""


class ConflictError(core.ConflictError, lc.ModelAPIError):
    """409: the request meets another one."""


class PayloadTooLargeError(core.PayloadTooLargeError, lc.ModelInvalidRequestError):
    """413: the request is too large, usually for its images."""


class UnprocessableEntityError(core.UnprocessableEntityError, lc.ModelInvalidRequestError):
    """422: the request is well formed, but its content cannot be used."""


class RateLimitError(core.RateLimitError, lc.ModelRateLimitError):
    """429: the tier's limit is reached; ``retry_after`` in seconds where the service said."""


class InternalServerError(core.InternalServerError, lc.ModelAPIError):
    """5xx: the service failed."""


class APIConnectionError(core.APIConnectionError, lc.ModelConnectionError):
    """The service could not be reached, or the connection broke."""


class APITimeoutError(core.APITimeoutError, lc.ModelTimeoutError):
    """No byte came within the timeout."""


class DeadlineExceededError(core.DeadlineExceededError, APITimeoutError):
    """The call did not end within ``deadline`` seconds, retries included."""


class StreamInterrupted(core.StreamInterrupted, lc.ModelConnectionError):
    """The stream ended before its answer did; ``completion`` is what came until then."""


class StreamTimeoutError(core.StreamTimeoutError, lc.ModelTimeoutError):
    """No byte came within the timeout in mid-stream."""


class StreamError(core.StreamError, lc.ModelAPIError):
    """The service reported an error in mid-stream; ``completion`` is what came until then."""


class InvalidResponseError(core.InvalidResponseError, lc.ModelAPIError):
    """The service said 200, but what it sent is no answer."""


_COMBINED = {
    kind.__mro__[1]: kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, core.LLMaaSError)
}


def combined(error: Exception) -> Exception:
    """Return the error as the class that is both families, or as it is if there is none."""
    kind = _COMBINED.get(type(error))
    if kind is None or not isinstance(error, core.LLMaaSError):
        return error
    return core.retyped(error, kind).with_traceback(error.__traceback__)

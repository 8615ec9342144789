"""Every error of this package. Each also *is* the matching ``openai`` exception.

::

    LLMaaSError
    ├── ConfigurationError (ValueError)           invalid configuration; nothing was sent
    │   ├── MissingAPIKeyError
    │   └── InvalidInputError
    ├── BudgetExceededError                       not sent: the budget is exhausted
    ├── QuotaExceededError                        not sent: the quota is exhausted; .retry_after
    ├── LedgerError                               a quota's or budget's file or Redis failed
    ├── StructuredOutputError (ValueError)        the answer does not match the schema; .text
    └── APIError                                  openai.APIError
        ├── APIStatusError                        openai.APIStatusError
        │   ├── BadRequestError 400               openai.BadRequestError
        │   │   └── ContextOverflowError
        │   ├── AuthenticationError 401           openai.AuthenticationError
        │   ├── PermissionDeniedError 403         openai.PermissionDeniedError
        │   │   └── PromptBlockedError
        │   ├── NotFoundError 404                 openai.NotFoundError
        │   │   └── ModelNotFoundError            (400 on some paths of the service)
        │   ├── ConflictError 409                 openai.ConflictError
        │   ├── PayloadTooLargeError 413
        │   ├── UnprocessableEntityError 422      openai.UnprocessableEntityError
        │   ├── RateLimitError 429                openai.RateLimitError
        │   └── InternalServerError 5xx           openai.InternalServerError
        ├── APIConnectionError                    openai.APIConnectionError
        │   ├── APITimeoutError                   openai.APITimeoutError
        │   │   └── DeadlineExceededError
        │   └── StreamInterrupted                 the stream ended early; .completion
        │       └── StreamTimeoutError            (an APITimeoutError too) it stalled
        ├── StreamError                           an error event in mid-stream; .completion
        └── InvalidResponseError                  openai.APIResponseValidationError

All of ``APIError`` carry ``status_code``, ``code``, ``type``, ``param``, ``request_id``,
``retry_after`` (seconds), ``resends``, ``backend``, ``body`` and ``hint`` (how to fix it); all
can be pickled. No message, body or request contains the API key.

Importing this module imports ``openai``; the rest of the package does so only after a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar, Unpack

import openai

from llmaas._error_facts import ErrorFacts
from llmaas._errors_base import BudgetExceededError as BudgetExceededError
from llmaas._errors_base import ConfigurationError as ConfigurationError
from llmaas._errors_base import InvalidInputError as InvalidInputError
from llmaas._errors_base import LedgerError as LedgerError
from llmaas._errors_base import LLMaaSError as LLMaaSError
from llmaas._errors_base import MissingAPIKeyError as MissingAPIKeyError
from llmaas._errors_base import QuotaExceededError as QuotaExceededError
from llmaas._errors_base import StructuredOutputError as StructuredOutputError
from llmaas._http_library import http

if TYPE_CHECKING:
    from llmaas.types import Backend, Completion


def as_sentence(text: str) -> str:
    """End a message with a full stop, so that a hint may follow."""
    return text if text.endswith((".", "!", "?", "…")) or not text else f"{text}."


class APIError(LLMaaSError, openai.APIError):
    """An error of the service or of the connection to it."""

    request_id: str | None = None
    retry_after: float | None = None
    resends: int = 0
    """Requests that were sent again after a failure."""
    backend: Backend | None = None
    completion: Completion | None = None
    default_hint: ClassVar[str | None] = None

    @classmethod
    def build(cls, message: str, **facts: Unpack[ErrorFacts]) -> Self:
        """Build an error from facts. Those that are not given are None, or the defaults."""
        error = cls.__new__(cls)
        Exception.__init__(error, message)
        error.message = message
        error._set_facts(facts)
        return error

    def _set_facts(self, facts: ErrorFacts) -> None:
        self._facts = facts
        self.request = http().Request(facts.get("method", "POST"), facts.get("url") or "http://-")
        self.body = facts.get("body")
        self.code = facts.get("code")
        self.type = facts.get("type")
        self.param = facts.get("param")
        self.request_id = facts.get("request_id")
        self.retry_after = facts.get("retry_after")
        self.resends = facts.get("resends", 0)
        self.backend = facts.get("backend")
        self.completion = facts.get("completion")
        if facts.get("reached") is False:
            vars(self)["reached"] = False
        self.hint = facts.get("hint") or self.default_hint
        vars(self)["status_code"] = facts.get("status_code")

    def __str__(self) -> str:
        parts = [self.message]
        if self.hint:
            parts = [as_sentence(self.message), self.hint]
        if self.request_id:
            parts.append(f"[request id {self.request_id}]")
        return " ".join(parts)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt_api_error, (type(self), self.message, self._facts))


class APIStatusError(APIError, openai.APIStatusError):
    """A response with an error status."""

    def _set_facts(self, facts: ErrorFacts) -> None:
        super()._set_facts(facts)
        self.response = http().Response(
            self.status_code,
            headers=_plain_headers(facts.get("headers") or {}),
            content=facts.get("content", b""),
            request=self.request,
        )


class BadRequestError(APIStatusError, openai.BadRequestError):
    """400: the service rejects the request."""

    default_hint = "Fix or remove the parameter named in the message."


class ContextOverflowError(BadRequestError):
    """400: prompt and ``max_tokens`` together exceed the model's context.

    ``window`` and ``prompt_tokens`` are parsed from the message of the engine, None if it does not
    contain them.
    """

    window: int | None = None
    prompt_tokens: int | None = None
    default_hint = "Shorten the conversation, lower max_tokens, or use a model with more context."

    def _set_facts(self, facts: ErrorFacts) -> None:
        super()._set_facts(facts)
        self.window = facts.get("window")
        self.prompt_tokens = facts.get("prompt_tokens")


class AuthenticationError(APIStatusError, openai.AuthenticationError):
    """401: the key is missing, wrong or revoked."""

    default_hint = "Check LLMAAS_API_KEY: keys are created and revoked in the Console."


class PermissionDeniedError(APIStatusError, openai.PermissionDeniedError):
    """403: the key may not do this."""

    default_hint = "The key may lack permission for this model, or own another batch."


class PromptBlockedError(PermissionDeniedError):
    """403: a security check blocked the prompt."""

    default_hint = "Rephrase the prompt. Review it before you send it to another service."


class NotFoundError(APIStatusError, openai.NotFoundError):
    """404: the path or object does not exist."""

    default_hint = "Check base_url and the requested name."


class ModelNotFoundError(NotFoundError):
    """The model does not exist (any more), or the key has no access to it."""

    default_hint = "`llmaas models --live` lists the models that the key may use."


class ConflictError(APIStatusError, openai.ConflictError):
    """409: the request conflicts with another one."""

    default_hint = "Retry once the other request has ended."


class PayloadTooLargeError(APIStatusError):
    """413: the request is too large, usually for its images."""

    default_hint = "Send fewer or smaller images (2048 pixels at most are advised for OCR)."


class UnprocessableEntityError(APIStatusError, openai.UnprocessableEntityError):
    """422: the request is well formed, but its content cannot be used."""

    default_hint = "Check the content of the request: the format of a file, the length of a text."


class RateLimitError(APIStatusError, openai.RateLimitError):
    """429: the rate limit of the tier is reached; ``retry_after`` in seconds if sent."""

    default_hint = (
        "Wait and retry (the service recommends 60 s), send fewer requests, or upgrade the tier."
    )


class InternalServerError(APIStatusError, openai.InternalServerError):
    """5xx: the service failed."""

    default_hint = "Retry later. Status page: https://llmaas.status.cloud-temple.app"


class APIConnectionError(APIError, openai.APIConnectionError):
    """The service could not be reached, or the connection broke."""

    reached: bool = True
    """False if no attempt connected, so that nothing was sent."""
    default_hint = "`llmaas doctor` (package llmaas-cli) checks DNS, routing, TLS and the key."


class APITimeoutError(APIConnectionError, openai.APITimeoutError):
    """No byte was received within the timeout."""

    default_hint = "Reasoning models are slow: raise timeout, or use stream()."


class DeadlineExceededError(APITimeoutError):
    """The call did not end within ``deadline`` seconds, retries included."""

    default_hint = "Raise deadline, or lower max_tokens."


class StreamInterrupted(APIConnectionError):  # noqa: N818 - named after the event
    """The stream ended before the answer was complete; ``completion`` is the partial answer."""

    default_hint = "The answer is incomplete. `.completion` is the partial answer."


class StreamTimeoutError(StreamInterrupted, APITimeoutError):
    """No byte was received within the timeout or deadline in mid-stream."""


class StreamError(APIError):
    """The service reported an error in mid-stream; ``completion`` is the partial answer."""


class InvalidResponseError(APIError, openai.APIResponseValidationError):
    """The service returned 200 with an invalid body."""

    status_code: int
    default_hint = "A proxy or a captive portal may have answered. Check base_url and proxy."

    def _set_facts(self, facts: ErrorFacts) -> None:
        super()._set_facts(facts)
        self.status_code = facts.get("status_code") or 200
        self.response = http().Response(
            self.status_code,
            headers=_plain_headers(facts.get("headers") or {}),
            content=facts.get("content", b""),
            request=self.request,
        )


AnyError = TypeVar("AnyError", bound=LLMaaSError)


def convert(error: LLMaaSError, kind: type[AnyError]) -> AnyError:
    """Convert an error to a class that also belongs to a framework's exception hierarchy."""
    other = kind.__new__(kind)
    Exception.__init__(other, *error.args)
    vars(other).update(vars(error))
    return other


def _plain_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Drop headers that describe the encoded body: the body here is already decoded."""
    dropped = ("content-encoding", "content-length", "transfer-encoding", "set-cookie")
    return {name: value for name, value in headers.items() if name.lower() not in dropped}


def _rebuilt_api_error(kind: type[APIError], message: str, facts: ErrorFacts) -> APIError:
    return kind.build(message, **facts)

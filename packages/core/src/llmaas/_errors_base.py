"""Errors that need no response, and therefore no openai SDK. Import them from ``llmaas``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas.types import Attempt, Completion


class LLMaaSError(Exception):
    """Base class of all errors of this package."""

    hint: str | None = None
    partial: Any = None
    """The embeddings or rankings received before the error; they are billed."""
    attempts: tuple[Attempt, ...] = ()
    """All requests of the call, this one last, where there were several (see ``fallbacks``)."""


def attach(error: BaseException, **facts: object) -> None:
    """Attach the billed part of a call to an error, also to Ctrl-C and errors of callbacks.

    Hooks count it, and callers read it: ``error.partial`` and ``error.completion``.
    """
    vars(error).update(facts)


class ConfigurationError(LLMaaSError, ValueError):
    """Invalid configuration or arguments; nothing was sent."""


class MissingAPIKeyError(ConfigurationError):
    """No key was given and the environment holds none."""

    hint = "Set LLMAAS_API_KEY or pass api_key=..."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or f"No API key. {self.hint}")


class InvalidInputError(ConfigurationError):
    """An argument of a call is invalid; nothing was sent."""


class BudgetExceededError(LLMaaSError):
    """The call could cost more than the budget has left; nothing was sent.

    ``retry_after`` (seconds) is set if running calls hold the missing amount as reservations: the
    call may succeed once they have ended.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (str(self), self.retry_after))


class QuotaExceededError(LLMaaSError):
    """The call would exceed the quota; nothing was sent. ``retry_after`` in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (str(self), self.retry_after))


class LedgerError(LLMaaSError):
    """The ledger of a quota or budget (a file, Redis) failed; nothing was sent."""


class StructuredOutputError(LLMaaSError, ValueError):
    """The answer is not JSON or does not match the schema, also after one correction."""

    hint = "Use a larger model, a simpler schema or a higher max_tokens. `.text` is the raw answer."

    def __init__(self, message: str, *, text: str = "", completion: Completion | None = None):
        super().__init__(message)
        self.text = text
        self.completion = completion

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt, (type(self), str(self), dict(self.__dict__)))


def _rebuilt(kind: type[LLMaaSError], message: str, state: dict[str, object]) -> LLMaaSError:
    error = kind(message)
    error.__dict__.update(state)
    return error


for _kind in (
    LLMaaSError,
    ConfigurationError,
    MissingAPIKeyError,
    InvalidInputError,
    BudgetExceededError,
    QuotaExceededError,
    LedgerError,
    StructuredOutputError,
):
    _kind.__module__ = "llmaas.errors"  # the public module, shown in tracebacks and pickles

"""The core's errors as the framework's: each raised error belongs to both families.

Imported only once something has failed: the core's errors bring ``openai`` with them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from agent_framework import exceptions as framework

from llmaas import errors

_FAMILIES: list[tuple[type[errors.LLMaaSError], tuple[type[Exception], ...]]] = [
    (
        errors.MissingAPIKeyError,
        (framework.ChatClientInvalidAuthException, framework.SettingNotFoundError),
    ),
    (errors.ConfigurationError, (framework.ChatClientInvalidRequestException,)),
    (errors.PromptBlockedError, (framework.ChatClientContentFilterException,)),
    (errors.AuthenticationError, (framework.ChatClientInvalidAuthException,)),
    (  # a 403 that does not say why: the filter of prompts and the key's rights both answer so
        errors.PermissionDeniedError,
        (framework.ChatClientContentFilterException, framework.ChatClientInvalidAuthException),
    ),
    (errors.BadRequestError, (framework.ChatClientInvalidRequestException,)),
    (errors.NotFoundError, (framework.ChatClientInvalidRequestException,)),
    (errors.PayloadTooLargeError, (framework.ChatClientInvalidRequestException,)),
    (errors.UnprocessableEntityError, (framework.ChatClientInvalidRequestException,)),
    (errors.InvalidResponseError, (framework.ChatClientInvalidResponseException,)),
    (errors.StructuredOutputError, (framework.ChatClientInvalidResponseException,)),
    (errors.LLMaaSError, (framework.ChatClientException,)),
]
"""By the first class that fits; 429, 5xx, connections and broken streams have no narrower one."""


def framework_error(error: Exception) -> Exception:
    """Return an error of the core as one that is the framework's too; others as they are."""
    if not isinstance(error, errors.LLMaaSError) or hasattr(error, "origin"):
        return error
    ours: Any = type(error)
    both: Exception = errors.retyped(error, _both_kinds(ours))
    both.__cause__ = error.__cause__
    return both


@cache
def _both_kinds(ours: Any) -> Any:
    """Return the class that joins one of ours with the framework's; it goes by our name."""
    theirs = next(families for kind, families in _FAMILIES if issubclass(ours, kind))
    members = {"__module__": ours.__module__, "__doc__": ours.__doc__, "__reduce__": _reduce}
    return type(ours.__name__, (*theirs, ours), {**members, "origin": ours})


def _reduce(error: Any) -> tuple[Any, ...]:
    """Pickle as the plain error of the core, which is joined again where it is loaded."""
    return (framework_error, (errors.retyped(error, error.origin),))

"""Refusals that concern one text of several: recognize them, and name the text."""

from __future__ import annotations

from collections.abc import Collection

_ABOUT_INPUT = frozenset({400, 413, 422})
"""Statuses that may concern one text, or how many there are, not the caller or the service."""
_ABOUT_CALLER = frozenset({401, 402, 403, 404})
"""Statuses that every further request would meet, too."""


def may_concern_a_text(error: Exception, parameters: Collection[str]) -> bool:
    """Tell whether fewer texts may be accepted where these were refused.

    A refusal that names one of the other ``parameters`` of the request concerns all texts.
    """
    if getattr(error, "status_code", None) is None:
        return False
    from llmaas.errors import ContextOverflowError, ModelNotFoundError

    if isinstance(error, ContextOverflowError):  # a 500 in llama.cpp
        return True
    if isinstance(error, ModelNotFoundError) or str(getattr(error, "param", None)) in parameters:
        return False
    return error.status_code in _ABOUT_INPUT  # type: ignore[attr-defined]


def concerns_every_request(error: Exception) -> bool:
    """Tell whether an error (a wrong key, an unknown model) awaits all other texts as well."""
    if getattr(error, "status_code", None) is None:
        return False
    from llmaas.errors import ModelNotFoundError, PromptBlockedError

    if isinstance(error, PromptBlockedError):
        return False
    return isinstance(error, ModelNotFoundError) or error.status_code in _ABOUT_CALLER  # type: ignore[attr-defined]


def name_text(error: Exception, kind: str, position: int, total: int) -> None:
    """Begin an error's message with the text's position in the caller's list, from 0."""
    message = getattr(error, "message", None)
    if total > 1 and isinstance(message, str):
        error.message = f"{kind} {position} of {total}: {message}"  # type: ignore[attr-defined]
        error.args = (error.message,)  # type: ignore[attr-defined]

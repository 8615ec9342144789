"""Model calls in AutoGen's event log, in AutoGen's own form.

The framework's events hold whole messages: nothing is built unless somebody has set the event
logger to INFO.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from autogen_core import EVENT_LOGGER_NAME
from autogen_core.logging import LLMCallEvent, LLMStreamEndEvent, LLMStreamStartEvent
from autogen_core.models import CreateResult

_logger = logging.getLogger(EVENT_LOGGER_NAME)


def called(messages: Sequence[Any], tools: Sequence[Any], result: CreateResult) -> None:
    """Log a call and its answer."""
    if _logger.isEnabledFor(logging.INFO):
        _logger.info(
            LLMCallEvent(messages=list(messages), tools=list(tools), **_answer(result)),
        )


def started(messages: Sequence[Any]) -> None:
    """Log that a stream was asked for."""
    if _logger.isEnabledFor(logging.INFO):
        _logger.info(LLMStreamStartEvent(messages=list(messages)))


def ended(result: CreateResult) -> None:
    """Log the answer that a stream made."""
    if _logger.isEnabledFor(logging.INFO):
        _logger.info(LLMStreamEndEvent(**_answer(result)))


def _answer(result: CreateResult) -> dict[str, Any]:
    return {
        "response": result.model_dump(),
        "prompt_tokens": result.usage.prompt_tokens,
        "completion_tokens": result.usage.completion_tokens,
    }

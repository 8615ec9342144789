"""Model calls as events of AutoGen's event log.

Events hold whole messages, so none is built unless the event logger is enabled for INFO.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from autogen_core import EVENT_LOGGER_NAME
from autogen_core.logging import LLMCallEvent, LLMStreamEndEvent, LLMStreamStartEvent
from autogen_core.models import CreateResult

_logger = logging.getLogger(EVENT_LOGGER_NAME)


def log_call(messages: Sequence[Any], tools: Sequence[Any], result: CreateResult) -> None:
    """Log a call and its result."""
    if _logger.isEnabledFor(logging.INFO):
        _logger.info(
            LLMCallEvent(messages=list(messages), tools=list(tools), **_event_fields(result)),
        )


def log_stream_start(messages: Sequence[Any]) -> None:
    """Log the start of a stream."""
    if _logger.isEnabledFor(logging.INFO):
        _logger.info(LLMStreamStartEvent(messages=list(messages)))


def log_stream_end(result: CreateResult) -> None:
    """Log the result of a stream."""
    if _logger.isEnabledFor(logging.INFO):
        _logger.info(LLMStreamEndEvent(**_event_fields(result)))


def _event_fields(result: CreateResult) -> dict[str, Any]:
    return {
        "response": result.model_dump(),
        "prompt_tokens": result.usage.prompt_tokens,
        "completion_tokens": result.usage.completion_tokens,
    }

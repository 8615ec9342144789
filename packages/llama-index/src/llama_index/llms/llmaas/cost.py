"""Cost events for LlamaIndex's instrumentation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent
from llama_index_instrumentation.event_handlers import NullEventHandler

if TYPE_CHECKING:
    from llmaas import Usage


dispatcher = get_dispatcher(__name__)


class CostEvent(BaseEvent):
    """Cost of one chat, embedding or rerank call in millionths of a euro.

    A failed call emits the cost of the part that was billed, if it is known.
    """

    operation: str
    """``chat``, ``embeddings`` or ``rerank``."""
    model: str
    cost_micro_eur: int
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialized events."""
        return "LLMaaSCostEvent"


def emit_cost(operation: str, model: str, micro_eur: int | None, usage: Usage | None) -> None:
    """Emit a ``CostEvent`` if the cost is known and a handler receives it."""
    if micro_eur is None or not _has_handler():
        return
    counts: dict[str, Any] = {}
    if usage is not None:
        counts["prompt_tokens"] = usage.prompt_tokens
        counts["completion_tokens"] = usage.completion_tokens
    event = CostEvent(operation=operation, model=model, cost_micro_eur=micro_eur, **counts)
    dispatcher.event(event)


def _has_handler() -> bool:
    """Whether a handler would use an event. To build one costs as much as to read an answer."""
    receiver: Any = dispatcher
    while receiver:
        if any(type(handler) is not NullEventHandler for handler in receiver.event_handlers):
            return True
        receiver = receiver.parent if receiver.propagate else None
    return False


@contextmanager
def partial_cost(operation: str) -> Iterator[None]:
    """Emit the billed part of a failed call, which the error holds."""
    try:
        yield
    except BaseException as error:
        billed = getattr(error, "completion", None) or getattr(error, "partial", None)
        if billed is not None:
            emit_cost(operation, billed.model, billed.cost_micro_eur, billed.usage)
        raise

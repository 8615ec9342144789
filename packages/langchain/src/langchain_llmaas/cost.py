"""Cost tracking in euros for chats, embeddings, rankings, transcriptions and batches."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import LLMResult
from langchain_core.tracers.context import register_configure_hook

from langchain_llmaas.content_blocks import PROVIDER
from llmaas import Completion
from llmaas.adapters import follow_context
from llmaas.energy import energy_kwh

_MAX_REMEMBERED_CALLS = 10_000
"""Maximum call ids that a handler remembers. Bounds its memory."""


@dataclass(slots=True)
class ModelUsage:
    """Usage of one model. Costs in micro-euros; reasoning tokens as far as they are reported."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_micro_eur: int = 0


class CostCallbackHandler(BaseCallbackHandler):
    """Sums the cost of calls by model. A cached answer costs nothing."""

    run_inline = True

    def __init__(self, outer: CostCallbackHandler | None = None) -> None:
        self.by_model: dict[str, ModelUsage] = {}
        self._outer = outer
        self._counted: dict[Hashable, None] = {}
        self._lock = threading.Lock()

    @property
    def cost_micro_eur(self) -> int:
        """The total cost in micro-euros."""
        return sum(usage.cost_micro_eur for usage in self.by_model.values())

    @property
    def cost_eur(self) -> float:
        """The total cost in EUR, at the current tariff."""
        return self.cost_micro_eur / 1_000_000

    @property
    def calls(self) -> int:
        """The number of calls."""
        return sum(usage.calls for usage in self.by_model.values())

    @property
    def energy_kwh_estimate(self) -> float:
        """Estimated energy of generation in kWh, from the catalog's averages."""
        estimates = (energy_kwh(name, usage.output_tokens) for name, usage in self.by_model.items())
        return sum(estimate or 0.0 for estimate in estimates)

    def add(
        self, model: str, cost_micro_eur: int, *, call_id: Hashable = None, **tokens: int
    ) -> None:
        """Count one call. ``tokens`` are fields of ``ModelUsage``.

        A call reported again under the same ``call_id`` is not counted again.
        """
        with self._lock:
            if self._is_new(call_id):
                usage = self.by_model.setdefault(model, ModelUsage())
                usage.calls += 1
                usage.cost_micro_eur += cost_micro_eur
                for name, count in tokens.items():
                    setattr(usage, name, getattr(usage, name) + count)
        if self._outer is not None:
            self._outer.add(model, cost_micro_eur, call_id=call_id, **tokens)

    def _is_new(self, call_id: Hashable) -> bool:
        if call_id is None:
            return True
        if call_id in self._counted:
            return False
        self._counted[call_id] = None
        if len(self._counted) > _MAX_REMEMBERED_CALLS:
            del self._counted[next(iter(self._counted))]
        return True

    def on_llm_new_token(
        self, token: Any, *, chunk: Any = None, run_id: UUID | None = None, **_: Any
    ) -> None:
        """Count the last chunk of a stream.

        An asynchronous version 3 event stream that is only iterated may never reach
        ``on_llm_end``: the event loop may be closed before its background task reports it.
        """
        message = getattr(chunk, "message", None)
        if getattr(message, "usage_metadata", None) is not None:
            self._record_message(message, run_id)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID | None = None, **_: Any) -> None:
        """Count answers of this package. Cached answers and those of other packages are ignored.

        Nested handlers are all notified of the same run, whose id prevents double counting.
        """
        for generations in response.generations:
            for generation in generations:
                self._record_message(getattr(generation, "message", None), run_id)

    def _record_message(self, message: Any, run_id: UUID | None) -> None:
        if not isinstance(message, AIMessage) or message.usage_metadata is None:
            return
        usage = message.usage_metadata
        metadata = message.response_metadata
        own = metadata if metadata.get("model_provider") == PROVIDER else {}
        # Version 3 stream events drop the cost from the usage.
        cost = cast(Any, usage).get("cost_micro_eur", own.get("cost_micro_eur"))
        # LangChain sets a total_cost of 0 on cached answers.
        if cost is None or usage.get("total_cost") == 0:
            return
        self.add(
            metadata.get("model_name", ""),
            cost,
            call_id=run_id,
            input_tokens=usage["input_tokens"],
            output_tokens=usage["output_tokens"],
            reasoning_tokens=usage.get("output_token_details", {}).get("reasoning", 0),
        )

    def on_llm_error(self, error: BaseException, *, run_id: UUID | None = None, **_: Any) -> None:
        """Count a partial answer, if the error carries its usage."""
        partial = getattr(error, "completion", None)
        if isinstance(partial, Completion) and partial.usage is not None:
            self.add(
                partial.model,
                partial.cost_micro_eur or 0,
                call_id=run_id,
                input_tokens=partial.usage.prompt_tokens,
                output_tokens=partial.usage.completion_tokens,
                reasoning_tokens=partial.usage.reasoning_tokens or 0,
            )

    def __repr__(self) -> str:
        return f"CostCallbackHandler({self.cost_eur:.6f} EUR, {self.calls} calls)"


_current: ContextVar[CostCallbackHandler | None] = ContextVar("llmaas_cost", default=None)
register_configure_hook(_current, inheritable=True)


@contextmanager
def get_cost_callback() -> Iterator[CostCallbackHandler]:
    """Track the cost of all calls within the ``with`` block. Blocks may be nested.

    Chats are counted through LangChain's callbacks; embeddings, rankings, transcriptions and
    batches of this package report their cost themselves. Tasks and threads started by the block,
    and work it submits to a ``ThreadPoolExecutor``, are included.
    """
    follow_context(_current)
    handler = CostCallbackHandler(_current.get())
    token = _current.set(handler)
    try:
        yield handler
    finally:
        _current.reset(token)


@contextmanager
def record_partial_cost() -> Iterator[None]:
    """Report the billed part of a failed call, which the error carries."""
    try:
        yield
    except BaseException as error:
        partial = getattr(error, "partial", None)
        if partial is not None:
            tokens = partial.usage.prompt_tokens if partial.usage else 0
            record_cost(partial.model, partial.cost_micro_eur, input_tokens=tokens)
        raise


def record_cost(
    model: str, cost_micro_eur: int | None, *, call_id: Hashable = None, **tokens: int
) -> None:
    """Report a call other than a chat to the active handler, if any."""
    handler = _current.get()
    if handler is not None and cost_micro_eur is not None:
        handler.add(model, cost_micro_eur, call_id=call_id, **tokens)

"""Budget: a limit in EUR for the calls of a client or of a block."""

from __future__ import annotations

import time
from types import TracebackType
from typing import NoReturn, Self

from llmaas._errors_base import BudgetExceededError
from llmaas._fork import reset_after_fork
from llmaas.hooks import REGISTRY, CallInfo, CallResult
from llmaas.ops.effects import Operation, Run, Sleep
from llmaas.ops.worker_threads import load_errors_early
from llmaas.pricing import audio_cost_micro_eur, format_eur, rerank_cost_micro_eur, tariff
from llmaas.quota import reserving
from llmaas.quota.ledger import Denied, Ledger, Limit, MemoryLedger, Reservation
from llmaas.types import Batch

_SHORTEST_DELAY, _LONGEST_DELAY = 0.02, 0.5
"""Seconds between two attempts while reservations of running calls fill the budget."""


class Budget:
    """Spending limit that refuses a call *before* it is sent if it could exceed the amount left.

    Use it as a hook (``LLMaaS(hooks=...)``), or as a ``with`` block (``client.budget``) for all
    calls made in it, also in tasks and threads that it starts and in work that it submits to a
    ``ThreadPoolExecutor``. A call reserves its highest cost, that of twice its estimated input
    tokens and of ``max_tokens``, and settles on the actual cost. A call that may have been billed
    without an answer (cancelled, broken connection, no usage) keeps its reservation. Embeddings
    are reserved per request, transcriptions by the length of the audio. Speech and images have no
    published price: nothing is reserved for them.

    ``wait=True`` waits for reservations of running calls instead of refusing a call because of
    them. With a SQLite or Redis ledger, a budget survives restarts and is shared by processes;
    ``account`` names it (a project, a customer, an end user).
    """

    counts_parts = True

    def __init__(
        self,
        eur: float,
        *,
        ledger: Ledger | None = None,
        account: str = "default",
        wait: bool = False,
    ) -> None:
        self.limit = Limit(round(eur * 1_000_000))
        self.ledger: Ledger = MemoryLedger() if ledger is None else ledger
        self.account = f"cost:{account}"
        self._wait = wait
        self._open_parts: set[str] = set()
        """Reservations of running requests of embeddings, which other requests may wait for."""
        reset_after_fork(self)

    def renew(self) -> None:
        """Drop the requests of the parent in a forked child."""
        self._open_parts = set()

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_open_parts": set()}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        reset_after_fork(self)

    @property
    def spent(self) -> float:
        """EUR spent, including the reservations of running calls."""
        return self.ledger.used(self.account, self.limit) / 1_000_000

    @property
    def remaining(self) -> float:
        """EUR left."""
        return self.limit.amount / 1_000_000 - self.spent

    def before_call(self, call: CallInfo) -> Operation[Reservation | None]:
        """Reserve the highest cost of the call, or refuse it."""
        if call.operation == "embeddings" and not call.is_part:
            yield from self._check_total(call)
            return None
        reservation = yield from self._reserve(call, highest_cost_micro_eur(call))
        if call.is_part:
            self._open_parts.add(reservation.id)
        return reservation

    def after_call(self, ticket: Reservation | None, result: CallResult) -> Operation[None]:
        """Settle on the actual cost; a call with an unknown cost keeps its reservation."""
        if ticket is not None:
            cost = _actual_cost(ticket, result)
            try:
                yield from reserving.settle(self.ledger, ticket, cost, [self.limit])
            finally:
                self._open_parts.discard(ticket.id)

    def _check_total(self, call: CallInfo) -> Operation[None]:
        """Refuse a call at once if its first requests would certainly exhaust the budget."""
        estimate = call.input_tokens * tariff().prompt // 1_000
        reservation = yield from self._reserve(call, estimate)
        yield from reserving.settle(self.ledger, reservation, 0, [self.limit])

    def _reserve(self, call: CallInfo, highest: int) -> Operation[Reservation]:
        delay, limits = _SHORTEST_DELAY, [self.limit]
        while True:
            decision = yield from reserving.reserve(
                self.ledger, self.account, highest, limits, call.deadline
            )
            if isinstance(decision, Reservation):
                return decision
            # A part waits for other parts only: another reservation may wait for this call.
            may_wait = self._wait or (call.is_part and bool(self._open_parts))
            if not (may_wait and decision.in_flight):
                yield from self._refuse(highest, decision)
            yield Sleep(_limit_to_deadline(call, delay))
            delay = min(_LONGEST_DELAY, delay * 1.5)

    def _read_remaining(self) -> Operation[int]:
        def read() -> int:
            return self.limit.amount - self.ledger.used(self.account, self.limit)

        if reserving.is_local(self.ledger):
            return read()
        remaining: int = yield Run(read, undo=lambda _: None)
        return remaining

    def _refuse(self, highest: int, denied: Denied) -> Operation[NoReturn]:
        remaining = yield from self._read_remaining()
        raise BudgetExceededError(
            f"The call may cost {highest / 1e6:.6f} EUR, and {remaining / 1e6:.6f} EUR of the "
            f"budget of {format_eur(self.limit.amount)} are left. Nothing was sent.",
            _SHORTEST_DELAY if denied.in_flight else None,
        )

    def __enter__(self) -> Self:
        REGISTRY.enter_block(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        REGISTRY.exit_block(self)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, tb)


def highest_cost_micro_eur(call: CallInfo) -> int:
    """Compute the highest cost of a call, in millionths of a euro.

    Zero for speech and images, which have no published price.
    """
    prices = tariff()
    inputs = call.most_input_tokens
    if call.operation == "chat":
        output = call.max_tokens
        if call.attempts > 1:  # the request for a correction contains the first answer
            inputs = inputs * call.attempts + output
        return (inputs * prices.prompt + output * prices.completion) // 1_000 + 1
    if call.operation == "batch":
        prompt, completion = prices.batch_prompt or 0, prices.batch_completion or 0
        output = len(call.inputs) * call.max_tokens
        return (inputs * prompt + output * completion) // 1_000 + 1
    if call.operation == "embeddings":
        return inputs * prices.prompt // 1_000 + 1
    if call.operation == "rerank":
        return rerank_cost_micro_eur(len(call.inputs))
    return audio_cost_micro_eur(call.audio_seconds)


def _limit_to_deadline(call: CallInfo, seconds: float) -> float:
    """Shorten a delay to the deadline. Raises ``DeadlineExceededError`` if it has passed."""
    if call.deadline is None:
        return seconds
    load_errors_early()
    remaining = call.deadline - time.monotonic()
    if remaining > 0:
        return min(seconds, remaining)
    from llmaas.errors import DeadlineExceededError

    raise DeadlineExceededError.build(
        "The deadline passed while the call waited for the budget.", reached=False
    )


def _actual_cost(ticket: Reservation, result: CallResult) -> int:
    is_batch = isinstance(result.result, Batch)  # its cost is known when it is completed
    if result.cost_micro_eur is not None and not is_batch:
        return result.cost_micro_eur
    return 0 if _was_free(result) else ticket.amount


def _was_free(result: CallResult) -> bool:
    """Whether a failed call cannot have been billed: not sent, or refused by the service."""
    error = result.error
    if error is None or result.result is not None:
        return False
    from llmaas import errors

    if not result.sent or isinstance(error, errors.APIStatusError | errors.ConfigurationError):
        return True
    return isinstance(error, errors.APIConnectionError) and not error.reached

"""Spend no more than so many euros."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, NoReturn, Self

from llmaas._errors_base import BudgetExceededError
from llmaas._fork import reset_after_fork
from llmaas.hooks import REGISTRY, CallInfo, CallResult
from llmaas.ops.effects import Operation, Run, Sleep
from llmaas.pricing import format_eur, rerank_cost_micro_eur, tariff
from llmaas.quota import reserving
from llmaas.quota.ledger import Denied, Ledger, Limit, MemoryLedger, Reservation
from llmaas.types import Batch

_SHORTEST_NAP, _LONGEST_NAP = 0.02, 0.5
"""Seconds between two looks at whether running calls gave back what they did not use."""


class Budget:
    """Refuses a call *before* it is sent if its highest cost would exceed what is left.

    A hook for ``LLMaaS(hooks=...)``, or a ``with`` block (``client.budget``) for all
    calls made in it, also in tasks and threads that it starts and in work that it submits to a
    ``ThreadPoolExecutor``. Other processes need a shared ledger. The highest cost is that of the
    input (at twice its estimated tokens) and of ``max_tokens`` of output: it is reserved, and
    settled on the real cost. What may have been billed without an answer (a cancelled call, a
    broken connection, an answer without usage) keeps its reservation. Embeddings are reserved
    request by request.

    ``wait=True`` waits for reservations of running calls instead of refusing a call for them.
    With a SQLite or Redis ledger, a budget survives restarts and is shared; ``account`` names
    it (a project, a customer, an end user).
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
        self._waits = wait
        self._parts: set[str] = set()
        """Reservations of requests under way that end by themselves, so that others may wait."""
        reset_after_fork(self)

    def renew(self) -> None:
        """Forget, in a forked child, the requests of the parent."""
        self._parts = set()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_parts": set()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        reset_after_fork(self)

    @property
    def spent(self) -> float:
        """EUR spent, and reserved by calls that are still running."""
        return self.ledger.used(self.account, self.limit) / 1_000_000

    @property
    def remaining(self) -> float:
        """EUR left."""
        return self.limit.amount / 1_000_000 - self.spent

    def before_call(self, about: CallInfo) -> Operation[Reservation | None]:
        """Reserve the highest cost of the call, or refuse it."""
        if about.operation == "embeddings" and not about.is_part:
            yield from self._look_at_all(about)
            return None
        taken = yield from self._reserve(about, highest_cost_micro_eur(about))
        if about.is_part:
            self._parts.add(taken.id)
        return taken

    def after_call(self, ticket: Reservation | None, outcome: CallResult) -> Operation[None]:
        """Settle on the real cost; what is unknown keeps what was reserved."""
        if ticket is not None:
            cost = _real_cost(ticket, outcome)
            try:
                yield from reserving.settle(self.ledger, ticket, cost, [self.limit])
            finally:
                self._parts.discard(ticket.id)

    def _look_at_all(self, about: CallInfo) -> Operation[None]:
        """Refuse at once what would surely be refused after some of its requests."""
        estimate = about.input_tokens * tariff().prompt // 1_000
        taken = yield from self._reserve(about, estimate)
        yield from reserving.settle(self.ledger, taken, 0, [self.limit])

    def _reserve(self, about: CallInfo, highest: int) -> Operation[Reservation]:
        nap, limits = _SHORTEST_NAP, [self.limit]
        while True:
            taken = yield from reserving.reserve(
                self.ledger, self.account, highest, limits, about.deadline
            )
            if isinstance(taken, Reservation):
                return taken
            # A part waits for other parts only: what else is reserved may wait for this call.
            waits = self._waits or (about.is_part and bool(self._parts))
            if not (waits and taken.in_flight):
                yield from self._refuse(highest, taken)
            yield Sleep(_within(about, nap))
            nap = min(_LONGEST_NAP, nap * 1.5)

    def _left(self) -> Operation[int]:
        def left() -> int:
            return self.limit.amount - self.ledger.used(self.account, self.limit)

        if reserving.is_local(self.ledger):
            return left()
        remaining: int = yield Run(left, undo=lambda _: None)
        return remaining

    def _refuse(self, highest: int, refused: Denied) -> Operation[NoReturn]:
        remaining = yield from self._left()
        raise BudgetExceededError(
            f"The call may cost {highest / 1e6:.6f} EUR, and {remaining / 1e6:.6f} EUR of the "
            f"budget of {format_eur(self.limit.amount)} are left. Nothing was sent.",
            _SHORTEST_NAP if refused.in_flight else None,
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


def highest_cost_micro_eur(about: CallInfo) -> int:
    """Return the most that a call can cost, in millionths of a euro.

    Speech and images have no published price: they count as nothing. A recording's length is
    not known before: it counts when it has been written down.
    """
    prices = tariff()
    inputs = about.most_input_tokens
    if about.operation == "chat":
        output = about.max_tokens
        if about.attempts > 1:  # what is corrected is sent along
            inputs = inputs * about.attempts + output
        return (inputs * prices.prompt + output * prices.completion) // 1_000 + 1
    if about.operation == "batch":
        prompt, completion = prices.batch_prompt or 0, prices.batch_completion or 0
        lots = len(about.inputs) * about.max_tokens
        return (inputs * prompt + lots * completion) // 1_000 + 1
    if about.operation == "embeddings":
        return inputs * prices.prompt // 1_000 + 1
    if about.operation == "rerank":
        return rerank_cost_micro_eur(len(about.inputs))
    return 0


def _within(about: CallInfo, seconds: float) -> float:
    """Return a time to wait, or raise when the deadline of the call has passed."""
    if about.deadline is None:
        return seconds
    left = about.deadline - time.monotonic()
    if left > 0:
        return min(seconds, left)
    from llmaas.errors import DeadlineExceededError

    raise DeadlineExceededError.build(
        "The deadline passed while the call waited for the budget.", reached=False
    )


def _real_cost(ticket: Reservation, outcome: CallResult) -> int:
    is_lot = isinstance(outcome.result, Batch)  # what it really costs is known a night later
    if outcome.cost_micro_eur is not None and not is_lot:
        return outcome.cost_micro_eur
    return 0 if _was_free(outcome) else ticket.amount


def _was_free(outcome: CallResult) -> bool:
    """Whether a call that failed cannot have been billed: not sent, or refused by the service."""
    error = outcome.error
    if error is None or outcome.result is not None:
        return False
    from llmaas import errors

    if not outcome.sent or isinstance(error, errors.APIStatusError | errors.ConfigurationError):
        return True
    return isinstance(error, errors.APIConnectionError) and not error.reached

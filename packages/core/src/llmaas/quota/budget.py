"""Spend no more than so many euros."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from llmaas.ops.effects import Operation, Run
from llmaas.ops.watch import ACTIVE, About, Outcome
from llmaas.pricing import rerank_cost_micro_eur, tariff
from llmaas.quota.ledger import Ledger, Limit, MemoryLedger, Taken
from llmaas.types import Batch

_CAUTION = 2
"""Inputs are reserved at twice their estimate (four characters a token), then settled."""


class Budget:
    """Refuses a call *before* it is sent if its highest cost would exceed what is left.

    A watcher for ``LLMaaS(watchers=...)``, or a ``with`` block (``client.budget``) for all
    calls made in it, by threads or tasks started there. The highest cost is that of the input
    and of ``max_tokens`` of output. With a SQLite or Redis ledger, a budget survives restarts
    and is shared; ``account`` names it (a project, a customer, an end user).
    """

    def __init__(
        self, eur: float, *, ledger: Ledger | None = None, account: str = "default"
    ) -> None:
        self.limit = Limit(round(eur * 1_000_000))
        self.ledger: Ledger = MemoryLedger() if ledger is None else ledger
        self.account = f"cost:{account}"

    @property
    def spent(self) -> float:
        """EUR spent, and reserved by calls that are still running."""
        return self.ledger.used(self.account, self.limit) / 1_000_000

    @property
    def remaining(self) -> float:
        """EUR left."""
        return self.limit.amount / 1_000_000 - self.spent

    def begin(self, about: About) -> Operation[Taken | None]:
        """Reserve the highest cost of the call, or refuse it."""
        highest = highest_cost_micro_eur(about)
        taken = yield Run(lambda: self.ledger.take(self.account, highest, [self.limit]))
        if isinstance(taken, Taken):
            return taken
        from llmaas.errors import BudgetExceededError

        remaining = yield Run(lambda: self.remaining)
        raise BudgetExceededError(
            f"The call may cost {highest / 1e6:.6f} EUR, and {remaining:.6f} EUR of the "
            f"budget of {self.limit.amount / 1e6:.2f} EUR are left. Nothing was sent."
        )

    def end(self, ticket: Taken | None, outcome: Outcome) -> Operation[None]:
        """Settle on the real cost; an answer without usage keeps what was reserved."""
        if ticket is None:
            return
        cost = _real_cost(ticket, outcome)
        yield Run(lambda: self.ledger.settle(ticket, cost, [self.limit]))

    def __enter__(self) -> Self:
        ACTIVE.set((*ACTIVE.get(), self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        watchers = list(ACTIVE.get())  # of this task: others may be in blocks of their own
        if self in watchers:
            del watchers[len(watchers) - 1 - watchers[::-1].index(self)]
        ACTIVE.set(tuple(watchers))

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, tb)


def highest_cost_micro_eur(about: About) -> int:
    """Return the most that a call can cost, in millionths of a euro.

    Speech and images have no published price: they count as nothing. A recording's length is
    not known before: it counts when it has been written down.
    """
    prices = tariff()
    inputs = _CAUTION * (about.input_tokens + about.tool_tokens)
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


def _real_cost(ticket: Taken, outcome: Outcome) -> int:
    is_lot = isinstance(outcome.result, Batch)  # what it really costs is known a night later
    if outcome.cost_micro_eur is not None and not is_lot:
        return outcome.cost_micro_eur
    sent_nothing = outcome.error is not None and outcome.result is None
    return 0 if sent_nothing else ticket.amount

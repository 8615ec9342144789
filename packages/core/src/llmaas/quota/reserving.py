"""Ledger calls of operations: directly if the ledger is local, else in a thread."""

from __future__ import annotations

import time
from collections.abc import Sequence

from llmaas.ops.effects import Operation, Run
from llmaas.quota.late_settlements import LATE_SETTLEMENTS
from llmaas.quota.ledger import Denied, Ledger, Limit, Reservation

_SETTLE_TIMEOUT = 1.0
"""Seconds that an answer waits for its settlement, which then continues in the background."""


def reserve(
    ledger: Ledger, account: str, amount: int, limits: Sequence[Limit], deadline: float | None
) -> Operation[Reservation | Denied]:
    """Reserve an amount. A call that is cancelled or exceeds its deadline reserves nothing."""
    if is_local(ledger):
        return ledger.reserve(account, amount, limits)

    def work() -> Reservation | Denied:
        LATE_SETTLEMENTS.apply(ledger)
        return ledger.reserve(account, amount, limits)

    def undo(result: object) -> None:
        if isinstance(result, Reservation):
            LATE_SETTLEMENTS.settle(ledger, result, 0, limits)

    decision: Reservation | Denied = yield Run(work, deadline=deadline, undo=undo)
    return decision


def settle(
    ledger: Ledger, reservation: Reservation, used: int, limits: Sequence[Limit]
) -> Operation[None]:
    """Settle a reservation; a settlement that fails is applied later."""
    if is_local(ledger):
        ledger.settle(reservation, used, limits)
        return
    yield Run(
        lambda: LATE_SETTLEMENTS.settle(ledger, reservation, used, limits),
        deadline=time.monotonic() + _SETTLE_TIMEOUT,
        may_outlive=True,
    )


def is_local(ledger: Ledger) -> bool:
    """Whether a ledger never blocks. Not inherited: methods of a subclass may block."""
    return bool(vars(type(ledger)).get("is_local", False))

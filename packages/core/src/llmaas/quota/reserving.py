"""Asking a ledger from an operation: at once when it is local, else in a thread, within bounds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from llmaas.ops.effects import Operation, Run
from llmaas.quota.late_settlements import LATE
from llmaas.quota.ledger import Denied, Ledger, Limit, Reservation

_SETTLING = 1.0
"""Seconds that an answer waits for its settlement; after that it goes on in the background."""


def reserve(
    ledger: Ledger, account: str, amount: int, limits: Sequence[Limit], deadline: float | None
) -> Operation[Reservation | Denied]:
    """Reserve an amount. Whoever is cancelled, or late, meanwhile leaves nothing reserved."""
    if is_local(ledger):
        return ledger.reserve(account, amount, limits)

    def work() -> Reservation | Denied:
        LATE.apply(ledger)
        return ledger.reserve(account, amount, limits)

    def undo(result: Any) -> None:
        if isinstance(result, Reservation):
            LATE.settle(ledger, result, 0, limits)

    result: Reservation | Denied = yield Run(work, deadline=deadline, undo=undo)
    return result


def settle(
    ledger: Ledger, taken: Reservation, used: int, limits: Sequence[Limit]
) -> Operation[None]:
    """Settle a reservation; what fails is kept and applied later."""
    if is_local(ledger):
        ledger.settle(taken, used, limits)
        return
    yield Run(
        lambda: LATE.settle(ledger, taken, used, limits),
        deadline=time.monotonic() + _SETTLING,
        may_outlive=True,
    )


def is_local(ledger: Any) -> bool:
    """Whether a ledger never blocks. A subclass says so itself: its methods may do more."""
    return bool(vars(type(ledger)).get("is_local", False))

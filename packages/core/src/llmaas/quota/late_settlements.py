"""Queue of failed settlements, applied when the ledger can be reached again."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from llmaas._fork import reset_after_fork
from llmaas.quota.ledger import Ledger, Limit, Reservation

_logger = logging.getLogger("llmaas")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two attempts, doubling."""
_MAX_ATTEMPTS = 1_000
_MAX_ZERO_SETTLEMENTS = 1_000
"""Queued settlements of zero, from calls that were refused while a ledger was unavailable."""


@dataclass(slots=True)
class Settlement:
    """Settlement that the ledger has not accepted yet."""

    reservation: Reservation
    used: int
    limits: tuple[Limit, ...]
    attempts: int = 1


@dataclass(slots=True)
class _Queue:
    """Settlements of one ledger."""

    ledger: Ledger
    settlements: deque[Settlement] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=lambda: threading.Lock())
    """Held while they are applied, so that reservations see all earlier settlements."""
    failures: int = 0


class LateSettlements:
    """Failed settlements of this process.

    They are applied before the next reservation, by a background thread, and at the end of the
    process. If one is never applied, its reservation stays until it times out.
    """

    def __init__(self) -> None:
        self._reset()
        reset_after_fork(self)
        atexit.register(self.apply_all)

    def renew(self) -> None:
        """Drop the settlements in a forked child: the parent applies them."""
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[int, _Queue] = {}
        self._thread: threading.Thread | None = None

    def settle(
        self, ledger: Ledger, reservation: Reservation, used: int, limits: Sequence[Limit]
    ) -> None:
        """Settle now, or queue the settlement if the ledger raises."""
        try:
            ledger.settle(reservation, used, limits)
        except Exception as error:
            self.enqueue(ledger, reservation, used, limits)
            _logger.warning(
                "%s: a settlement of %s failed and will be applied later: %s",
                type(ledger).__name__,
                reservation.account,
                error,
            )

    def enqueue(
        self, ledger: Ledger, reservation: Reservation, used: int, limits: Sequence[Limit]
    ) -> None:
        """Queue a settlement."""
        with self._lock:
            queue = self._queues.setdefault(id(ledger), _Queue(ledger))
            if used or len(queue.settlements) < _MAX_ZERO_SETTLEMENTS:
                queue.settlements.append(Settlement(reservation, used, tuple(limits)))
            if self._thread is not None:
                return
            thread = threading.Thread(
                target=self._apply_in_background, name="llmaas-ledger", daemon=True
            )
            self._thread = thread
        try:
            thread.start()  # without the lock: with threads patched by gevent, this may switch
        except RuntimeError:  # the interpreter is shutting down: atexit applies the rest
            self._thread = None

    def apply(self, ledger: Ledger) -> bool:
        """Apply the settlements of a ledger; return whether none is left."""
        while (queue := self._queues.get(id(ledger))) is not None:
            failures = queue.failures
            with queue.lock:  # after a failure, threads that waited do not try again
                if queue.failures != failures or not self._apply_queue(queue):
                    return False
        return True

    def apply_all(self) -> bool:
        """Apply the settlements of all ledgers; return whether none is left."""
        with self._lock:
            ledgers = [queue.ledger for queue in self._queues.values()]
        waiting = [ledger for ledger in ledgers if not self.apply(ledger)]
        return not waiting

    def _apply_queue(self, queue: _Queue) -> bool:
        """Apply a queue up to the first settlement that fails; return whether none did."""
        while (settlement := self._next_settlement(queue)) is not None:
            try:
                queue.ledger.settle(settlement.reservation, settlement.used, settlement.limits)
            except Exception as error:
                self._record_failure(queue, settlement, error)
                return False
            with self._lock:
                queue.settlements.popleft()
        return True

    def _next_settlement(self, queue: _Queue) -> Settlement | None:
        """Return the next settlement; remove a queue that is empty."""
        with self._lock:
            if queue.settlements:
                return queue.settlements[0]
            if self._queues.get(id(queue.ledger)) is queue:
                del self._queues[id(queue.ledger)]
            return None

    def _record_failure(self, queue: _Queue, settlement: Settlement, error: Exception) -> None:
        queue.failures += 1
        settlement.attempts += 1
        if settlement.attempts <= _MAX_ATTEMPTS:
            return
        with self._lock:
            queue.settlements.popleft()
        _logger.error(
            "%s: a settlement of %s is dropped after %d attempts: %s",
            type(queue.ledger).__name__,
            settlement.reservation.account,
            _MAX_ATTEMPTS,
            error,
        )

    def _apply_in_background(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            time.sleep(pause)
            pause = _FIRST_PAUSE if self.apply_all() else min(_LONGEST_PAUSE, pause * 2)
            with self._lock:
                if not self._queues:
                    self._thread = None
                    return


LATE_SETTLEMENTS = LateSettlements()

"""Settlements that failed: kept, and applied once the ledger can be reached again."""

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
_MOST_ATTEMPTS = 1_000
_MOST_EMPTY = 1_000
"""Settlements of nothing that are kept, of calls that were refused while a ledger was away."""


@dataclass(slots=True)
class Settlement:
    """A settlement that could not be written down."""

    taken: Reservation
    used: int
    limits: tuple[Limit, ...]
    attempts: int = 1


@dataclass(slots=True)
class _Queue:
    """What waits for one ledger."""

    ledger: Ledger
    settlements: deque[Settlement] = field(default_factory=deque)
    turn: threading.Lock = field(default_factory=lambda: threading.Lock())
    """Held while they are applied: nobody asks a ledger while a settlement is on its way."""
    failures: int = 0


class LateSettlements:
    """The settlements of this process that wait for their ledgers.

    They are applied before the ledger is next asked, by a thread in the background, and at the
    end of the process. One that is never applied leaves its reservation in force until its end.
    """

    def __init__(self) -> None:
        self._renewed()
        reset_after_fork(self)
        atexit.register(self.apply_all)

    def renew(self) -> None:
        """Forget, in a forked child, what the parent will apply."""
        self._renewed()

    def _renewed(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, _Queue] = {}
        self._thread: threading.Thread | None = None

    def settle(
        self, ledger: Ledger, taken: Reservation, used: int, limits: Sequence[Limit]
    ) -> None:
        """Settle now, or keep the settlement for later; never raises what a ledger raises."""
        try:
            ledger.settle(taken, used, limits)
        except Exception as error:
            self.keep(ledger, taken, used, limits)
            _logger.warning(
                "%s: a settlement of %s failed and will be applied later: %s",
                type(ledger).__name__,
                taken.account,
                error,
            )

    def keep(self, ledger: Ledger, taken: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Keep a settlement for later."""
        with self._lock:
            queue = self._kept.setdefault(id(ledger), _Queue(ledger))
            if used or len(queue.settlements) < _MOST_EMPTY:
                queue.settlements.append(Settlement(taken, used, tuple(limits)))
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._work, name="llmaas-ledger", daemon=True)
            self._thread = thread
        try:
            thread.start()  # without the lock: where gevent has patched threads, this may switch
        except RuntimeError:  # the interpreter is ending: atexit has the last word
            self._thread = None

    def apply(self, ledger: Ledger) -> bool:
        """Apply what waits for a ledger; tell whether nothing waits any more."""
        while (queue := self._kept.get(id(ledger))) is not None:
            failures = queue.failures
            with queue.turn:  # who waited for one that failed does not wait for another
                if queue.failures != failures or not self._apply_queue(queue):
                    return False
        return True

    def apply_all(self) -> bool:
        """Apply what waits, for all ledgers."""
        with self._lock:
            ledgers = [queue.ledger for queue in self._kept.values()]
        waiting = [ledger for ledger in ledgers if not self.apply(ledger)]
        return not waiting

    def _apply_queue(self, queue: _Queue) -> bool:
        """Apply a queue to its end, or to the first settlement that fails."""
        while (settlement := self._first(queue)) is not None:
            try:
                queue.ledger.settle(settlement.taken, settlement.used, settlement.limits)
            except Exception as error:
                self._note_failure(queue, settlement, error)
                return False
            with self._lock:
                queue.settlements.popleft()
        return True

    def _first(self, queue: _Queue) -> Settlement | None:
        """Return what is to be applied next; forget a queue that is empty."""
        with self._lock:
            if queue.settlements:
                return queue.settlements[0]
            if self._kept.get(id(queue.ledger)) is queue:
                del self._kept[id(queue.ledger)]
            return None

    def _note_failure(self, queue: _Queue, settlement: Settlement, error: Exception) -> None:
        queue.failures += 1
        settlement.attempts += 1
        if settlement.attempts <= _MOST_ATTEMPTS:
            return
        with self._lock:
            queue.settlements.popleft()
        _logger.error(
            "%s: a settlement of %s is given up after %d attempts: %s",
            type(queue.ledger).__name__,
            settlement.taken.account,
            _MOST_ATTEMPTS,
            error,
        )

    def _work(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            time.sleep(pause)
            pause = _FIRST_PAUSE if self.apply_all() else min(_LONGEST_PAUSE, pause * 2)
            with self._lock:
                if not self._kept:
                    self._thread = None
                    return


LATE = LateSettlements()

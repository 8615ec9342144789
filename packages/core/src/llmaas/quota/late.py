"""Settlements that failed: kept, and applied once the ledger can be reached again."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from llmaas.forks import renew_in_child
from llmaas.quota.ledger import Ledger, Limit, Taken

_logger = logging.getLogger("llmaas")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two attempts, doubling."""
_MOST_ATTEMPTS = 1_000
_MOST_EMPTY = 1_000
"""Settlements of nothing that are kept, of calls that were refused while a ledger was away."""


@dataclass(slots=True)
class Settlement:
    """A settlement that could not be written down."""

    taken: Taken
    used: int
    limits: tuple[Limit, ...]
    attempts: int = 1


class LateSettlements:
    """The settlements of this process that wait for their ledgers.

    They are applied before the ledger is next asked, by a thread in the background, and at the
    end of the process. One that is never applied leaves its reservation in force until its end.
    """

    def __init__(self) -> None:
        self._renewed()
        renew_in_child(self)
        atexit.register(self.apply_all)

    def renew(self) -> None:
        """Forget, in a forked child, what the parent will apply."""
        self._renewed()

    def _renewed(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[Ledger, deque[Settlement]]] = {}
        self._thread: threading.Thread | None = None

    def settle(self, ledger: Ledger, taken: Taken, used: int, limits: Sequence[Limit]) -> None:
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

    def keep(self, ledger: Ledger, taken: Taken, used: int, limits: Sequence[Limit]) -> None:
        """Keep a settlement for later."""
        with self._lock:
            _, queue = self._kept.setdefault(id(ledger), (ledger, deque()))
            if used or len(queue) < _MOST_EMPTY:
                queue.append(Settlement(taken, used, tuple(limits)))
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
        if id(ledger) not in self._kept:
            return True
        while (settlement := self._next(ledger)) is not None:
            try:
                ledger.settle(settlement.taken, settlement.used, settlement.limits)
            except Exception as error:
                self._again(ledger, settlement, error)
                return False
        return True

    def apply_all(self) -> bool:
        """Apply what waits, for all ledgers."""
        with self._lock:
            ledgers = [ledger for ledger, _ in self._kept.values()]
        waiting = [ledger for ledger in ledgers if not self.apply(ledger)]
        return not waiting

    def _next(self, ledger: Ledger) -> Settlement | None:
        with self._lock:
            kept = self._kept.get(id(ledger))
            if kept is not None and kept[1]:
                return kept[1].popleft()
            self._kept.pop(id(ledger), None)
            return None

    def _again(self, ledger: Ledger, settlement: Settlement, error: Exception) -> None:
        settlement.attempts += 1
        if settlement.attempts > _MOST_ATTEMPTS:
            _logger.error(
                "%s: a settlement of %s is given up after %d attempts: %s",
                type(ledger).__name__,
                settlement.taken.account,
                _MOST_ATTEMPTS,
                error,
            )
            return
        with self._lock:
            _, queue = self._kept.setdefault(id(ledger), (ledger, deque()))
            queue.appendleft(settlement)

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

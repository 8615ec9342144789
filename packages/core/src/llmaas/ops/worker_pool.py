"""Pool of daemon threads for blocking functions: ledgers and files.

Separate from the default executor, so that an application's ``asyncio.to_thread`` never waits
behind a ledger; daemons, so that a blocked one does not delay the end of the process.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from llmaas._fork import reset_after_fork

_MAX_THREADS = 16
"""Concurrent threads."""
_IDLE_TIMEOUT = 10.0
"""Seconds after which an idle thread ends."""
_EXIT_TIMEOUT = 5.0
"""Seconds that process exit waits for abandoned work."""
_logger = logging.getLogger("llmaas")
Work: TypeAlias = Callable[[], None]


class WorkerPool:
    """Threads that are started on demand and end when idle."""

    def __init__(self) -> None:
        self.renew()
        reset_after_fork(self)
        atexit.register(self._finish)

    def renew(self) -> None:
        """Start without threads. Primitives are created at first use: gevent may patch them."""
        self._queue: queue.SimpleQueue[Work] | None = None
        self._threads = self._unfinished = 0

    def submit(self, work: Work) -> None:
        """Run a function in a thread."""
        if self._queue is None:
            self._lock, self._queue = threading.Lock(), queue.SimpleQueue()
        with self._lock:
            self._unfinished += 1
            needs_thread = self._threads < min(_MAX_THREADS, self._unfinished)
            self._threads += needs_thread
        self._queue.put(work)
        if needs_thread:
            self._start(self._queue)

    def _start(self, works: queue.SimpleQueue[Work]) -> None:
        thread = threading.Thread(
            target=self._run, args=(works,), name="llmaas-worker", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the interpreter is exiting: no thread can start any more
            with self._lock:
                self._threads -= 1
            with suppress(queue.Empty):
                self._do(works.get_nowait())

    def _run(self, works: queue.SimpleQueue[Work]) -> None:
        while True:
            try:
                self._do(works.get(timeout=_IDLE_TIMEOUT))
            except queue.Empty:
                with self._lock:
                    if works.empty():
                        self._threads -= 1
                        return

    def _do(self, work: Work) -> None:
        try:
            work()
        except Exception:
            _logger.warning("Work in a background thread failed.", exc_info=True)
        finally:
            with self._lock:
                self._unfinished -= 1

    def _finish(self) -> None:
        until = time.monotonic() + _EXIT_TIMEOUT
        while self._unfinished > 0 and time.monotonic() < until:
            time.sleep(0.01)


WORKER_POOL = WorkerPool()

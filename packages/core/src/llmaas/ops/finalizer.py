"""Finalizer of streams and calls that were dropped without being closed."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress

Work = Callable[[], object]
_logger = logging.getLogger("llmaas")


class FinalizerThread:
    """Daemon thread that finalizes abandoned streams.

    Garbage-collector callbacks only enqueue work, because they may run while any lock is held.
    Work that is left at the end of the process is done then.
    """

    def __init__(self) -> None:
        self._reset()
        self._is_closing = False
        atexit.register(self._close)
        if hasattr(os, "register_at_fork"):  # the parent finalizes its own work
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._queue = queue.SimpleQueue[Work | None]()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread if it is not running; never called by garbage-collector callbacks."""
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is not None or self._is_closing:
                return
            self._replace_queue()
            self._thread = thread = threading.Thread(
                target=self._work, args=(self._queue,), name="llmaas-finalizer", daemon=True
            )
        # Without the lock: a gevent thread lets others run while it starts, and they would wait
        # for a lock that was created before gevent patched locks.
        with suppress(RuntimeError):  # the interpreter is exiting: _close does the remaining work
            thread.start()

    def _replace_queue(self) -> None:
        """Create a queue of the thread's kind: gevent may have patched both since."""
        before, self._queue = self._queue, queue.SimpleQueue[Work | None]()
        while not before.empty():
            self._queue.put(before.get_nowait())

    def submit(self, work: Work) -> None:
        """Enqueue work; never waits and takes no lock."""
        if self._is_closing:
            _do(work)
        else:
            self._queue.put(work)

    def _work(self, works: queue.SimpleQueue[Work | None]) -> None:
        while (work := works.get()) is not None:
            _do(work)
            del work  # or it stays alive until the next one

    def _close(self) -> None:
        self._is_closing = True
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(_EXIT_TIMEOUT)
        while True:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return
            if work is not None:
                _do(work)


_EXIT_TIMEOUT = 5.0
"""Seconds that process exit waits for work in progress."""


def _do(work: Work) -> None:
    try:
        work()
    except Exception:
        _logger.warning("could not finalize an abandoned call", exc_info=True)


FINALIZER = FinalizerThread()

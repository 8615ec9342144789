"""Ends what was dropped without being closed, in a thread of its own.

The collector drops things at any moment and in any thread, also in one that holds the very
lock that ending them needs. So nothing happens there: a note goes into a queue, that is all.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Work = Callable[[], object]
_logger = logging.getLogger("llmaas")


class FinalizerThread:
    """Does in the background what is handed over; at the end of the process, all that is left."""

    def __init__(self) -> None:
        self._start_anew()
        self._is_last_call = False
        atexit.register(self._close)
        if hasattr(os, "register_at_fork"):  # what the parent dropped is the parent's to end
            os.register_at_fork(after_in_child=self._start_anew)

    def _start_anew(self) -> None:
        self._lock = threading.Lock()
        self._queue: Any = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def be_ready(self) -> None:
        """Start the thread; to be called where a thread may be started, so not by collectors."""
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is not None or self._is_last_call:
                return
            self._renew_queue()
            self._thread = thread = threading.Thread(
                target=self._work, args=(self._queue,), name="llmaas-caretaker", daemon=True
            )
        # Without the lock: a thread of gevent's lets others run while it starts, and they would
        # wait for a lock that was made before gevent replaced locks.
        with suppress(RuntimeError):  # the interpreter ends: the last call does what is left
            thread.start()

    def _renew_queue(self) -> None:
        """Take the queue of the thread's own kind: gevent may have replaced both since."""
        before, self._queue = self._queue, queue.SimpleQueue()
        while not before.empty():
            self._queue.put(before.get_nowait())

    def hand_over(self, work: Work) -> None:
        """Have something done soon; never waits and takes no lock."""
        if self._is_last_call:
            _do(work)
        else:
            self._queue.put(work)

    def _work(self, works: Any) -> None:
        while (work := works.get()) is not None:
            _do(work)
            del work  # it must not be kept alive until the next one comes

    def _close(self) -> None:
        self._is_last_call = True
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(_LAST_CALL)
        while True:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return
            if work is not None:
                _do(work)


_LAST_CALL = 5.0
"""Seconds that the end of the process waits for what is being ended."""


def _do(work: Work) -> None:
    try:
        work()
    except Exception:
        _logger.warning("a dropped call could not be ended", exc_info=True)


FINALIZER = FinalizerThread()

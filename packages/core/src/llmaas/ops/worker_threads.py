"""Threads for what may block: ledgers and files.

They are our own, so that an application's ``asyncio.to_thread`` never waits behind a ledger, and
daemons, so that one that hangs does not keep the process or its event loop from ending.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from llmaas._fork import reset_after_fork

_MOST = 16
"""Threads at once."""
_IDLE = 10.0
"""Seconds after which an idle thread ends."""
_LAST_CALL = 5.0
"""Seconds that the end of the process waits for work that nobody waited for."""
_logger = logging.getLogger("llmaas")


class Job:
    """A function under way in another thread, and whether somebody still waits for it."""

    def __init__(self, function: Callable[[], Any], undo: Callable[[Any], None] | None) -> None:
        self._function, self._undo = function, undo
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._is_left = False
        self.is_done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.notify: Callable[[], object] = _ignore

    def __call__(self) -> None:
        """Do the work, in the thread of a worker."""
        try:
            self.result = self._context.run(self._function)
        except BaseException as error:
            self.error = error
        with self._lock:
            self.is_done = True
            if not self._is_left:
                self.notify()
                return
        if self.error is not None:
            _logger.warning("a ledger failed after its call had ended: %s", self.error)
        self.undo()

    def leave(self) -> bool:
        """Wait no longer; return False when it is done already."""
        with self._lock:
            self._is_left = not self.is_done
            return self._is_left

    def undo(self) -> None:
        """Take the result back: nobody has seen it."""
        if self._undo is not None and self.error is None:
            self._undo(self.result)

    def outcome(self) -> Any:
        """Return the result, or raise the error."""
        try:
            if self.error is not None:
                raise self.error
            return self.result
        finally:
            self.error = None  # no cycle of an error and its frames


class Workers:
    """A few threads that are there when they are needed."""

    def __init__(self) -> None:
        self.renew()
        reset_after_fork(self)
        atexit.register(self._finish)

    def renew(self) -> None:
        """Begin without threads. Primitives are made at first use: gevent may patch them."""
        self._queue: Any = None
        self._threads = self._unfinished = 0

    def submit(self, work: Callable[[], None]) -> None:
        """Have something done in a thread."""
        if self._queue is None:
            self._lock, self._queue = threading.Lock(), queue.SimpleQueue()
        with self._lock:
            self._unfinished += 1
            needs_thread = self._threads < min(_MOST, self._unfinished)
            self._threads += needs_thread
        self._queue.put(work)
        if needs_thread:
            self._start()

    def _start(self) -> None:
        thread = threading.Thread(
            target=self._work, args=(self._queue,), name="llmaas-worker", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending: no thread can be started any more
            with self._lock:
                self._threads -= 1
            with suppress(queue.Empty):
                self._do(self._queue.get_nowait())

    def _work(self, work: Any) -> None:
        while True:
            try:
                self._do(work.get(timeout=_IDLE))
            except queue.Empty:
                with self._lock:
                    if work.empty():
                        self._threads -= 1
                        return

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            _logger.warning("work in the background failed", exc_info=True)
        finally:
            with self._lock:
                self._unfinished -= 1

    def _finish(self) -> None:
        until = time.monotonic() + _LAST_CALL
        while self._unfinished > 0 and time.monotonic() < until:
            time.sleep(0.01)


WORKERS = Workers()


def run_bounded(
    function: Callable[[], Any],
    deadline: float | None,
    undo: Callable[[Any], None] | None,
    *,
    may_outlive: bool,
) -> Any:
    """Run a function in another thread, and wait for it until the deadline."""
    job, done = Job(function, undo), threading.Event()
    job.notify = done.set
    WORKERS.submit(job)
    try:
        done.wait(_left(deadline))
    except BaseException:  # Ctrl-C
        _leave(job)
        raise
    if job.leave():
        return _late(may_outlive)
    return job.outcome()


async def run_async(
    function: Callable[[], Any],
    deadline: float | None,
    undo: Callable[[Any], None] | None,
    *,
    may_outlive: bool,
) -> Any:
    """Run a function in another thread, and await it until the deadline or a cancellation."""
    loop, job = asyncio.get_running_loop(), Job(function, undo)
    future: asyncio.Future[None] = loop.create_future()
    job.notify = lambda: tell(loop, future)
    WORKERS.submit(job)
    try:
        await asyncio.wait({future}, timeout=_left(deadline))
    except BaseException:
        _leave(job)
        raise
    if job.leave():
        return _late(may_outlive)
    return job.outcome()


def _leave(job: Job) -> None:
    if not job.leave():
        WORKERS.submit(job.undo)


def _late(may_outlive: bool) -> None:
    if not may_outlive:
        from llmaas.errors import DeadlineExceededError

        raise DeadlineExceededError.build(
            "The deadline passed while the call waited for the ledger of a quota or budget.",
            reached=False,
        )


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
    """End a future of another thread's event loop."""
    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(_set, future)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _ignore() -> None:
    pass

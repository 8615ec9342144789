"""Blocking functions in a worker thread, awaited until a deadline or a cancellation."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, NoReturn, TypeVar

from llmaas.ops.worker_pool import WORKER_POOL

_SLOW_SECONDS = 0.1
"""Seconds of waiting after which the errors are imported, before the deadline may need them."""
_logger = logging.getLogger("llmaas")
T = TypeVar("T")


class Job(Generic[T]):
    """A function that runs in another thread, and whether the caller still waits for it."""

    def __init__(self, function: Callable[[], T], undo: Callable[[T], None] | None) -> None:
        self._function, self._undo = function, undo
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._is_abandoned = False
        self.is_done = False
        self.result: T
        self.error: BaseException | None = None
        self.notify: Callable[[], object] = _ignore

    def __call__(self) -> None:
        """Run the function, in a worker thread."""
        try:
            self.result = self._context.run(self._function)
        except BaseException as error:
            self.error = error
        with self._lock:
            self.is_done = True
            if not self._is_abandoned:
                self.notify()
                return
        if self.error is not None:
            _logger.warning("A ledger failed after its call had ended: %s", self.error)
        self.undo()

    def abandon(self) -> bool:
        """Stop waiting; return False if the function has already finished."""
        with self._lock:
            self._is_abandoned = not self.is_done
            return self._is_abandoned

    def undo(self) -> None:
        """Undo the function: nobody received its result."""
        if self._undo is not None and self.error is None:
            self._undo(self.result)

    def take_result(self) -> T:
        """Return the result, or raise the error."""
        try:
            if self.error is not None:
                raise self.error
            return self.result
        finally:
            self.error = None  # no cycle of an error and its frames


def run_bounded(
    function: Callable[[], T],
    deadline: float | None,
    undo: Callable[[T], None] | None,
    *,
    may_outlive: bool,
) -> T | None:
    """Run a function in another thread and wait for it until the deadline."""
    job, done = Job(function, undo), threading.Event()
    job.notify = done.set
    WORKER_POOL.submit(job)
    try:
        if deadline is not None and not done.wait(_until_slow(deadline)):
            load_errors_early()
        done.wait(_remaining(deadline))
    except BaseException:  # Ctrl-C
        _abandon(job)
        raise
    if job.abandon():
        if not may_outlive:
            _raise_late()
        return None
    return job.take_result()


async def run_async(
    function: Callable[[], T],
    deadline: float | None,
    undo: Callable[[T], None] | None,
    *,
    may_outlive: bool,
) -> T | None:
    """Run a function in another thread and await it until the deadline or a cancellation."""
    loop, job = asyncio.get_running_loop(), Job(function, undo)
    future: asyncio.Future[None] = loop.create_future()
    job.notify = partial(_finish_threadsafe, loop, future)
    WORKER_POOL.submit(job)
    try:
        if deadline is not None:
            _, waiting = await asyncio.wait({future}, timeout=_until_slow(deadline))
            if waiting:
                load_errors_early()
        await asyncio.wait({future}, timeout=_remaining(deadline))
    except BaseException:
        _abandon(job)
        raise
    if job.abandon():
        if not may_outlive:
            _raise_late()
        return None
    return job.take_result()


async def run_to_end(function: Callable[[], T]) -> tuple[T, asyncio.CancelledError | None]:
    """Run a function in another thread; return its result, and a cancellation meanwhile."""
    # A future, not a task: the end of the event loop cancels all tasks.
    loop, job = asyncio.get_running_loop(), Job(function, None)
    done: asyncio.Future[None] = loop.create_future()
    job.notify = partial(_finish_threadsafe, loop, done)
    WORKER_POOL.submit(job)
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait({done})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and job.error is not None:
        raise cancelled from job.error
    return job.take_result(), cancelled


def _abandon(job: Job[T]) -> None:
    if not job.abandon():
        WORKER_POOL.submit(job.undo)


def _raise_late() -> NoReturn:
    from llmaas.errors import DeadlineExceededError

    raise DeadlineExceededError.build(
        "The deadline passed while the call waited for the ledger of a quota or budget.",
        reached=False,
    )


def _until_slow(deadline: float) -> float:
    return max(0.0, min(_SLOW_SECONDS, deadline - time.monotonic()))


def load_errors_early() -> None:
    """Import the errors in another thread, so that raising one at a deadline takes no time.

    For calls that wait: the errors import the openai SDK, which takes up to seconds.
    """
    if "llmaas.errors" not in sys.modules:
        WORKER_POOL.submit(_import_errors)


def _import_errors() -> None:
    with suppress(OSError):  # without a free file descriptor; imported at the deadline instead
        import llmaas.errors  # noqa: F401


def _remaining(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _finish_threadsafe(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
    """Finish a future of another thread's event loop."""
    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(_finish, future)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _ignore() -> None:
    pass

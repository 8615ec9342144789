"""Work in several threads at once, also while the interpreter ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL_INTERVAL = 0.5
"""Seconds after which the waiting thread checks for itself: Ctrl-C may have lost it a notice."""


def run_together(work: Sequence[Callable[[], T]], limit: int) -> list[T]:
    """Run functions, at most ``limit`` at once; return their results in order.

    A ``concurrent.futures`` pool refuses work once the main thread has ended, and no thread
    starts then: the calling thread runs all of it. Otherwise it only waits, so that Ctrl-C
    interrupts no request. After a failure nothing more is started, running work still ends, and
    the first failure is raised. A second Ctrl-C ends the waiting, not the work.
    """
    work_queue = _WorkQueue(work)
    try:
        helpers = _start(work_queue.run, min(limit, len(work)))
        if not helpers:
            work_queue.run()
        work_queue.wait()
    except BaseException as error:  # Ctrl-C: start nothing more
        work_queue.failures.insert(0, error)
        work_queue.wait()
        raise
    for helper in helpers:
        helper.join()
    if work_queue.failures:
        raise work_queue.failures[0]
    return work_queue.results


class _WorkQueue(Generic[T]):
    """Work that threads claim one by one.

    Running work is counted, threads are not joined: before Python 3.13 a ``Thread.join`` that
    Ctrl-C interrupts marks the thread as ended while it runs (python/cpython#90882), and an
    interrupted start leaves a thread that no list has.
    """

    def __init__(self, work: Sequence[Callable[[], T]]) -> None:
        self._results: dict[int, T] = {}
        self.failures: list[BaseException] = []
        self._work, self._numbers = work, iter(range(len(work)))
        self._lock, self._notices = threading.Lock(), queue.SimpleQueue[None]()
        self._running = 0
        self._is_exhausted = False

    def run(self) -> None:
        """Run unclaimed work in this thread until none is left."""
        while (number := self._claim_next()) is not None:
            try:
                self._results[number] = self._work[number]()
            except BaseException as error:
                self.failures.append(error)
            finally:
                self._count(-1)
        self._notices.put(None)

    def wait(self) -> None:
        """Wait until nothing runs and nothing will start."""
        while not self._is_finished():
            with suppress(queue.Empty):
                self._notices.get(timeout=_POLL_INTERVAL)

    @property
    def results(self) -> list[T]:
        """The results, in the order of the work."""
        return [self._results[number] for number in sorted(self._results)]

    def _claim_next(self) -> int | None:
        self._count(
            1
        )  # before failures are read: a thread that adds one then sees this work as running
        with self._lock:
            number = None if self.failures else next(self._numbers, None)
        if number is None:
            self._is_exhausted = True
            self._count(-1)
        return number

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change

    def _is_finished(self) -> bool:
        return (self._is_exhausted or bool(self.failures)) and self._running == 0


def _start(run: Callable[[], None], count: int) -> list[threading.Thread]:
    helpers = []
    with suppress(RuntimeError):  # the interpreter ends, or the system has no thread left
        for number in range(count):
            helper = threading.Thread(target=run, name=f"llmaas_{number}")
            helper.start()
            helpers.append(helper)
    return helpers

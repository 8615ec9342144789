"""Work in several threads at once, also while the interpreter ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")
_LOOK = 0.5
"""Seconds after which the waiting thread looks by itself: Ctrl-C may have cost it a notice."""


def run_together(work: Sequence[Callable[[], T]], limit: int) -> list[T]:
    """Run all, at most ``limit`` at once; return the results in order.

    A ``concurrent.futures`` pool refuses work once the main thread has ended, and no thread
    starts then: the calling one does all of it. Otherwise it only waits, so that Ctrl-C breaks
    off no request. After a failure nothing new begins, what is under way still ends, and the
    first failure is raised. A second Ctrl-C ends the waiting, not the work.
    """
    crew = _Crew(work)
    try:
        helpers = _start(crew.run, min(limit, len(work)))
        if not helpers:
            crew.run()
        crew.wait()
    except BaseException as error:  # Ctrl-C: begin nothing more
        crew.failures.insert(0, error)
        crew.wait()
        raise
    for helper in helpers:
        helper.join()
    if crew.failures:
        raise crew.failures[0]
    return crew.results


class _Crew(Generic[T]):
    """Threads that take work, one piece after the other.

    They are counted by what is under way, not joined: before Python 3.13 a ``Thread.join`` that
    Ctrl-C interrupts marks the thread as ended while it runs (python/cpython#90882), and a start
    that is interrupted leaves a thread that nobody knows of.
    """

    def __init__(self, work: Sequence[Callable[[], T]]) -> None:
        self._results: dict[int, T] = {}
        self.failures: list[BaseException] = []
        self._work, self._numbers = work, iter(range(len(work)))
        self._lock, self._notices = threading.Lock(), queue.SimpleQueue[None]()
        self._under_way = 0
        self._is_all_taken = False

    def run(self) -> None:
        """Do what nobody has taken yet, in the thread of a helper."""
        while (number := self._take()) is not None:
            try:
                self._results[number] = self._work[number]()
            except BaseException as error:
                self.failures.append(error)
            finally:
                self._count(-1)
        self._notices.put(None)

    def wait(self) -> None:
        """Wait until nothing is under way and nothing will begin."""
        while not self._is_over():
            with suppress(queue.Empty):
                self._notices.get(timeout=_LOOK)

    @property
    def results(self) -> list[T]:
        """The results, in the order of the work."""
        return [self._results[number] for number in sorted(self._results)]

    def _take(self) -> int | None:
        self._count(1)  # before the look at failures: who notes one sees then what is under way
        with self._lock:
            number = None if self.failures else next(self._numbers, None)
        if number is None:
            self._is_all_taken = True
            self._count(-1)
        return number

    def _count(self, change: int) -> None:
        with self._lock:
            self._under_way += change

    def _is_over(self) -> bool:
        return (self._is_all_taken or bool(self.failures)) and self._under_way == 0


def _start(run: Callable[[], None], count: int) -> list[threading.Thread]:
    helpers = []
    with suppress(RuntimeError):  # the interpreter ends, or the system has no thread left
        for number in range(count):
            helper = threading.Thread(target=run, name=f"llmaas_{number}")
            helper.start()
            helpers.append(helper)
    return helpers

"""Work in several threads at once, also while the interpreter ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def run_together(work: Sequence[Callable[[], T]], limit: int) -> list[T]:
    """Run all, at most ``limit`` at once; return the results in order.

    A ``concurrent.futures`` pool refuses work once the main thread has ended, and no thread
    starts then: the calling one does all of it. Otherwise it only waits, so that Ctrl-C breaks
    off no request. After a failure nothing new begins, what is under way still ends, and the
    first failure is raised.
    """
    results: list[Any] = [None] * len(work)
    failures: list[BaseException] = []
    numbers = iter(range(len(work)))
    lock = threading.Lock()

    def take() -> Iterator[int]:
        while True:
            with lock:
                number = None if failures else next(numbers, None)
            if number is None:
                return
            yield number

    def run() -> None:
        try:
            for number in take():
                results[number] = work[number]()
        except BaseException as error:
            failures.append(error)

    helpers = _start(run, min(limit, len(work)))
    if not helpers:
        run()
    try:
        _wait(helpers)
    except BaseException as error:  # Ctrl-C: begin nothing more
        failures.insert(0, error)
        _wait(helpers)
        raise
    if failures:
        raise failures[0]
    return results


def _wait(helpers: Sequence[threading.Thread]) -> None:
    for helper in helpers:
        helper.join()


def _start(run: Callable[[], None], count: int) -> list[threading.Thread]:
    helpers = []
    with suppress(RuntimeError):  # the interpreter ends, or the system has no thread left
        for number in range(count):
            helper = threading.Thread(target=run, name=f"llmaas_{number}")
            helper.start()
            helpers.append(helper)
    return helpers

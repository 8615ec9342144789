"""Runner of fault cases on many classes in parallel, with checks for leaks.

A group is a set of columns, each with a sandbox of its own: its requests and its sockets are
nobody else's. Several groups run several cases at once, since most of the time is waiting.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.helpers.contract.driver import Answer, ClientOptions, Driver, Harness, Mode
from tests.helpers.faults.cases import ERROR, RETRIED, RIGHT, SAYS, Case

GRACE = 8.0
"""Seconds that a call may end after its deadline, on a machine that others use as well."""
PATIENCE = 15.0
"""Seconds until whatever a call has opened must be closed."""


@dataclass(frozen=True, eq=False)
class Column:
    """One driver in one mode, with its own sandbox."""

    driver: Driver
    mode: Mode
    box: Any
    said: Answer | None = None
    """What the sandbox says without a fault, where it is not what the case says."""

    @property
    def name(self) -> str:
        """The class and the way."""
        return f"{self.driver.name} ({self.mode})"

    def expected(self, case: Case) -> str | None:
        """Return what must come of a case here; None: it says nothing about this column."""
        return case.expected(self.driver, self.mode)


ColumnGroup = Sequence[Column]
Outcomes = dict[Column, str]


@contextmanager
def open_groups(drivers: Sequence[Driver], number: int) -> Iterator[list[ColumnGroup]]:
    """Yield groups with a column for every mode of every driver, each with a running sandbox."""
    from llmaas_sandbox import Sandbox

    made = [
        [Column(driver, mode, Sandbox()) for driver in drivers for mode in driver.modes]
        for _ in range(number)
    ]
    boxes = [column.box for group in made for column in group]
    with ThreadPoolExecutor(16) as pool:  # each waits for a thread of its own
        try:
            list(pool.map(lambda box: box.start(), boxes))
            yield list(made)
        finally:
            list(pool.map(lambda box: box.stop(), boxes))


def warm(groups: Sequence[ColumnGroup]) -> None:
    """Send one request without a fault, so that imports do not count as time."""
    run([SAYS], groups[:1])


def run(cases: Sequence[Case], groups: Sequence[ColumnGroup]) -> list[Outcomes]:
    """Return the outcome of each case, each in its own group, as many at once as there are groups.

    ``AssertionError`` when a socket, a file, a thread, a task or a request is left over.
    """
    asked = [
        (case, column)
        for case, group in zip(cases, groups, strict=False)
        for column in group
        if column.expected(case)
    ]
    before = belongings()
    with asyncio.Runner() as runner:
        found = runner.run(together(asked))
    gc.collect()
    check_nothing_is_left(asked, before)
    outcomes: list[Outcomes] = [{} for _ in cases]
    for (case, column), outcome_ in zip(asked, found, strict=True):
        outcomes[cases.index(case)][column] = outcome_
    return outcomes


def check_nothing_is_left(asked: Sequence[tuple[Case, Column]], before: Mapping[str, int]) -> None:
    """Raise ``AssertionError`` for sockets, by who opened them; for files and threads."""
    comes_true(lambda: not any(column.box.connections for _, column in asked))
    open_ = [f"{case.title}: {column.name}" for case, column in asked if column.box.connections]
    assert not open_, f"sockets are left open: {open_}"
    faults = [case.title for case, _ in asked]
    assert comes_true(lambda: fewer(before)), f"{faults}: {before} became {belongings()}"


async def together(asked: Sequence[tuple[Case, Column]]) -> list[str]:
    """Call all columns in parallel; no task and no request may outlive its call."""
    threads = ThreadPoolExecutor(len(asked))  # nobody waits for another's thread
    asyncio.get_running_loop().set_default_executor(threads)
    found = await asyncio.gather(*(outcome(case, column) for case, column in asked))
    until = time.monotonic() + PATIENCE
    while True:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        busy = [f"{case.title}: {column.name}" for case, column in asked if not is_idle(column)]
        if not tasks and not busy:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"left over: tasks {tasks}, requests {busy}")
        await asyncio.sleep(0.03)


async def outcome(case: Case, column: Column) -> str:
    """Send the case's request and judge the outcome."""
    box = column.box
    box.reset()
    to = ClientOptions(box.base_url, box.api_key, case.model, retries=1)
    harness = Harness(column.driver, box, column.mode, to)
    client = harness.connect(timeout=case.timeout, deadline=case.deadline)
    box.requests.clear()  # connecting may have asked something
    box.script(case.script)
    began = time.monotonic()
    try:
        async with asyncio.timeout(case.deadline + GRACE):
            for _ in range(case.asked):
                answer = await harness.ask(client, **case.request)
    except TimeoutError:
        return "HANGS"
    except Exception as error:
        most = 1 if column.driver.sends_once else 2
        return of_error(error, case, time.monotonic() - began, len(box.requests) - most)
    said = column.said or case.answer
    return of_answer(answer, said, len(box.requests) - case.asked)


def of_error(error: Exception, case: Case, seconds: float, too_many: int) -> str:
    """Judge an error: it must be one of ours, in time, and not after more requests than asked."""
    from llmaas.errors import LLMaaSError

    if not isinstance(error, LLMaaSError):
        return f"UNTYPED: {type(error).__name__}: {error}"
    if seconds > case.deadline + GRACE:
        return f"LATE: {seconds:.1f} s"
    if too_many > 0 or (case.lasts and too_many < 0):
        return f"REPEATED: {too_many} requests too many"
    return ERROR


def of_answer(answer: Answer, said: Answer, more: int) -> str:
    """Judge an answer: it must be all that the sandbox says without the fault."""
    wrong = difference(answer, said)
    if wrong:
        return f"WRONG: {wrong}"
    return {0: RIGHT, 1: RETRIED}.get(more, f"REPEATED: {more} requests too many")


def difference(came: Answer, said: Answer) -> Mapping[str, Any]:
    """Return what is not as the sandbox says; white space about a text says nothing."""
    if said.value is not None:
        return {} if came.value == said.value else {"value": came.value}
    pairs = {
        "text": (came.text.strip(), said.text),
        "reasoning": ((came.reasoning or "").strip(), said.reasoning or ""),
        "calls": (list(came.calls), list(said.calls)),
        "tokens": (came.tokens or 0, said.tokens or 0),
    }
    return {name: one for name, (one, other) in pairs.items() if one != other}


def is_idle(column: Column) -> bool:
    """Return whether the sandbox has done with every request of a column."""
    return all(request.finished for request in column.box.requests)


def belongings() -> Mapping[str, int]:
    """Count files, threads and tasks of this process."""
    # The core has one thread for a process's whole life, which ends what was dropped unclosed.
    threads = [thread for thread in threading.enumerate() if thread.name != "llmaas-finalizer"]
    return {"files": len(os.listdir("/proc/self/fd")), "threads": len(threads)}


def fewer(before: Mapping[str, int]) -> bool:
    """Return whether nothing has been added."""
    now = belongings()
    return all(now[name] <= before[name] for name in before)


def comes_true(condition: Callable[[], bool]) -> bool:
    """Wait until a condition holds in other threads."""
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True

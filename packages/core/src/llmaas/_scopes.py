"""Context variables that threads inherit: budgets and cost counters of ``with`` blocks.

A context variable reaches tasks and ``asyncio.to_thread``, but neither a plain thread nor a
``ThreadPoolExecutor`` (before Python 3.14, and there only with ``thread_inherit_context``). A
budget must also hold in threads. So while a block is open, ``Thread.start`` and
``ThreadPoolExecutor.submit`` copy the variables of our own blocks, and nothing else of the
context. A thread of a pool has them for the work that was submitted in the block, no longer.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeAlias, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Values: TypeAlias = Sequence[tuple[contextvars.ContextVar[Any], object]]
"""Variables of any types, with the values that blocks have set."""

_followed: list[contextvars.ContextVar[Any]] = []
_lock = threading.Lock()
_in_submit = threading.local()


def follow(variable: contextvars.ContextVar[T]) -> None:
    """Copy a variable to new threads; call it before its first block is entered."""
    with _lock:
        if not _followed:
            _install()
        if variable not in _followed:
            _followed.append(variable)


def _values() -> Values:
    """Return the variables that a block has set here."""
    values = ((variable, variable.get(None)) for variable in _followed)
    return [(variable, value) for variable, value in values if value]


def _install() -> None:
    from concurrent.futures import ThreadPoolExecutor

    start: Any = _starting(threading.Thread.start)
    threading.Thread.start = start  # type: ignore[method-assign]
    submit = _submitting(ThreadPoolExecutor.submit)
    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]


def _starting(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    @functools.wraps(start)
    def scoped_start(self: threading.Thread) -> None:
        values = [] if getattr(_in_submit, "is_set", False) else _values()
        if values and not self._started.is_set():  # type: ignore[attr-defined]
            run = self.run

            def scoped_run() -> None:
                vars(self).pop("run", None)  # breaks a reference cycle
                for variable, value in values:
                    variable.set(value)
                run()

            self.run = scoped_run  # type: ignore[method-assign]
        start(self)

    return scoped_start


def _submitting(submit: Callable[..., T]) -> Callable[..., T]:
    @functools.wraps(submit)
    def scoped_submit(
        self: object, function: Callable[..., object], /, *args: object, **kwargs: object
    ) -> T:
        values = _values()
        if not values:
            return submit(self, function, *args, **kwargs)
        work = functools.partial(_with_values, values, function)
        outer, _in_submit.is_set = getattr(_in_submit, "is_set", False), True
        try:  # a thread that this starts is the pool's, not the block's
            return submit(self, work, *args, **kwargs)
        finally:
            _in_submit.is_set = outer

    return scoped_submit


def _with_values(
    values: Values, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    def work() -> T:
        for variable, value in values:
            variable.set(value)
        return function(*args, **kwargs)

    return contextvars.copy_context().run(work)

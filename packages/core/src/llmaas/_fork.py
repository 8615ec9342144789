"""Registry of objects that a fork would break: locks, open files and thread queues."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class ForkLock(Protocol):
    """An object that no thread may use while the process forks."""

    def hold(self) -> None:
        """Wait until no thread uses it, block new uses, close what must not be copied."""

    def let_go(self) -> None:
        """Allow uses again, in the parent and in the child."""


class ForkReset(Protocol):
    """An object that a child process must reset."""

    def renew(self) -> None:
        """Forget the state of the parent's threads."""


_held: weakref.WeakSet[ForkLock] = weakref.WeakSet()
_renewed: weakref.WeakSet[ForkReset] = weakref.WeakSet()


class _Holding(threading.local):
    """Locks that the running thread holds for its fork: two threads may fork concurrently."""

    def __init__(self) -> None:
        self.held: list[ForkLock] = []


_now = _Holding()


def lock_during_fork(held: ForkLock) -> None:
    """Hold an object during every fork."""
    _held.add(held)


def reset_after_fork(renewed: ForkReset) -> None:
    """Reset an object in every forked child."""
    _renewed.add(renewed)


def _before() -> None:
    for held in sorted(_held, key=id):  # in one order: two threads may fork concurrently
        held.hold()
        _now.held.append(held)


def _after() -> None:
    while _now.held:
        _now.held.pop().let_go()


def _after_in_child() -> None:
    _after()
    for renewed in list(_renewed):
        renewed.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)

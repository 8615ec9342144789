"""What a fork would break: locks, files that are open, and lines in which threads stand."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class ForkLock(Protocol):
    """Something that nobody may be using while the process is copied."""

    def hold(self) -> None:
        """Wait until nobody uses it, let nobody begin, close what must not be copied."""

    def let_go(self) -> None:
        """Let it be used again, in the parent as in the child."""


class ForkReset(Protocol):
    """Something of which a child needs its own."""

    def renew(self) -> None:
        """Forget what belongs to the threads of the parent."""


_held: weakref.WeakSet[ForkLock] = weakref.WeakSet()
_renewed: weakref.WeakSet[ForkReset] = weakref.WeakSet()


class _Holding(threading.local):
    """What the running thread holds for its fork: two threads may fork at once."""

    def __init__(self) -> None:
        self.held: list[ForkLock] = []


_now = _Holding()


def lock_during_fork(held: ForkLock) -> None:
    """Have something held during every fork."""
    _held.add(held)


def reset_after_fork(renewed: ForkReset) -> None:
    """Have something renewed in every process that is forked off."""
    _renewed.add(renewed)


def _before() -> None:
    for held in sorted(_held, key=id):  # in one order: two threads may fork at once
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

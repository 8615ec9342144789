"""The owner of a reservation: a process, named so that another can see that it is gone."""

from __future__ import annotations

import os
from functools import lru_cache

UNKNOWN = ""
"""The owner where processes cannot be told apart for sure: its reservations end by their time."""


def this_process() -> str:
    """Return the name of the running process: where it runs, its number, when it began."""
    return _name(os.getpid())


def is_gone(owner: str) -> bool:
    """Whether a process of this system, seen from here, has ended for sure."""
    return _seen(owner) is False


def is_alive(owner: str) -> bool:
    """Whether a process of this system is still running for sure."""
    return _seen(owner) is True


def _seen(owner: str) -> bool | None:
    place, _, rest = owner.partition("/")
    number, _, began = rest.partition("/")
    if not place or place != _place() or not number.isdigit():
        return None  # of another machine, container or boot: only its time tells
    return _began(int(number)) == began


@lru_cache(maxsize=8)
def _name(pid: int) -> str:
    place = _place()
    return f"{place}/{pid}/{_began(pid)}" if place else UNKNOWN


@lru_cache(maxsize=1)
def boot() -> str:
    """Return what tells this boot of the machine from all others; empty where nothing does."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _place() -> str:
    """Return what tells this boot and this space of process numbers from all others."""
    try:
        return f"{boot()}-{os.stat('/proc/self/ns/pid').st_ino}" if boot() else ""
    except OSError:
        return ""


def _began(pid: int) -> str | None:
    """Return when a process began (a number is used again); None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()

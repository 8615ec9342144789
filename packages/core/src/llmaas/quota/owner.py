"""Owners of reservations: process names that other processes can check."""

from __future__ import annotations

import os
from functools import lru_cache

UNKNOWN = ""
"""Owner on systems that do not identify processes reliably: reservations end by timeout."""


def current_process() -> str:
    """Build the name of this process: its namespace, process ID and start time."""
    return _name(os.getpid())


def has_ended(owner: str) -> bool:
    """Whether a process of this namespace has certainly ended."""
    return _check_running(owner) is False


def is_running(owner: str) -> bool:
    """Whether a process of this namespace is certainly running."""
    return _check_running(owner) is True


def _check_running(owner: str) -> bool | None:
    namespace, _, rest = owner.partition("/")
    pid, _, started = rest.partition("/")
    if not namespace or namespace != _namespace() or not pid.isdigit():
        return None  # of another machine, container or boot: its timeout decides
    return _start_time(int(pid)) == started


@lru_cache(maxsize=8)
def _name(pid: int) -> str:
    namespace = _namespace()
    return f"{namespace}/{pid}/{_start_time(pid)}" if namespace else UNKNOWN


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Read the ID of this boot of the machine; empty if the system has none."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _namespace() -> str:
    """Build the ID of this boot and this namespace of process IDs."""
    try:
        return f"{boot_id()}-{os.stat('/proc/self/ns/pid').st_ino}" if boot_id() else ""
    except OSError:
        return ""


def _start_time(pid: int) -> str | None:
    """Read the start time of a process (IDs are reused); None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()

"""Network guard: connections and name lookups beyond loopback raise.

An audit hook sees each socket of the process, whichever library opened it; it cannot be
removed, only told to let one recording session pass. What it sees is kept: a library may
swallow the error, but ``attempts`` tells, and fails the test.
"""

from __future__ import annotations

import ipaddress
import sys
import traceback
from typing import Any

attempts: list[str] = []
"""What was tried since ``forgive``, with the last lines of the code that tried."""

_allowed = False
_silent = False
_installed = False
_tell = False
REFUSED = "network: refused"


class NetworkForbiddenError(RuntimeError):
    """A test tried to connect to another machine."""


def forbid(*, tell: bool = False, silent: bool = False) -> None:
    """Refuse connections beyond loopback from now on.

    ``tell`` says so on stderr too; ``silent`` refuses nothing and only keeps the ``attempts``.
    """
    global _allowed, _installed, _silent, _tell
    _allowed, _silent, _tell = False, silent, tell
    if not _installed:
        sys.addaudithook(_watch)
        _installed = True


def allow() -> None:
    """Let connections pass: only for recording against the service."""
    global _allowed
    _allowed = True


def forgive() -> list[str]:
    """Return the attempts so far, and forget them."""
    found = attempts.copy()
    attempts.clear()
    return found


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _allowed or not event.startswith("socket."):
        return
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        _, address = args
        host = address[0] if isinstance(address, tuple) else None
    elif event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        host = args[0]
    else:
        return
    if not _is_local(host):
        code = "".join(traceback.format_stack(limit=8)[:-1])
        attempts.append(f"{event} to {host!r}:\n{code}")
        if _tell:  # a program may swallow the error; its output still shows the attempt
            print(REFUSED, event, host, file=sys.stderr, flush=True)
        if not _silent:
            raise NetworkForbiddenError(f"{event} to {host!r}: tests stay on this machine")


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in {None, "", "localhost", "0.0.0.0", "::"}:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False

"""No test leaves this machine: every connection or name look-up beyond loopback raises.

An audit hook sees each socket of the process, whichever library opened it; it cannot be
removed, only told to let one recording session pass.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

_allowed = False
_installed = False
_tell = False
REFUSED = "network: refused"


class NetworkForbiddenError(RuntimeError):
    """A test tried to leave this machine."""


def forbid(*, tell: bool = False) -> None:
    """Refuse, from now on, whatever goes beyond loopback; ``tell`` says so on stderr too."""
    global _allowed, _installed, _tell
    _allowed, _tell = False, tell
    if not _installed:
        sys.addaudithook(_watch)
        _installed = True


def allow() -> None:
    """Let connections pass: only for recording against the service."""
    global _allowed
    _allowed = True


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _allowed or not event.startswith("socket."):
        return
    if event in {"socket.connect", "socket.sendto"}:
        _, address = args
        host = address[0] if isinstance(address, tuple) else None
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = args[0]
    else:
        return
    if not _is_local(host):
        if _tell:  # a program may swallow the error; its output still shows the attempt
            print(REFUSED, event, host, file=sys.stderr, flush=True)
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

"""Names looked up in time: the system's look-up itself can neither be told a limit nor ended."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future


def addresses(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of a host; raise ``TimeoutError`` if they do not come in time.

    A look-up that is too late goes on in its thread until the system gives it up.
    """
    found: Future[list[str]] = Future()
    work = threading.Thread(target=_look_up, args=(found, host, port), name="llmaas-lookup")
    work.daemon = True  # no process waits for it to end
    work.start()
    return found.result(seconds)


def _look_up(found: Future[list[str]], host: str, port: int) -> None:
    try:
        told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except BaseException as error:
        found.set_exception(error)
    else:
        found.set_result([str(address[0]) for *_, address in told])

"""Name resolution with a timeout, which ``getaddrinfo`` itself does not support."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Resolve a host to its addresses; raise ``TimeoutError`` after ``seconds``.

    A lookup that takes too long goes on in its thread until the system ends it.
    """
    found: Future[list[str]] = Future()
    thread = threading.Thread(target=_resolve, args=(found, host, port), name="llmaas-lookup")
    thread.daemon = True  # never delays the end of the process
    thread.start()
    return found.result(seconds)


def _resolve(found: Future[list[str]], host: str, port: int) -> None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except BaseException as error:
        found.set_exception(error)
    else:
        found.set_result([str(address[0]) for *_, address in entries])

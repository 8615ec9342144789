"""Server of raw bytes: a script decides what it does with a connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket, threading.Event], None]
"""Takes the connection, and what is set when the test is over."""


@contextmanager
def server(script: Script, *, deaf: bool = False) -> Iterator[str]:
    """A server that does what the script says after it has read a request (or none of it)."""
    listener = socket.create_server(("127.0.0.1", 0))
    over, threads = threading.Event(), []

    def serve(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            if deaf or _has_asked(peer):
                script(peer, over)

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(peer,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [accepting, *threads]:
            thread.join(5)


def _has_asked(peer: socket.socket) -> bool:
    """Wait for a request's head, which stays to be read; return False if the client left."""
    while head := peer.recv(65536, socket.MSG_PEEK):
        if b"\r\n\r\n" in head:
            return True
        time.sleep(0.001)
    return False

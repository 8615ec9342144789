"""The least exchange with the server: canned bytes out, bytes in, nothing parsed.

The rows "alone" make one in place of the model's answer. Code that runs between two waits for a
server finds cold caches and costs up to twice what it costs in a loop of its own, so that a
framework's cost without any wait would be too low to compare an adapter with.
"""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

from stub import ANSWER, DELAY

REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: stub\r\ncontent-length: 2\r\n\r\n{}"
SIZE = 1 << 18


class Exchange:
    """Two connections to the server, one for each kind of call."""

    def __init__(self, base_url: str) -> None:
        """Connect."""
        url = urlsplit(base_url)
        address = (url.hostname, url.port)
        self.blocking, self.waiting = (socket.create_connection(address) for _ in range(2))
        self.waiting.setblocking(False)

    def run(self) -> None:
        """Send the request and receive the whole answer."""
        self.blocking.sendall(REQUEST)
        missing = len(ANSWER)
        while missing > 0:
            missing -= len(self.blocking.recv(SIZE))

    async def arun(self, model: str) -> None:
        """Send the request and receive the whole answer, or sleep as the model "slow" does."""
        if model == "slow":  # many at once, for which one connection is not enough
            await asyncio.sleep(DELAY)
            return
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.waiting, REQUEST)
        missing = len(ANSWER)
        while missing > 0:
            missing -= len(await loop.sock_recv(self.waiting, SIZE))

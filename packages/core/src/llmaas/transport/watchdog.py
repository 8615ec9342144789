"""Watchdog for reads that would wait forever on a lost connection."""

from __future__ import annotations

import asyncio

import aiohttp

_INTERVAL = 1.0
"""Seconds between checks; the connection must be lost at two consecutive ones."""


class Watchdog:
    """Timer that ends a read whose connection was lost without an error for the reader.

    aiohttp 3.14 closes the connection after a malformed chunk. If the chunk arrives in a read of
    its own, the reader of the body gets no error and no timeout. Uses one timer per body. Remove
    it once aiohttp reports the error.
    """

    __slots__ = ("_loop", "_response", "_timer", "_was_lost")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._loop = asyncio.get_running_loop()
        self._was_lost = False
        self._timer = self._loop.call_later(_INTERVAL, self._check)

    def stop(self) -> None:
        """Stop the timer."""
        self._timer.cancel()

    def _check(self) -> None:
        connection = self._response.connection
        transport = None if connection is None else connection.transport
        lost = connection is not None and (transport is None or transport.is_closing())
        if lost and self._was_lost:
            self._response.close()  # wakes the reader with an error
            return
        self._was_lost = lost
        self._timer = self._loop.call_later(_INTERVAL, self._check)

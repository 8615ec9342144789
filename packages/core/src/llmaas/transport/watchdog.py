"""A guard against reads that would wait for ever on a connection that is gone."""

from __future__ import annotations

import asyncio

import aiohttp

_INTERVAL = 1.0
"""Seconds between two looks; a connection must be gone at two of them."""


class Watchdog:
    """Breaks a read whose connection has died without the reader being told.

    aiohttp 3.14 closes the connection after a malformed chunk, but when the chunk comes in a
    read of its own, the body's reader hears nothing and its timer is gone too. One timer a
    body, whatever its length. May go once aiohttp tells its readers.
    """

    __slots__ = ("_loop", "_response", "_timer", "_was_lost")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._loop = asyncio.get_running_loop()
        self._was_lost = False
        self._timer = self._loop.call_later(_INTERVAL, self._check)

    def stop(self) -> None:
        """Stop guarding."""
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

"""Sessions of aiohttp, one per event loop and pool key, closed with the loop."""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from inspect import signature
from socket import socket
from typing import Any

import aiohttp

from llmaas.transport.aiohttp_connector import Connector
from llmaas.transport.aiohttp_request import Request, create_socket
from llmaas.transport.pool_registry import KEEPALIVE, POOL_SIZE, PoolKey, tls_context
from llmaas.wire.http_head import HEAD_LIMIT

READ = 1 << 18
"""Maximum bytes of one read."""
_LAST_SECONDS = 1.0
"""Seconds to wait for sessions to close at the end of the process."""


@dataclass(slots=True, eq=False)
class Session:
    """Session with its sockets and the generator that closes it with its loop."""

    http: aiohttp.ClientSession
    sockets: weakref.WeakSet[socket]
    guard: Any = field(default=None, repr=False)


_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[PoolKey, Session]] = (
    weakref.WeakKeyDictionary()
)
_lock = threading.Lock()


async def session_for(key: PoolKey) -> aiohttp.ClientSession:
    """Return the running loop's session for a pool key."""
    loop = asyncio.get_running_loop()
    entries = _by_loop.get(loop)
    entry = None if entries is None else entries.get(key)
    if entry is None or entry.http.closed:
        entry = await _open_for(loop, key)
    return entry.http


async def _open_for(loop: asyncio.AbstractEventLoop, key: PoolKey) -> Session:
    _close_dead()
    with _lock:
        entries = _by_loop.setdefault(loop, {})
    entry = entries.get(key)
    if entry is None or entry.http.closed:
        entry = entries[key] = _open(key)
        entry.guard = _close_with_loop(entry, entries, key)
        await anext(entry.guard)
    return entry


def _open(key: PoolKey) -> Session:
    sockets: weakref.WeakSet[socket] = weakref.WeakSet()
    connector = Connector(
        limit=POOL_SIZE,
        keepalive_timeout=KEEPALIVE,
        ssl=tls_context(key.ca_bundle) if key.is_tls else True,
        socket_factory=partial(create_socket, sockets),
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        request_class=Request,
        auto_decompress=False,
        read_bufsize=READ,
        trust_env=False,
        **_head_limits(),
    )
    return Session(session, sockets)


@cache
def _head_limits() -> dict[str, Any]:
    """Disable aiohttp's head limits; ``HeadReader`` enforces them."""
    limits = {"max_line_size": HEAD_LIMIT, "max_field_size": HEAD_LIMIT, "max_headers": HEAD_LIMIT}
    known = signature(aiohttp.ClientSession).parameters  # max_headers came with aiohttp 3.13
    return {name: limit for name, limit in limits.items() if name in known}


async def _close_with_loop(
    session: Session, entries: dict[PoolKey, Session], key: PoolKey
) -> AsyncGenerator[None, None]:
    """Close the session with its loop: ``asyncio.run`` finishes all open generators."""
    try:
        yield
    finally:
        await session.http.close()
        if entries.get(key) is session:
            del entries[key]  # it references its loop, which has ended


def _close_dead() -> None:
    """Close the sessions of loops that were ended by ``loop.close()`` alone.

    Their transports need the loop to close the sockets, so the sockets are closed directly.
    """
    with _lock:
        dead = [loop for loop in _by_loop if loop.is_closed()]
        sessions = [session for loop in dead for session in _by_loop.pop(loop).values()]
    for session in sessions:
        closing = session.http.close()
        with suppress(Exception):
            closing.send(None)  # never suspends, because its loop is closed
        closing.close()
        for sock in list(session.sockets):
            with suppress(OSError):
                sock.close()


@atexit.register
def _close_all() -> None:
    """Close all sessions at process exit, including those of loops in daemon threads."""
    _close_dead()
    until = time.monotonic() + _LAST_SECONDS
    for loop in list(_by_loop):
        for session in list(_by_loop.get(loop, {}).values()):
            closing = session.http.close()
            with suppress(Exception):
                if loop.is_running():
                    left = max(0.0, until - time.monotonic())
                    asyncio.run_coroutine_threadsafe(closing, loop).result(left)
                else:
                    loop.run_until_complete(closing)

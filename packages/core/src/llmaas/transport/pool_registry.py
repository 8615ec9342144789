"""Keys, TLS settings and registry of the connection pools that clients share."""

from __future__ import annotations

import os
import ssl
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from llmaas._errors_base import ConfigurationError
from llmaas.proxies import proxy_for

POOL_SIZE = 1000
KEEPALIVE = 60.0
"""Seconds that an idle connection is kept."""

Pool = TypeVar("Pool")


@dataclass(frozen=True, slots=True)
class PoolKey:
    """Key under which clients share a connection pool: origin, CA bundle and proxy."""

    origin: str
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)  # may contain a password

    @classmethod
    def create(cls, root: str, ca_bundle: str | None, proxy: str | None) -> PoolKey:
        """Create the key for a base URL, with the environment's proxy except on loopback."""
        parts = urlsplit(root)
        proxy = proxy or proxy_for(parts.scheme, parts.hostname or "", parts.port)
        if proxy and "://" not in proxy:  # environments may omit the scheme
            proxy = f"http://{proxy}"
        return cls(f"{parts.scheme}://{parts.netloc}", ca_bundle, proxy)

    @property
    def is_tls(self) -> bool:
        """Whether the origin uses TLS."""
        return self.origin.startswith("https://")

    def check_proxy(self, *, has_socks: bool = False) -> None:
        """Raise ``ConfigurationError`` for a proxy of an unsupported scheme."""
        scheme = urlsplit(self.proxy or "http:").scheme
        if scheme in ("http", "https") or (has_socks and scheme in ("socks5", "socks5h")):
            return
        raise ConfigurationError(
            f"proxy must be an http(s) URL, got scheme {scheme!r}. Set proxy= or HTTPS_PROXY to an "
            "http proxy, or list the host in NO_PROXY. (Threads support socks5 with socksio.)"
        )


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Return a TLS context: 1.2 or newer, with the system's trust store or the CA bundle.

    Cached, because loading certificates takes a tenth of a second. Created again after gevent
    replaced ``SSLContext``, because the original class would block all greenlets.
    """
    return _tls_context(ca_bundle, ssl.SSLContext)


@lru_cache(maxsize=16)
def _tls_context(ca_bundle: str | None, _kind: type) -> ssl.SSLContext:
    if ca_bundle is not None:
        context = _context_for_bundle(ca_bundle)
    else:
        context = ssl.create_default_context()
        if not _system_has_certificates():
            _load_certifi(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # whatever the system allows
    return context


def _context_for_bundle(ca_bundle: str) -> ssl.SSLContext:
    if not os.path.exists(ca_bundle):
        raise _bad_bundle(ca_bundle, "does not exist")
    is_folder = os.path.isdir(ca_bundle)
    try:
        return ssl.create_default_context(
            cafile=None if is_folder else ca_bundle, capath=ca_bundle if is_folder else None
        )
    except OSError as error:
        raise _bad_bundle(ca_bundle, f"cannot be read: {error}") from error


def _bad_bundle(ca_bundle: str, why: str) -> Exception:
    return ConfigurationError(f"ca_bundle {ca_bundle!r} {why}.")


def _system_has_certificates() -> bool:
    paths = ssl.get_default_verify_paths()
    return os.name == "nt" or bool(paths.cafile or paths.capath)


def _load_certifi(context: ssl.SSLContext) -> None:
    try:
        import certifi
    except ImportError:
        return
    context.load_verify_locations(certifi.where())


class PoolRegistry(Generic[Pool]):
    """Pools by key; each is closed when its last owner is closed or garbage-collected."""

    def __init__(self, make: Callable[[PoolKey], Pool], close: Callable[[Pool], None]) -> None:
        self._make, self._close = make, close
        self._reset()
        if hasattr(os, "register_at_fork"):  # parent and child must not share sockets
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self.generation = object()
        """Replaced after a fork: pools acquired before belong to the parent."""
        self._lock = threading.Lock()
        self._pools: dict[PoolKey, tuple[Pool, set[int]]] = {}
        self._returned: deque[tuple[PoolKey, int]] = deque()

    def acquire(self, key: PoolKey, owner: Any) -> Pool:
        """Return the pool of a key; it stays open as long as ``owner`` exists."""
        with self._lock:
            unused = self._collect_unused()  # first, because ids of collected owners are reused
            entry = self._pools.get(key)
            if entry is None:
                entry = self._pools[key] = (self._make(key), set())
            pool, owners = entry
            is_new = id(owner) not in owners
            owners.add(id(owner))
        if is_new:
            weakref.finalize(owner, self.release, key, id(owner)).atexit = False
        for each in unused:
            self._close(each)
        self._close_unused()
        return pool

    def release(self, key: PoolKey, owner_id: int) -> None:
        """Release the pool of an owner; never blocks, as the garbage collector may call it."""
        self._returned.append((key, owner_id))
        self._close_unused()

    def _close_unused(self) -> None:
        """Close unused pools, unless another thread holds the lock and closes them."""
        while self._returned and self._lock.acquire(blocking=False):
            try:
                unused = self._collect_unused()
            finally:
                self._lock.release()
            for pool in unused:
                self._close(pool)

    def _collect_unused(self) -> list[Pool]:
        unused = []
        while self._returned:
            key, owner_id = self._returned.popleft()
            entry = self._pools.get(key)
            if entry is None:
                continue
            pool, owners = entry
            owners.discard(owner_id)
            if not owners:
                del self._pools[key]
                unused.append(pool)
        return unused

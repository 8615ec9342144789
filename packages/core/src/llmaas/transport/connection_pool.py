"""Connection pool for threads, direct or through a proxy."""

from __future__ import annotations

import ssl
from typing import Any, Protocol

from llmaas._http_library import http
from llmaas.transport.direct_pool import DirectPool
from llmaas.transport.pool_registry import POOL_SIZE, PoolKey, tls_context
from llmaas.transport.proxy_pool import ProxyPool


class _Pool(Protocol):
    def handle_request(self, request: Any) -> Any:
        """Send a request of the HTTP library; return its response."""

    def close(self) -> None:
        """Close all connections."""


class ConnectionPool:
    """Connections to one origin, directly or through a proxy.

    ``transport`` converts the HTTP library's requests to its responses. It is an instance of the
    library's own mock transport, so that cassette recorders, which patch it, see every request.
    """

    def __init__(self, key: PoolKey) -> None:
        self._pool = _open_pool(key)
        self.transport = http().MockTransport(self._pool.handle_request)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _open_pool(key: PoolKey) -> _Pool:
    # No certificates are loaded where none are needed; the context still verifies.
    context = tls_context(key.ca_bundle) if key.is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if key.proxy is None:
        return DirectPool(key.origin, context, POOL_SIZE)
    return ProxyPool(key, context, POOL_SIZE)

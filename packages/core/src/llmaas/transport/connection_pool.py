"""Connection pools for threads, direct or through a proxy."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

from llmaas._http_library import http, http_core
from llmaas.transport.deadline_backend import DeadlineBackend
from llmaas.transport.http11_connection import HTTP11Connection
from llmaas.transport.pool_registry import KEEPALIVE, POOL_SIZE, PoolKey, tls_context


class ConnectionPool:
    """Connections to one origin through one proxy.

    ``transport`` converts the HTTP library's requests to its responses. It is an instance of the
    library's own mock transport, so that cassette recorders, which patch it, see every request.
    """

    def __init__(self, key: PoolKey) -> None:
        self._core, self._library = http_core(), http()
        self._pool = _pool(self._core, key)
        self.transport = self._library.MockTransport(self._handle)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _handle(self, request: Any) -> Any:
        url = request.url
        sent = self._core.Request(
            request.method,
            self._core.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.content,
            extensions=request.extensions,
        )
        received = self._pool.handle_request(sent)
        return self._library.Response(
            received.status,
            headers=received.headers,
            stream=received.stream,
            extensions=received.extensions,
        )


def _pool(core: Any, key: PoolKey) -> Any:
    # No certificates are loaded where none are needed; the context still verifies.
    ssl_context = (
        tls_context(key.ca_bundle) if key.is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    backend = DeadlineBackend(core)
    options = {
        "ssl_context": ssl_context,
        "max_connections": POOL_SIZE,
        "max_keepalive_connections": POOL_SIZE,
        "keepalive_expiry": KEEPALIVE,
        "network_backend": backend,
    }
    if key.proxy is None:
        pool = core.ConnectionPool(**options)
        pool.create_connection = lambda origin: HTTP11Connection(
            core, origin, backend, ssl_context, KEEPALIVE
        )
        return pool
    return _proxy_pool(core, key, key.proxy, options)


def _proxy_pool(core: Any, key: PoolKey, proxy: str, options: dict[str, Any]) -> Any:
    parts = urlsplit(proxy)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 1080)
    where = core.URL(
        scheme=parts.scheme.encode(), host=(parts.hostname or "").encode(), port=port, target=b"/"
    )
    auth = None
    if parts.username:
        auth = unquote(parts.username).encode(), unquote(parts.password or "").encode()
    if parts.scheme.startswith("socks"):
        key.check_proxy(has_socks=_has_socks())
        return core.SOCKSProxy(proxy_url=where, proxy_auth=auth, **options)
    key.check_proxy()
    if parts.scheme == "https":
        options["proxy_ssl_context"] = tls_context(key.ca_bundle)
    return core.HTTPProxy(proxy_url=where, proxy_auth=auth, **options)


def _has_socks() -> bool:
    from importlib.util import find_spec

    return find_spec("socksio") is not None

"""Pools of connections for threads: straight to the service, or through a proxy."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

from llmaas._http_library import http, http_core
from llmaas.transport.deadline_backend import DeadlineBackend
from llmaas.transport.http11_connection import HTTP11Connection
from llmaas.transport.pool_registry import KEEPALIVE, POOL_SIZE, PoolKey, tls_context


class ConnectionPool:
    """The connections to one network.

    ``door`` takes the HTTP library's requests and gives its responses. It is that library's own
    way to have requests answered by a function, so that recorders of cassettes, which look
    there, see ours as well.
    """

    def __init__(self, network: PoolKey) -> None:
        self._core, self._library = http_core(), http()
        self._pool = _pool(self._core, network)
        self.door = self._library.MockTransport(self._answer)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _answer(self, request: Any) -> Any:
        url = request.url
        asked = self._core.Request(
            request.method,
            self._core.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.content,
            extensions=request.extensions,
        )
        came = self._pool.handle_request(asked)
        return self._library.Response(
            came.status, headers=came.headers, stream=came.stream, extensions=came.extensions
        )


def _pool(core: Any, network: PoolKey) -> Any:
    # No certificates are loaded where none are needed; the context still verifies.
    trust = (
        tls_context(network.ca_bundle)
        if network.is_tls
        else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    lines = DeadlineBackend(core)
    options = {
        "ssl_context": trust,
        "max_connections": POOL_SIZE,
        "max_keepalive_connections": POOL_SIZE,
        "keepalive_expiry": KEEPALIVE,
        "network_backend": lines,
    }
    if network.proxy is None:
        pool = core.ConnectionPool(**options)
        pool.create_connection = lambda origin: HTTP11Connection(
            core, origin, lines, trust, KEEPALIVE
        )
        return pool
    return _through(core, network, network.proxy, options)


def _through(core: Any, network: PoolKey, proxy: str, options: dict[str, Any]) -> Any:
    parts = urlsplit(proxy)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 1080)
    where = core.URL(
        scheme=parts.scheme.encode(), host=(parts.hostname or "").encode(), port=port, target=b"/"
    )
    auth = None
    if parts.username:
        auth = unquote(parts.username).encode(), unquote(parts.password or "").encode()
    if parts.scheme.startswith("socks"):
        network.check_proxy(has_socks=_has_socks())
        return core.SOCKSProxy(proxy_url=where, proxy_auth=auth, **options)
    network.check_proxy()
    if parts.scheme == "https":
        options["proxy_ssl_context"] = tls_context(network.ca_bundle)
    return core.HTTPProxy(proxy_url=where, proxy_auth=auth, **options)


def _has_socks() -> bool:
    from importlib.util import find_spec

    return find_spec("socksio") is not None

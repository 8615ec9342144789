"""Connection pool through a proxy: the HTTP library's own."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

from llmaas._http_library import http, http_core
from llmaas.transport.deadline_backend import DeadlineBackend
from llmaas.transport.pool_registry import KEEPALIVE, PoolKey, tls_context


class ProxyPool:
    """At most ``size`` connections through the proxy of a key."""

    def __init__(self, key: PoolKey, ssl_context: ssl.SSLContext, size: int) -> None:
        self._core, self._library = http_core(), http()
        options = {
            "ssl_context": ssl_context,
            "max_connections": size,
            "max_keepalive_connections": size,
            "keepalive_expiry": KEEPALIVE,
            "network_backend": DeadlineBackend(self._core),
        }
        self._pool = _open_pool(self._core, key, options)

    def handle_request(self, request: Any) -> Any:
        """Send a request of the HTTP library; return its response."""
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

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _open_pool(core: Any, key: PoolKey, options: dict[str, Any]) -> Any:
    proxy = key.proxy or ""
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

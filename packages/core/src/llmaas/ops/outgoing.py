"""HTTP requests from effects, and the transports that send them by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmaas._version import __version__
from llmaas.transport.base import AsyncTransport, Request, SyncTransport

if TYPE_CHECKING:
    from llmaas.ops.effects import Send
    from llmaas.settings import Settings

_USER_AGENT = f"llmaas-python/{__version__}"


def build_http_request(settings: Settings, send: Send, key: str) -> Request:
    """Build the HTTP request of an effect; a call's own headers win over the client's."""
    headers = {
        "authorization": f"Bearer {key}",
        "accept": "text/event-stream" if send.stream else "application/json",
        "accept-encoding": "gzip, deflate",
        "user-agent": _USER_AGENT,
        **{name.lower(): value for name, value in settings.headers},
        **{name.lower(): value for name, value in send.headers.items()},
    }
    return Request(
        send.method,
        settings.root + send.path,
        headers,
        send.body,
        send.timeout,
        send.stream,
        send.deadline,
    )


# Imported at first use: the HTTP libraries take a quarter of a second to import.
def create_sync_transport(settings: Settings) -> SyncTransport:
    """Create the default transport for threads."""
    from llmaas.transport.httpx_transport import HTTPXTransport

    return HTTPXTransport(settings)


def create_async_transport(settings: Settings) -> AsyncTransport:
    """Create the default transport for asyncio."""
    from llmaas.transport.aiohttp_transport import AiohttpTransport

    return AiohttpTransport(settings)

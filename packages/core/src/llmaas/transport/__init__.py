"""HTTP transports: one for threads on the SDK's HTTP library, one for asyncio on aiohttp.

Both omit the expensive parts of a general SDK (request transforms, response models, cookies,
redirects) and support TLS, proxies, CA bundles, connection pools and timeouts.
"""

from llmaas.transport.base import AsyncReply, AsyncTransport, Reply, Request, SyncTransport

__all__ = ["AsyncReply", "AsyncTransport", "Reply", "Request", "SyncTransport"]

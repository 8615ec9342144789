"""The two shells that do I/O: ``sync`` on the SDK's HTTP library, ``aio`` on aiohttp.

Both skip what costs in a general SDK (request transform, response models, cookies,
redirects) and keep what users rely on: TLS, proxies, CA settings, pools, timeouts.
"""

from llmaas.transport.base import AsyncReply, AsyncTransport, Reply, Request, SyncTransport

__all__ = ["AsyncReply", "AsyncTransport", "Reply", "Request", "SyncTransport"]

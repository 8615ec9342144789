"""Sandbox behind a limit of requests per second, like a tier's limit."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from llmaas_sandbox import create_app
from llmaas_sandbox.config import Config

KEY = "sk-sandbox"


class Limiter:
    """An ASGI application that lets ``limit`` requests a second through and counts the rest.

    A refusal tells when the second ends as the documented header does: in epoch seconds.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.passed = self.refused = 0
        self._app = create_app(Config(api_keys=(KEY,)))
        self._second = (0, 0)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        now = int(time.time())
        used = self._second[1] if self._second[0] == now else 0
        if used < self.limit:
            self._second = (now, used + 1)
            self.passed += 1
            await self._app(scope, receive, send)
            return
        self.refused += 1
        reset = str(now + 1).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"x-ratelimit-reset-requests", reset),
        ]
        body = {"error": {"message": "Rate limit exceeded.", "code": "rate_limit_exceeded"}}
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


@contextmanager
def limited(limit: int) -> Iterator[tuple[Limiter, str]]:
    """Yield the limiter and its address."""
    limiter = Limiter(limit)
    config = uvicorn.Config(limiter, port=0, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server could not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield limiter, f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(5)

"""Adapter to test both clients: calls are written once, and run sync and async."""

from __future__ import annotations

import asyncio
from typing import Any

from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.types import Event


class Sync:
    """``LLMaaS``, called."""

    def __init__(self, **options: Any) -> None:
        self.client = LLMaaS(**{"max_retries": 0, **options})

    def do(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method and return its result."""
        return getattr(self.client, method)(*args, **options)

    def events(self, *args: Any, **options: Any) -> list[Event]:
        """Return all events of a stream."""
        with self.client.stream(*args, **options) as stream:
            return list(stream)


class Async:
    """``AsyncLLMaaS``, awaited in an event loop of its own for each call."""

    def __init__(self, **options: Any) -> None:
        self.client = AsyncLLMaaS(**{"max_retries": 0, **options})

    def do(self, method: str, *args: Any, **options: Any) -> Any:
        """Await a method and return its result."""
        return asyncio.run(getattr(self.client, method)(*args, **options))

    def events(self, *args: Any, **options: Any) -> list[Event]:
        """Return all events of a stream."""

        async def read() -> list[Event]:
            async with await self.client.stream(*args, **options) as stream:
                return [event async for event in stream]

        return asyncio.run(read())

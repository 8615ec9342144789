"""Worker process that shares a key's limit with others through Redis."""

from __future__ import annotations

import asyncio
from typing import Any

import llmaas
from llmaas import AsyncLLMaaS
from llmaas.quota import Limit, Quota, RedisLedger

HOURLY = 3_000
MODEL = "llama3.3:70b"


def work(base_url: str, api_key: str, redis_url: str, tasks: int, queue: Any) -> None:
    """Make calls in ``tasks`` tasks at once until the quota says stop; tell what each used."""
    ledger = RedisLedger(redis_url, prefix="crowd")
    quota = Quota(limits=[Limit(HOURLY, 3600)], ledger=ledger, wait=False)
    client = AsyncLLMaaS(api_key=api_key, base_url=base_url, hooks=[quota], max_retries=0)

    async def one(number: int) -> tuple[int, str]:
        used = 0
        while True:
            try:
                answer = await client.chat(f"Dis {number} ?", model=MODEL, max_tokens=30)
            except llmaas.QuotaExceededError:
                return used, "quota"
            except llmaas.RateLimitError:
                return used, "429"
            used += answer.usage.completion_tokens if answer.usage else 0

    async def together() -> list[tuple[int, str]]:
        return await asyncio.gather(*(one(number) for number in range(tasks)))

    queue.put(asyncio.run(together()))
    ledger.close()

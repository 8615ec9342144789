"""Contract cases about client objects: loops, threads, pickles, secrets, cancellation."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.helpers.contract.driver import Harness, Request
from tests.helpers.contract.registry import Contract, asynchronous, can_cancel

contract = Contract()
KEY = "sk-canary-0123456789"
PATIENCE = 10.0
"""Seconds until the sandbox must have seen that its caller is gone."""


class LogCollector(logging.Handler):
    """Handler that collects log records of every level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(record.getMessage())


@contract.case("cancelling closes the connection", can_cancel)
async def cancelled(harness: Harness) -> None:
    fault = "stall:30:3" if harness.mode.stream else "slow-headers:30"
    harness.box.script([{"content": "Un deux trois quatre.", "fault": fault}])
    if harness.mode.sync:
        asked = Request(stream=True)
        await asyncio.to_thread(harness.driver.cancel_sync, harness.connect(), asked)
    else:
        await cancel(harness)
    assert await comes_true(lambda: harness.box.requests[-1].disconnected)


async def cancel(harness: Harness) -> None:
    """Ask, and cancel the task once the sandbox is at work."""
    task = asyncio.ensure_future(harness.ask())
    assert await comes_true(lambda: harness.box.requests)
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENCE)
    assert task.cancelled()


async def comes_true(condition: Any) -> bool:
    """Wait until a condition holds in another thread."""
    for _ in range(int(PATIENCE / 0.02)):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False


@contract.case("one object in three event loops", asynchronous)
async def loops(harness: Harness) -> None:
    client = harness.connect()

    def run(_: int) -> str:
        return asyncio.run(harness.ask(client, text='Say "Oui"')).text

    with ThreadPoolExecutor(1) as pool:
        found = await asyncio.wrap_future(pool.submit(lambda: [run(n) for n in range(3)]))
    assert found == ["Oui"] * 3


@contract.case("one object in four threads at once")
async def threads(harness: Harness) -> None:
    client = harness.connect()

    def run() -> str:
        return asyncio.run(harness.ask(client, text='Say "Oui"')).text

    with ThreadPoolExecutor(4) as pool:
        tasks = [asyncio.wrap_future(pool.submit(run)) for _ in range(8)]
        assert set(await asyncio.gather(*tasks)) == {"Oui"}


@contract.case("a pickled object works and holds no key")
async def pickled(harness: Harness) -> None:
    data = pickle.dumps(harness.connect())
    assert harness.box.api_key.encode() not in data
    assert (await harness.ask(pickle.loads(data), text='Say "Oui"')).text == "Oui"


@contract.case("the key appears in no repr, log or error, also if the service echoes it")
async def secret(harness: Harness) -> None:
    client = harness.connect(key=KEY)
    body = {"error": {"message": f"Incorrect key: {KEY}", "code": "invalid_api_key"}}
    harness.box.script([{"status": 401, "json": body}])
    root, diary = logging.getLogger(), LogCollector()
    level = root.level
    root.addHandler(diary)
    root.setLevel(logging.DEBUG)
    try:
        error = await harness.expect_error(client)
    finally:
        root.setLevel(level)
        root.removeHandler(diary)
    assert not harness.box.pending_steps, f"failed for another reason: {error!r}"
    shown = [repr(client), str(client), repr(error), *traceback.format_exception(error)]
    assert not any(KEY in text for text in shown + diary.lines)

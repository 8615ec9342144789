"""The contract's rows about the objects: loops, threads, pickles, secrets, leaving."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.helpers.contract.driver import Bench, Question
from tests.helpers.contract.registry import Rows, awaited, can_be_left

ROWS = Rows()
row = ROWS.row
KEY = "sk-canary-0123456789"
PATIENCE = 10.0
"""Seconds until the sandbox must have seen that its caller is gone."""


class Diary(logging.Handler):
    """Keeps every line that is logged, however small."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(record.getMessage())


@row("cancelling closes the connection", can_be_left)
async def cancelled(bench: Bench) -> None:
    fault = "stall:30:3" if bench.way.stream else "slow-headers:30"
    bench.box.script([{"content": "Un deux trois quatre.", "fault": fault}])
    if bench.way.sync:
        asked = Question(stream=True)
        await asyncio.to_thread(bench.driver.leave_sync, bench.connect(), asked)
    else:
        await cancel(bench)
    assert await comes_true(lambda: bench.box.requests[-1].disconnected)


async def cancel(bench: Bench) -> None:
    """Ask, and cancel the task once the sandbox is at work."""
    task = asyncio.ensure_future(bench.ask())
    assert await comes_true(lambda: bench.box.requests)
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENCE)
    assert task.cancelled()


async def comes_true(condition: Any) -> bool:
    """Wait for something that another thread does."""
    for _ in range(int(PATIENCE / 0.02)):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False


@row("one object in three event loops", awaited)
async def loops(bench: Bench) -> None:
    client = bench.connect()

    def run(_: int) -> str:
        return asyncio.run(bench.ask(client, text='Say "Oui"')).text

    with ThreadPoolExecutor(1) as pool:
        found = await asyncio.wrap_future(pool.submit(lambda: [run(n) for n in range(3)]))
    assert found == ["Oui"] * 3


@row("one object in four threads at once")
async def threads(bench: Bench) -> None:
    client = bench.connect()

    def run() -> str:
        return asyncio.run(bench.ask(client, text='Say "Oui"')).text

    with ThreadPoolExecutor(4) as pool:
        tasks = [asyncio.wrap_future(pool.submit(run)) for _ in range(8)]
        assert set(await asyncio.gather(*tasks)) == {"Oui"}


@row("a pickled object answers, and holds no key")
async def pickled(bench: Bench) -> None:
    data = pickle.dumps(bench.connect())
    assert bench.box.api_key.encode() not in data
    assert (await bench.ask(pickle.loads(data), text='Say "Oui"')).text == "Oui"


@row("the key in no repr, no log and no error, even if the service echoes it")
async def secret(bench: Bench) -> None:
    client = bench.connect(key=KEY)
    body = {"error": {"message": f"Incorrect key: {KEY}", "code": "invalid_api_key"}}
    bench.box.script([{"status": 401, "json": body}])
    root, diary = logging.getLogger(), Diary()
    level = root.level
    root.addHandler(diary)
    root.setLevel(logging.DEBUG)
    try:
        error = await bench.fails(client)
    finally:
        root.setLevel(level)
        root.removeHandler(diary)
    assert not bench.box.unplayed, f"failed for another reason: {error!r}"
    shown = [repr(client), str(client), repr(error), *traceback.format_exception(error)]
    assert not any(KEY in text for text in shown + diary.lines)

"""Calls of a process that has no file descriptor left; it has not imported our errors yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from llmaas_sandbox import Sandbox

pytest.importorskip("resource", reason="this system limits no descriptors")
PRELUDE = """
import asyncio, os, resource, sys, threading
from llmaas import AsyncLLMaaS, LLMaaS

def take_all():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    while True:
        try:
            os.open(os.devnull, os.O_RDONLY)
        except OSError:
            return

options = {"base_url": sys.argv[1], "api_key": sys.argv[2], "max_retries": 0}
"""
ASYNC = """
async def main():
    async with AsyncLLMaaS(**options) as client:
        async with await client.stream('Say "warm"', model="llama3.3:70b") as stream:
            await stream.until_done()
        stream = await client.stream('Say "one"', model="llama3.3:70b")
        take_all()
        other = asyncio.create_task(client.chat('Say "two"', model="llama3.3:70b"))
        await asyncio.sleep(0.3)
        await stream.until_done()
        print((await other).text, "llmaas._error_factory" in sys.modules)

asyncio.run(main())
"""
SYNC = """
with LLMaaS(**options) as client:
    with client.stream('Say "warm"', model="llama3.3:70b") as stream:
        stream.until_done()
    stream = client.stream('Say "one"', model="llama3.3:70b")
    take_all()
    threading.Timer(0.3, stream.until_done).start()
    text = client.chat('Say "two"', model="llama3.3:70b").text
    print(text, "llmaas._error_factory" in sys.modules)
"""


@pytest.mark.parametrize("body", [ASYNC, SYNC], ids=["async", "sync"])
def test_call_waits_for_a_connection_when_no_descriptor_is_left(body: str) -> None:
    with Sandbox(tokens_per_second=50) as box:
        command = [sys.executable, "-c", PRELUDE + body, box.base_url, box.api_key]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.stdout.split() == ["two", "False"], done.stderr[-2000:]

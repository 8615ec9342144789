"""Load test of the sandbox: ``python tests/bench/sandbox_load.py [--seconds 5] [--requests N]``.

The server runs in a process of its own, the load comes from this one over raw sockets. Each line
is one number of connections; ``--requests`` sends that many in all and watches the server's
memory and its audit trail instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

QUESTION = "[1] Le service est hébergé en France.\n\nQuestion : Où est hébergé le service ?"


MAX_GROWTH = 5.0
"""Megabytes after the first 10,000 requests that count as flat: the noise of an allocator."""


@dataclass
class Tally:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    chunks: int = 0
    failures: int = 0


def request(stream: bool, number: int = 0) -> bytes:
    """Write a request; with a number, one that no other request is equal to."""
    question = f"{QUESTION} ({number})" if number else QUESTION
    body = json.dumps(
        {
            "model": "gemma4:31b",
            "messages": [{"role": "user", "content": question}],
            "stream": stream,
        }
    ).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-sandbox\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Read one answer; return its status and the number of its events."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, lower = int(head[9:12]), head.lower()
    if b"content-length:" in lower:
        length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        return status, 0
    events = 0
    while size := int(await reader.readline(), 16):
        events += (await reader.readexactly(size + 2)).count(b"data: ")
    await reader.readexactly(2)
    return status, events


async def connection(port: int, data: bytes, until: float, tally: Tally) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(data)
        try:
            status, events = await answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            tally.failures += 1
            break
        tally.seconds.append(time.perf_counter() - started)
        tally.chunks += events
        tally.failures += status != 200
    writer.close()


async def load(port: int, connections: int, stream: bool, seconds: float) -> None:
    tally, data = Tally(), request(stream)
    started = time.perf_counter()
    tasks = [connection(port, data, started + seconds, tally) for _ in range(connections)]
    await asyncio.gather(*tasks)
    took = time.perf_counter() - started
    ordered = sorted(tally.seconds) or [0.0]
    p50, p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.99))
    kind = "streamed" if stream else "whole"
    print(
        f"{kind:<9}{connections:>6} connections {len(ordered) / took:>8.0f} requests/s "
        f"{tally.chunks / took:>9.0f} chunks/s   p50 {p50:>8.1f} ms   p99 {p99:>8.1f} ms   "
        f"{tally.failures} failures",
        flush=True,
    )


async def count(port: int, total: int, pid: int) -> bool:
    """Send a number of requests over 20 connections; tell whether memory stays flat.

    Every second request is streamed, every third one is unlike all others.
    """
    left, tally, samples = total, Tally(), [0.0]
    step = min(10_000, max(1, total // 10))

    async def work() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0:
            left -= 1
            writer.write(request(left % 2 == 0, 0 if left % 3 else left))
            status, _ = await answer(reader)
            tally.failures += status != 200
            tally.chunks += 1
            if tally.chunks % step == 0:
                samples.append(memory(pid))
                print(f"{tally.chunks:>9} requests   {samples[-1]:>7.1f} MB", flush=True)
        writer.close()

    await asyncio.gather(*(work() for _ in range(20)))
    grown = samples[-1] - samples[1]
    print(f"{tally.failures} failures, {grown:+.1f} MB after the first {step:,} requests")
    return not tally.failures and grown <= MAX_GROWTH


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    is_flat = True
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--data", action="store_true", help="keep the records in a file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "llmaas_sandbox", "--port", "0"]
        command += ["--data-dir", folder] if given.data else []
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        port = int(server.stdout.readline().split(":")[2].split("/")[0])
        time.sleep(1.0)
        try:
            if given.requests:
                is_flat = asyncio.run(count(port, given.requests, server.pid))
            else:
                for stream in (False, True):
                    for connections in (1, 100, 1000):
                        asyncio.run(load(port, connections, stream, given.seconds))
        finally:
            server.terminate()
            server.wait(30)
        if given.data:
            command = [sys.executable, "-m", "llmaas_sandbox", "audit", "--data-dir", folder]
            subprocess.run([*command, "verify"], check=True)
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main())

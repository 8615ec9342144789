"""Every writer killed fifty times at random points: what was acknowledged must be there.

    python tests/load/kills.py [--kills N] [WRITER ...] [--write]

A child does one thing after another and acknowledges each on a pipe; it is killed by SIGKILL after
a random time, and the next child goes on. ``--write`` keeps the table in tests/README.md. Ends
with 1 when something that was acknowledged is lost, or was billed twice without a word.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1])]

from tools.tables import markdown, put  # noqa: E402

LONGEST = 0.12
"""Seconds that a child lives at most, after its first acknowledgment."""
WARM = (
    "_error_factory transport.httpx_transport transport.aiohttp_transport bulk.engine_asyncio"
    " bulk.engine_batch telemetry usage_log quota"
)
"""What children would import, each by itself, before they do anything."""
Row = dict[str, Any]


class Pipe:
    """What a child acknowledges, each in one write that nothing can tear."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()

    def tell(self, entry: str) -> None:
        os.write(self.writing, f"{entry}\n".encode())

    def read(self) -> list[str]:
        os.close(self.writing)
        with os.fdopen(self.reading, encoding="ascii") as file:
            return file.read().split()


def killed(work: Callable[[Callable[[str], None]], None], longest: float = LONGEST) -> list[str]:
    """Let a child work, kill it at a random point, and return what it has acknowledged."""
    pipe = Pipe()
    child = os.fork()
    if child == 0:
        os.close(pipe.reading)
        try:
            work(pipe.tell)
        finally:
            os._exit(1)
    if random.random() < 0.8:  # the others may die before they have done anything
        select.select([pipe.reading], [], [], 20)
    time.sleep(random.uniform(0, longest))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert status == signal.SIGKILL, f"the child ended by itself: {status}"
    return pipe.read()


# --- ledgers ----------------------------------------------------------------------------------


def _count(ledger: Any, limits: Any) -> Callable[[Callable[[str], None]], None]:
    def work(tell: Callable[[str], None]) -> None:
        while True:
            taken = ledger.reserve("a", 100, limits)
            used = random.randint(1, 50)
            ledger.settle(taken, used, limits)
            tell(str(used))

    return work


def _ledger(kills: int, ledger: Any, *, hold: float = 0.0) -> Row:
    from llmaas.quota import Limit

    limits, acknowledged, worst = [Limit(10**12)], 0, 0
    for _ in range(kills):
        acknowledged += sum(map(int, killed(_count(ledger, limits))))
        worst = max(worst, acknowledged - ledger.used("a", limits[0]))
    time.sleep(hold)
    used = ledger.used("a", limits[0])
    return {
        "acknowledged": acknowledged,
        "lost": max(0, worst, acknowledged - used),
        # At most one settlement of each child came through without its acknowledgment.
        "unsaid": max(0, used - acknowledged - 50 * kills),
    }


def sqlite(kills: int, folder: Path) -> Row:
    """SQLiteLedger, its clients killed."""
    from llmaas.quota import SQLiteLedger

    return _ledger(kills, SQLiteLedger(folder / "l.db"))


def redis(kills: int, folder: Path) -> Row:
    """RedisLedger, its clients killed."""
    from llmaas.quota import RedisLedger

    server, port = _redis(folder)
    try:
        return _ledger(kills, RedisLedger(f"redis://127.0.0.1:{port}/0", hold=0.5), hold=0.6)
    finally:
        server.kill()


def redis_server(kills: int, folder: Path) -> Row:
    """RedisLedger, the server killed (appendfsync always)."""
    from llmaas.quota import Limit, RedisLedger
    from llmaas.quota.late_settlements import LATE_SETTLEMENTS

    limits, acknowledged, worst = [Limit(10**12)], 0, 0
    server, port = _redis(folder)
    ledger = RedisLedger(f"redis://127.0.0.1:{port}/0")
    for _ in range(kills):
        end = time.monotonic() + random.uniform(0, LONGEST)
        killing = subprocess.Popen(
            ["/bin/sh", "-c", f"sleep {random.uniform(0, LONGEST):.3f}; kill -9 {server.pid}"]
        )
        try:
            while time.monotonic() < end + 5:
                taken = ledger.reserve("a", 100, limits)
                LATE_SETTLEMENTS.settle(ledger, taken, 7, limits)
                acknowledged += 7
        except Exception:  # the server is gone
            killing.wait()
        server.wait()
        server, _ = _redis(folder, port)
        LATE_SETTLEMENTS.apply(ledger)
        worst = max(worst, acknowledged - ledger.used("a", limits[0]))
    used = ledger.used("a", limits[0])
    server.kill()
    return {"acknowledged": acknowledged, "lost": max(0, worst), "unsaid": used - acknowledged}


def _redis(folder: Path, port: int = 0) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = port or probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    options += ["--appendonly", "yes", "--appendfsync", "always"]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as asking:
                asking.sendall(b"PING\r\n")
                if asking.recv(100).startswith(b"+PONG"):
                    return server, port
        except OSError:
            time.sleep(0.01)


# --- logs -------------------------------------------------------------------------------------


def _log(kills: int, path: Path, base_url: str, hook: Any) -> Row:
    from llmaas import LLMaaS

    client = LLMaaS(api_key="sk-sandbox", base_url=base_url, hooks=[hook])

    def work(tell: Callable[[str], None]) -> None:
        while True:
            client.chat("Hello", model="llama3.3:70b", max_tokens=5)
            tell("call")

    acknowledged = sum(len(killed(work)) for _ in range(kills))
    whole = torn = 0
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            json.loads(line)
            whole += 1
        except ValueError:
            torn += 1
    return {
        "acknowledged": acknowledged,
        "lost": max(0, acknowledged - whole),
        "unsaid": max(0, whole - acknowledged - kills),
        "torn": torn,
    }


def audit(kills: int, folder: Path) -> Row:
    """AuditLog."""
    from llmaas.telemetry import AuditLog
    from llmaas_sandbox import Sandbox

    with Sandbox() as box:
        return _log(kills, folder / "log", box.base_url, AuditLog(folder / "log"))


def usage(kills: int, folder: Path) -> Row:
    """UsageLog."""
    from llmaas.usage_log import UsageLog
    from llmaas_sandbox import Sandbox

    with Sandbox() as box:
        return _log(kills, folder / "log", box.base_url, UsageLog(folder / "log"))


# --- bulk runs --------------------------------------------------------------------------------


def checkpoint(kills: int, folder: Path) -> Row:
    """The checkpoint of a bulk run (OUT and OUT.state), without a service."""
    from llmaas.bulk.checkpoint import Checkpoint

    out = folder / "out"

    def work(tell: Callable[[str], None]) -> None:
        run_files = Checkpoint(out, {"model": "m"})
        index = 0
        while True:
            if index not in run_files.done:
                sent = run_files.mark_sent(index)
                tell(f"s{index}")
                record = {"index": index, "ok": True, "cost_micro_eur": 1, "sent": sent}
                run_files.save_result({**record, "text": "x" * random.randint(0, 20_000)})
                tell(f"d{index}")
            index += 1

    told = [entry for _ in range(kills) for entry in killed(work)]
    sent = Counter(int(entry[1:]) for entry in told if entry[0] == "s")
    finished = [int(entry[1:]) for entry in told if entry[0] == "d"]
    run_files = Checkpoint(out, {"model": "m"})
    run_files.close()
    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    kept = {line["index"]: line["sent"] for line in lines}
    unsaid = [n for n, count in sent.items() if count > kept.get(n, run_files.sent.get(n, 0))]
    return {
        "acknowledged": len(finished),
        "lost": len({*finished} - {*kept}) + len(lines) - len(kept),
        "unsaid": len(unsaid) + len(finished) - len({*finished}),
    }


def _bulk(kills: int, folder: Path, count: int, **options: Any) -> Row:
    from llmaas import LLMaaS, bulk
    from llmaas_sandbox import Sandbox

    out, source = folder / "out", folder / "in"
    source.write_text("".join(json.dumps(f'Say "item {n}"') + "\n" for n in range(count)))
    with Sandbox(tokens_per_second=200) as box:
        client = LLMaaS(api_key=box.api_key, base_url=box.base_url)

        def run(**more: Any) -> Any:
            given = {**options, **more}
            return bulk.run(source, out, model="llama3.3:70b", client=client, **given)

        def work(tell: Callable[[str], None]) -> None:
            run(progress=lambda progress: tell(str(progress.done)))
            time.sleep(60)

        finished = 0
        for _ in range(kills):
            killed(work, 6 * LONGEST)
            data = out.read_bytes() if out.exists() else b""
            now = data.count(b"\n")
            assert now >= finished, "a result is gone"
            finished = now
        report = run()
        if report.unconfirmed:
            more = {**options.get("engine_options", {}), "resubmit": True}
            report = run(engine_options=more)
        times: Counter[str] = Counter()
        for request in box.requests:
            body = request.json or {}
            several = body.get("messages") if request.path.endswith("/batch") else None
            for messages in several or [body.get("messages")]:
                if messages:
                    times[messages[-1]["content"]] += 1
    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    missing = {*range(count)} - {line["index"] for line in lines}
    unsaid = [n for n in lines if n["sent"] < times[f'Say "item {n["index"]}"']]
    return {
        "acknowledged": finished,
        "lost": len(missing) + len(lines) - count + (not report.complete),
        "unsaid": len(unsaid),
    }


def bulk_asyncio(kills: int, folder: Path) -> Row:
    """A bulk run by asyncio."""
    return _bulk(kills, folder, 60 * kills, concurrency=8)


def bulk_batch(kills: int, folder: Path) -> Row:
    """A bulk run by the batch endpoint."""
    quick = {"batch_size": 5, "poll": 0.01, "max_open": 3}
    return _bulk(kills, folder, 40 * kills, engine="batch", engine_options=quick)


WRITERS: dict[str, Callable[[int, Path], Row]] = {
    function.__name__: function
    for function in (
        sqlite,
        redis,
        redis_server,
        audit,
        usage,
        checkpoint,
        bulk_asyncio,
        bulk_batch,
    )
}


def run(names: list[str], kills: int) -> list[Row]:
    """Kill each writer; return a row for each."""
    for module in WARM.split():
        importlib.import_module(f"llmaas.{module}")
    rows = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            row = {"writer": name, "kills": kills, **WRITERS[name](kills, Path(folder))}
        print(json.dumps(row), flush=True)
        rows.append(row)
    return rows


def table(rows: list[Row]) -> str:
    """Return the rows as a table."""
    names = ("kills", "acknowledged", "lost", "unsaid")
    told = [(WRITERS[row["writer"]].__doc__ or "").rstrip(".") for row in rows]
    figures = [[f"{row[name]:,}" for name in names] for row in rows]
    head = ["writer", "kills", "acknowledged", "lost", "twice without a word"]
    return markdown(head, [[what, *row] for what, row in zip(told, figures, strict=True)])


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("writers", nargs="*", help=", ".join(WRITERS))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = run(given.writers or [*WRITERS], given.kills)
    if given.write:
        put("kills", "python tests/load/kills.py --write", table(rows))
    return int(any(row["lost"] or row["unsaid"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())

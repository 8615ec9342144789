"""Stages for Ray Data beside the asyncio engine, and memory over many rows; needs ``llmaas[ray]``.

    python tests/bench/ray_stages.py [--rounds N] [--latency S ...] [--memory ROWS ...] [--write]

A server of canned answers in a process of its own notes when each request came. What counts is
the rate late in a run, when all actors are up and have found their number of calls in flight.
All engines take turns in each round; the median of the rounds counts. For memory, answers come
from inside the actors, so that a million rows take minutes. Ends with 1 when rows are missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import stub

MODEL, KEY = "gpt-oss:20b", "sk-bench"
CALLS = 32
"""Calls in flight of one actor."""
ROWS = 94
"""Rows for each call in flight: its limit grows by one a round, from eight."""
ACTORS = (1, 2, 4)
STEADY = 0.65, 0.95
"""The part of a run, in shares of its requests, whose rate counts."""
STORE = 256 << 20
"""Bytes of Ray's object store, far less than a million rows take."""


def main() -> int:
    """Measure, print, and keep the figures if asked to."""
    given = parse_arguments()
    if given.serve is not None:
        asyncio.run(serve(given.serve))
        return 0
    if given.memory_of:
        print(json.dumps(memory(given.memory_of)))
        return 0
    tables = [rates(given.rounds, given.latency)] if given.rounds else []
    tables += [memories(given.memory)] if given.memory else []
    print("\n\n".join(tables))
    if given.write:
        keep("\n\n".join(tables))
    return 0


def parse_arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2, help="0: memory alone")
    parser.add_argument("--latency", type=float, nargs="+", default=[0.2], metavar="S")
    parser.add_argument("--memory", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--write", action="store_true", help="keep the figures in the README")
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def rates(rounds: int, latencies: list[float]) -> str:
    """Return a table of rows a second, by engine and by latency of the service."""
    rows = [f"asyncio, {CALLS * many} calls" for many in ACTORS]
    rows += [f"Ray, {many} x {CALLS} calls" for many in ACTORS]
    found = {(row, latency): [] for row in rows for latency in latencies}
    start(num_cpus=8)
    engines = [run_with_asyncio] * len(ACTORS) + [run_with_ray] * len(ACTORS)
    for latency in latencies * rounds:
        for row, engine, many in zip(rows, engines, ACTORS * 2, strict=True):
            found[row, latency].append(rate(engine, many, latency))
            print(f"{row}, {latency} s: {found[row, latency][-1]:.0f}", file=sys.stderr)
    head = ["rows a second"]
    for latency in latencies:
        head += [f"answers after {latency:g} s", "beside asyncio with as many calls"]
    lines = [head, ["---"] * len(head)]
    for number, row in enumerate(rows):
        line = [row]
        for latency in latencies:
            mine = median(found[row, latency])
            peer = median(found[rows[number % len(ACTORS)], latency])
            line += [f"{mine:,.0f}", f"{mine / peer:.2f}"]
        lines.append(line)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def rate(engine: Callable[[int, int, Path], int], actors: int, latency: float) -> float:
    """Return the rows a second of one run, late in it."""
    count = ROWS * CALLS * actors
    with start_server(latency) as times, tempfile.TemporaryDirectory() as folder:
        if (done := engine(count, actors, Path(folder))) != count:
            raise SystemExit(f"{engine.__name__} answered {done} of {count} rows")
    first, last = (int(share * len(times)) for share in STEADY)
    return (last - first) / (times[last] - times[first])


def run_with_asyncio(count: int, actors: int, folder: Path) -> int:
    """Answer prompts by the engine of one process."""
    from llmaas import bulk

    source = folder / "in.jsonl"
    source.write_text("".join(f'"item {number}"\n' for number in range(count)))
    calls = CALLS * actors
    report = bulk.run(source, folder / "out.jsonl", model=MODEL, concurrency=calls, max_tokens=9)
    return report.progress.done


def run_with_ray(count: int, actors: int, folder: Path, **client: Any) -> int:
    """Answer prompts by the stage, into Parquet; return how many rows were answered."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    import ray

    from llmaas import ray as stages

    rows = ray.data.range(count, override_num_blocks=max(8, count // 10_000)).map_batches(prompts)
    address = {"base_url": os.environ.get("LLMAAS_BASE_URL"), "api_key": KEY}
    options = {"concurrency": CALLS, "max_tokens": 9, "client": {**address, **client}}
    answers = stages.chat(rows, model=MODEL, actors=actors, **options)
    answers.write_parquet(str(folder / "out"))
    errors = [pq.read_table(path, columns=["error"]) for path in (folder / "out").iterdir()]
    return sum(pc.sum(pc.is_null(table.column("error"))).as_py() for table in errors)


def prompts(batch: dict[str, Any]) -> dict[str, Any]:
    """Make a prompt of each number."""
    return {"id": batch["id"], "prompt": [f"item {number}" for number in batch["id"]]}


def start(**options: Any) -> None:
    """Start Ray on this machine."""
    # As the asyncio engine: Ray's own default is 15.
    os.environ.update({"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_worker_niceness": "0"})
    import ray

    quiet = {"log_to_driver": False, "include_dashboard": False, "logging_level": "error"}
    ray.init(object_store_memory=STORE, **quiet, **options)
    ray.data.DataContext.get_current().enable_progress_bars = False


@contextmanager
def start_server(latency: float) -> Iterator[list[float]]:
    """Run a server; when all is over, tell when its requests came."""
    command = [sys.executable, __file__, "--serve", str(latency)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    times: list[float] = []
    with subprocess.Popen(command, **pipes) as server:
        os.environ["LLMAAS_BASE_URL"] = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        os.environ["LLMAAS_API_KEY"] = KEY
        yield times
        out, _ = server.communicate()
        times += json.loads(out)


async def serve(latency: float) -> None:
    """Answer until standard input closes, then print when each request came."""
    loop = asyncio.get_running_loop()
    times: list[float] = []

    class Service(stub.Connection):
        def data_received(self, data: bytes) -> None:
            self.buffer += data
            while self.take_request() is not None:
                times.append(time.monotonic())
                loop.call_later(latency, self.transport.write, stub.ANSWER)

    server = await loop.create_server(Service, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(times))


def memories(counts: list[int]) -> str:
    """Return a table of memory by number of rows, each in a driver of its own."""
    command = [sys.executable, __file__, "--memory-of"]
    runs = [json.loads(subprocess.check_output([*command, str(count)])) for count in counts]
    rows = {
        "rows": [f"{run['rows']:,}" for run in runs],
        "peak memory of the driver": [f"{run['driver']:.0f} MB" for run in runs],
        "peak memory of the largest actor": [f"{run['actor']:.0f} MB" for run in runs],
        "seconds": [f"{run['seconds']:.0f}" for run in runs],
    }
    lines = [[name, *values] for name, values in rows.items()]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def memory(count: int) -> dict[str, float]:
    """Answer rows inside of two actors; return the peaks of the driver and of the actors."""
    start(num_cpus=4)
    actors: dict[int, float] = {}
    over = threading.Event()
    threading.Thread(target=watch_memory, args=(actors, over), daemon=True).start()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = run_with_ray(count, 2, Path(folder), transport=Instant())
    over.set()
    if done != count:
        raise SystemExit(f"{done} of {count} rows were answered")
    seconds, driver = time.monotonic() - began, read_peak(os.getpid())
    return {"rows": count, "driver": driver, "actor": max(actors.values()), "seconds": seconds}


def watch_memory(actors: dict[int, float], over: threading.Event) -> None:
    """Note the peaks of all actors until it is over."""
    while not over.wait(1):
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and b"MapWorker" in (entry / "cmdline").read_bytes():
                    actors[int(entry.name)] = read_peak(int(entry.name))
            except (OSError, LookupError):
                continue  # it has just ended


def read_peak(process: int) -> float:
    """Return the largest resident memory of a process so far, in megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    held = dict(line.split(":", 1) for line in lines)
    return int(held["VmHWM"].split()[0]) / 1024


class Instant:
    """A transport whose service answers at once, without a socket."""

    status = 200
    headers = {"content-type": "application/json"}

    async def send(self, request: Any) -> Instant:
        """Return the reply, which is this object."""
        return self

    async def read(self) -> bytes:
        """Return an answer of twenty words."""
        return ANSWER

    async def close(self) -> None:
        """Nothing is open."""


WORDS = {"role": "assistant", "content": "word " * 20}
ANSWER = stub.compact(
    {
        **stub.frame("chat.completion"),
        "choices": [{"index": 0, "message": WORDS, "finish_reason": "stop"}],
        "usage": stub.USAGE,
    }
)


def keep(text: str) -> None:
    """Write the figures into tests/README.md."""
    sys.path.append(str(Path(__file__).parents[2]))
    from importlib.metadata import version

    from tools.tables import dated, put

    header = f"{dated([])[:-1]}, ray {version('ray')}; {os.cpu_count()} processors, not ours alone."
    put("ray", "python tests/bench/ray_stages.py --write", f"{header}\n\n{text}")


if __name__ == "__main__":
    sys.exit(main())

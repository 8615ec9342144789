"""Benchmark session: the server, one process per client, and their turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from affinity import pin
from client import Client
from workloads import WORKS, Cost, Work

HERE = Path(__file__).parent
CLIENTS_PROCESSOR, SERVERS_PROCESSOR = 0, 1
MEMORY_STREAMS = 10_000
IMPORT = """\
import resource
before = resource.getrusage(resource.RUSAGE_SELF)
{statement}
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""

Results = dict[str, dict[str, float]]


class Session:
    """Starts everything, measures, stops everything."""

    def __init__(self, clients: Sequence[type[Client]], rounds: int, scale: float) -> None:
        self.clients, self.rounds, self.scale = clients, rounds, scale

    def __enter__(self) -> Self:
        """Start the server and the workers."""
        with ExitStack() as stack:
            self.url = stack.enter_context(start_server())
            self.workers = {
                client.name: stack.enter_context(start_worker(client, self.url))
                for client in self.clients
            }
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything."""
        self.stack.close()

    def run_works(self, names: Sequence[str]) -> Results:
        """Return, by work and client, the figure of the best round."""
        works = [work for work in WORKS if work.name in names]
        results: Results = {work.name: self.measure_rounds(work) for work in works}
        if "import" in names:
            results["import"] = self.imports()
        if "memory" in names:
            results["memory"] = self.growth()
        return results

    def measure_rounds(self, work: Work) -> dict[str, float]:
        """Let every client that can do a work do it, in turns; the first turn warms up."""
        able = [client.name for client in self.clients if client.can(work.method)]
        times = max(1, round(work.times * self.scale))
        for name in able:
            self.request_work(name, work.name, max(1, times // 5))
        figures: dict[str, list[float]] = {name: [] for name in able}
        for _ in range(self.rounds):
            for name in able:
                figures[name].append(work.figure(Cost(**self.request_work(name, work.name, times))))
        best = max if work.more_is_better else min
        return {name: best(values) for name, values in figures.items()}

    def imports(self) -> dict[str, float]:
        """Return the processor time, in ms, of importing each client in a fresh process, in turns.

        The first turn compiles, as installers do.
        """
        able = [client for client in self.clients if client.imports]
        turns = [
            {client.name: 1000 * import_time(client.imports) for client in able}
            for _ in range(self.rounds + 1)
        ]
        return {client.name: min(turn[client.name] for turn in turns[1:]) for client in able}

    def growth(self) -> dict[str, float]:
        """Return by how many KB fresh processes grow over many streams."""
        times = max(10, round(MEMORY_STREAMS * self.scale))
        figures = {}
        for client in self.clients:
            if client.can("astream"):
                with start_worker(client, self.url) as worker:
                    figures[client.name] = request_work(worker, client.name, "memory", times)
        return figures

    def request_work(self, name: str, work: str, times: int) -> Any:
        """Let one of the workers do some work and return its answer."""
        return request_work(self.workers[name], name, work, times)


def request_work(worker: subprocess.Popen[str], name: str, work: str, times: int) -> Any:
    """Let a worker do some work and return its answer."""
    assert worker.stdin
    worker.stdin.write(json.dumps({"work": work, "times": times}) + "\n")
    worker.stdin.flush()
    return answer(worker, f"{name} doing {work!r}")


def answer(process: subprocess.Popen[str], what: str) -> Any:
    """Return a process's next line, read as JSON."""
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{what}: the process ended with code {process.wait()}")
    return json.loads(line)


@contextmanager
def start_server() -> Iterator[str]:
    """Run the server on its own processor and give its address."""
    with run_process("stub.py", processor=SERVERS_PROCESSOR) as server:
        yield f"http://127.0.0.1:{answer(server, 'the server')}/v1"


@contextmanager
def start_worker(
    client: type[Client], url: str, root: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run one client's process, also that of another clone, which has its own ``.venv``."""
    driver = client.__module__.rpartition(".")[2]
    arguments = ("worker.py", driver, client.__name__, url, str(CLIENTS_PROCESSOR))
    with run_process(*arguments, processor=CLIENTS_PROCESSOR, root=root) as worker:
        answer(worker, client.name)
        yield worker


@contextmanager
def run_process(
    script: str, *arguments: str, processor: int, root: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run one of our scripts; it ends when its input does."""
    python = sys.executable if root is None else str(root / ".venv" / "bin" / "python")
    folder = HERE if root is None else root / "tests" / "bench"
    command = [python, str(folder / script), *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: pin(processor),
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def import_time(statement: str) -> float:
    """Return the processor seconds that a statement takes in a fresh process.

    The process may write bytecode: compiling a framework takes longer than importing it.
    """
    command = [sys.executable, "-W", "ignore", "-c", IMPORT.format(statement=statement)]
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.strip().splitlines()[-1])

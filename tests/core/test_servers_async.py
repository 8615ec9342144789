"""Servers with event loops and with task queues: each worker of each kind answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.waiting import eventually

ASGI = """
import llmaas
client = llmaas.AsyncLLMaaS()
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    if scope["path"] == "/chat":
        text = (await client.chat("hi", model="llama3.3:70b")).text
    else:
        async with await client.stream("hi", model="llama3.3:70b") as stream:
            text = (await stream.until_done()).text
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})
"""
TASKS = """
import sys, celery, llmaas
app = celery.Celery("tasks", broker=sys.argv[-1], backend=sys.argv[-1])
client = llmaas.LLMaaS()
client.chat("warm", model="llama3.3:70b")  # before the workers are forked, or patched
@app.task
def chat(prompt):
    return client.chat(prompt, model="llama3.3:70b").text
@app.task
def stream(prompt):
    with client.stream(prompt, model="llama3.3:70b") as stream:
        return stream.until_done().text
"""
POOLS = {"prefork": ["prefork", "-c", "2"], "threads": ["threads", "-c", "4"]}
POOLS["gevent"] = ["gevent", "-c", "8"]


@contextmanager
def running(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a folder, and end it as a supervisor would."""
    with subprocess.Popen([sys.executable, "-W", "ignore", *command], cwd=folder) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_workers_of_uvicorn_answer(sandbox: Any, tmp_path: Path, workers: str) -> None:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    (tmp_path / "served.py").write_text(ASGI)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answers: list[bytes] = []

    def get(path: str) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            answers.append(answer.read())

    command = ["uvicorn", "served:app", "--port", str(port), "--workers", workers]
    with running(tmp_path, "-m", *command, "--log-level", "error"):
        eventually(lambda: accepts(port), 60)
        threads = [threading.Thread(target=get, args=(path,)) for path in ["/chat", "/stream"] * 6]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
    assert len(answers) == 12
    assert all(answers)


@pytest.mark.parametrize("pool", POOLS)
def test_workers_of_celery_answer(sandbox: Any, redis_url: str, tmp_path: Path, pool: str) -> None:
    pytest.importorskip("celery", reason="celery is not installed")
    if pool == "gevent":
        pytest.importorskip("gevent", reason="gevent is not installed")
    (tmp_path / "tasks.py").write_text(TASKS.replace("sys.argv[-1]", repr(redis_url)))
    worker = ["-m", "celery", "-A", "tasks", "worker", "-l", "error", "-P", *POOLS[pool]]
    asked = [
        "import tasks\njobs = [t.delay('Say \"Oui\"') for t in 4 * [tasks.chat, tasks.stream]]"
    ]
    asked.append("print([job.get(timeout=90) for job in jobs])")
    with running(tmp_path, *worker):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", "\n".join(asked)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *paths()])},
        )
    assert done.stdout.strip() == repr(["Oui"] * 8), done.stderr


def paths() -> list[str]:
    return list(filter(None, [os.environ.get("PYTHONPATH")]))

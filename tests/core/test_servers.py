"""Web servers that fork, patch and thread: each worker of each kind answers."""

from __future__ import annotations

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

APP = """
import os, llmaas
client = llmaas.LLMaaS()
client.chat("warm", model="llama3.3:70b")
for event in client.stream("warm", model="llama3.3:70b"):
    break  # one that is dropped, before the workers are forked
def app(environ, start):
    path = environ["PATH_INFO"]
    if path == "/chat":
        text = client.chat("hi", model="llama3.3:70b").text
    elif path == "/embed":
        text = str(client.embed(list("abcdef"), model="bge-m3:567m", batch_size=2).vectors)
    else:
        with client.stream("hi", model="llama3.3:70b") as stream:
            text = stream.until_done().text
    start("200 OK", [("content-type", "text/plain")])
    return [text.encode()]
"""
CONFIG = """
def when_ready(server):
    port = server.LISTENERS[0].sock.getsockname()[1]
    open({!r}, "w").write(str(port))
"""
WORKERS: dict[str, list[str]] = {
    "sync": [],
    "threads": ["-k", "gthread", "--threads", "4"],
    "gevent": ["-k", "gevent"],
}


@contextmanager
def gunicorn(folder: Path, *options: str) -> Iterator[str]:
    """Serve the application; give its address."""
    (folder / "app.py").write_text(APP)
    socket = folder / "address"
    command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:0"]
    (folder / "config.py").write_text(CONFIG.format(str(socket)))
    command += ["-c", "config.py", "--log-level", "error", *options, "app:app"]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            eventually(lambda: socket.exists() and socket.read_text(), 30)
            yield f"http://127.0.0.1:{socket.read_text()}"
        finally:
            process.terminate()


@pytest.mark.parametrize("preload", [[], ["--preload"]], ids=["each", "preload"])
@pytest.mark.parametrize("kind", WORKERS)
def test_workers_of_gunicorn_answer(
    sandbox: Any, tmp_path: Path, kind: str, preload: list[str]
) -> None:
    pytest.importorskip("gunicorn", reason="gunicorn is not installed")
    if kind == "gevent":
        pytest.importorskip("gevent", reason="gevent is not installed")
    answers: list[int] = []

    def get(address: str) -> None:
        with urllib.request.urlopen(address, timeout=30) as answer:
            answers.append(answer.status)

    with gunicorn(tmp_path, *WORKERS[kind], *preload) as url:
        paths = ["/chat", "/stream", "/embed"] * 4
        threads = [threading.Thread(target=get, args=(url + path,)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
    assert answers == [200] * 12

"""Several processes answer on one address and share keys, limits, batches and the audit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
ADMIN = "sk-sandbox-admin"


@dataclass
class Running:
    """A sandbox of several processes."""

    url: str
    process: subprocess.Popen[str]

    def ask(self, path: str, body: Any = None, key: str = "sk-sandbox", method: str = "") -> Any:
        """Send one request over a connection of its own; return status and JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)
        request.method = method or ("POST" if data else "GET")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def chat(self, words: str = "Bonjour", key: str = "sk-sandbox") -> Any:
        body = {"model": "gemma4:31b", "messages": [{"role": "user", "content": words}]}
        return self.ask("/v1/chat/completions", body, key)

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers that listen."""
        found = []
        for line in Path("/proc").iterdir():
            if line.name.isdigit() and _parent(int(line.name)) == self.process.pid:
                command = (line / "cmdline").read_bytes()
                if b"spawn_main" in command:
                    found.append(int(line.name))
        return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


@contextmanager
def running(folder: Path, *more: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "llmaas_sandbox", "--port", "0", "--workers", "2"]
    command += ["--data-dir", str(folder), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    url = line.removeprefix("export LLMAAS_BASE_URL=").removesuffix("/v1")
    box = Running(url, process)
    try:
        wait_until(lambda: serving(box) == 2)
        yield box
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def serving(box: Running) -> int:
    """Count the processes that answer: each keeps its own list of requests."""
    totals = set()
    for _ in range(8):
        totals.add(box.ask("/admin/audit/verify", key=ADMIN)[0])
    return len(box.workers) if totals == {200} else 0


def wait_until(condition: Any) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def audited(folder: Path) -> tuple[bool, int]:
    command = [sys.executable, "-m", "llmaas_sandbox", "audit", "--data-dir", str(folder)]
    told = subprocess.run([*command, "verify"], capture_output=True, text=True, check=False)
    return told.returncode == 0, int("".join(c for c in told.stdout if c.isdigit()) or 0)


def test_workers_all_answer_and_hold_a_limit_in_sum(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        status, made = box.ask("/admin/keys", {"tenant": "acme", "hourly_tokens": 60}, ADMIN)
        assert status == 201
        used, told = 0, []
        for i in range(40):
            status, reply = box.chat(f"Bonjour {i}", made["key"])
            told.append(status)
            used += reply["usage"]["completion_tokens"] if status == 200 else 0
        seen = {pid: cpu(pid) for pid in box.workers}
    assert len(seen) == 2
    first_refusal = told.index(429)
    assert set(told[first_refusal:]) == {429}
    assert 60 <= used < 60 + 40  # the answer that reached the limit is the last one
    assert audited(tmp_path)[0]


def cpu(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_workers_know_a_key_at_once_when_another_made_or_revoked_it(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        for _ in range(6):
            made = box.ask("/admin/keys", {"tenant": "acme"}, ADMIN)[1]
            assert [box.chat(key=made["key"])[0] for _ in range(4)] == [200] * 4
            box.ask(f"/admin/keys/{made['id']}", key=ADMIN, method="DELETE")
            assert [box.chat(key=made["key"])[0] for _ in range(4)] == [401] * 4


def test_workers_rotate_a_due_key_once_and_hand_its_successor_out_once(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        made = box.ask("/admin/keys", {"tenant": "acme", "rotate_every": 0.2}, ADMIN)[1]
        time.sleep(0.3)
        assert {box.chat(key=made["key"])[0] for _ in range(8)} == {200}
        path = "/admin/keys/self/successor"
        collected = [box.ask(path, key=made["key"]) for _ in range(6)]
        listed = box.ask("/admin/keys?tenant=acme", key=ADMIN)[1]["data"]
    assert [status for status, _ in collected].count(200) == 1
    assert listed[0]["successor"] == listed[1]["id"]
    secret = next(reply["key"] for status, reply in collected if status == 200)
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.rglob("*.sqlite*"))


def test_workers_lose_nothing_when_one_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        answered = sum(box.chat(f"Bonjour {i}")[0] == 200 for i in range(10))
        victim = box.workers[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in box.workers)
        answered += sum(box.chat(f"Bonsoir {i}")[0] == 200 for i in range(10))
        wait_until(lambda: len(box.workers) == 2)
        status, report = box.ask("/admin/audit/report", key=ADMIN)
    assert answered == 20
    assert status == 200
    assert report["trail"]["intact"]
    intact, records = audited(tmp_path)
    assert intact
    assert records >= 20


def test_workers_know_a_batch_that_another_took(tmp_path: Path) -> None:
    conversations = [[{"role": "user", "content": f'Say "{i}"'}] for i in range(3)]
    body = {"model": "gemma4:31b", "messages": conversations}
    with running(tmp_path) as box:
        status, lot = box.ask("/v1/chat/completions/batch", body)
        assert status == 202
        polled = [box.ask(f"/v1/chat/completions/batch/{lot['id']}") for _ in range(6)]
    assert {status for status, _ in polled} == {200}
    assert polled[-1][1]["status"] == "completed"
    assert [r["choices"][0]["message"]["content"] for r in polled[-1][1]["results"]] == [
        "0",
        "1",
        "2",
    ]


def test_workers_refuse_what_would_change_one_of_them(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        assert box.ask("/admin/faults", {"faults": "crlf"}, ADMIN, "PUT")[0] == 409
        assert box.ask("/admin/clock", {"advance": 5}, ADMIN)[0] == 409


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as box:
        workers = box.workers
        box.process.kill()
        box.process.wait(30)
        wait_until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in workers))

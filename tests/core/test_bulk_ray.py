"""Bulk by Ray Data: two workers, one of them killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from llmaas import LLMaaS, bulk
from llmaas.quota import Limit, Quota, RedisLedger
from llmaas_sandbox import Sandbox

ray = pytest.importorskip("ray.data", reason="Ray is not installed: pip install 'llmaas[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own
COUNT = 400


def worker_pids() -> list[int]:
    """Return the processes that Ray named after our worker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if name.startswith(b"ray::") and b"Worker" in name and b"Counter" not in name:
                found.append(int(entry.name))
    return found


def test_two_workers_one_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    import ray as cluster

    source, out = tmp_path / "in", tmp_path / "out"
    source.write_text("".join(json.dumps(f'Say "item {n}"') + "\n" for n in range(COUNT)))
    killed: list[int] = []

    with Sandbox(tokens_per_second=20) as box:
        monkeypatch.setenv("LLMAAS_BASE_URL", box.base_url)
        monkeypatch.setenv("LLMAAS_API_KEY", box.api_key)

        def kill_one() -> None:
            while len(box.requests) < 60:
                time.sleep(0.02)
            killed.append(worker_pids()[0])
            os.kill(killed[0], signal.SIGKILL)

        thread = threading.Thread(target=kill_one, daemon=True)
        thread.start()
        quota = Quota(limits=[Limit(100_000, 60)], ledger=RedisLedger(redis_url))
        options: dict[str, Any] = {"workers": 2, "cpus": 3}
        report = bulk.run(
            source,
            out,
            model="llama3.3:70b",
            client=LLMaaS(hooks=[quota]),
            engine="ray",
            concurrency=8,
            max_tokens=20,
            engine_options=options,
        )
        cluster.shutdown()
        times = Counter(r.json["messages"][-1]["content"] for r in box.requests)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert killed
    assert sorted(line["index"] for line in lines) == list(range(COUNT))
    assert all(line["ok"] for line in lines)
    for line in lines:
        assert line["sent"] >= times[f'Say "item {line["index"]}"'] >= 1
    assert report.progress.done == COUNT
    assert report.resent > 0  # what the dead worker was doing
    assert sum(quota.used().values()) >= sum(line["usage"]["completion_tokens"] for line in lines)


DRIVER = """
import sys
from llmaas import bulk
source, out = sys.argv[1:]
bulk.run(source, out, model="llama3.3:70b", engine="ray", concurrency=8, max_tokens=20,
         engine_options={"workers": 2, "cpus": 3})
"""


def test_killed_run_loses_no_answer_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.write_text("".join(json.dumps(f'Say "item {n}"') + "\n" for n in range(COUNT)))
    with Sandbox(tokens_per_second=20) as box:
        monkeypatch.setenv("LLMAAS_BASE_URL", box.base_url)
        monkeypatch.setenv("LLMAAS_API_KEY", box.api_key)
        command = [sys.executable, "-W", "ignore", "-c", DRIVER, str(source), str(out)]
        driver = subprocess.Popen(command, start_new_session=True)
        while len(box.requests) < 100:
            assert driver.poll() is None
            time.sleep(0.02)
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()
        before = len(box.requests)
        subprocess.run(command, check=True, timeout=400)
        times = Counter(r.json["messages"][-1]["content"] for r in box.requests)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(line["index"] for line in lines) == list(range(COUNT))
    assert all(line["ok"] for line in lines)
    assert before >= 100
    # Only what was in flight when the driver died is asked again, and its lines say so.
    assert sum(times.values()) <= COUNT + 40
    for line in lines:
        assert line["sent"] >= times[f'Say "item {line["index"]}"'] >= 1
    assert not out.with_name("out.ray").exists()

"""Agents in several processes on AutoGen's gRPC runtime."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llmaas_sandbox import Sandbox

SCRIPT = Path(__file__).parents[2] / "cookbooks" / "autogen" / "distributed.py"
TASKS = 8

NO_GRPC = "agents in several processes need autogen-ext[grpc]"
pytest.importorskip("autogen_ext.runtimes.grpc", reason=NO_GRPC, exc_type=ImportError)
pytest.importorskip("grpc", reason=NO_GRPC)


@pytest.fixture(scope="module")
def output():
    """What the script said: three workers, one of them killed amid its work."""
    options = ["--workers", "3", "--tasks", str(TASKS), "--lease", "15", "--kill-one"]
    with Sandbox(faults="slow-headers:0.2") as box:
        address = {"LLMAAS_API_KEY": box.api_key, "LLMAAS_BASE_URL": box.base_url}
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *options],
            env={**os.environ, **address},
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert box.api_key not in done.stdout + done.stderr
        yield done.stdout


def test_work_is_taken_over_when_a_worker_is_killed(output):
    [(worker, task)] = re.findall(r"^(\w+) was lost with task (\d+)$", output, re.MULTILINE)
    assert worker == "worker_0"
    [finisher] = re.findall(rf"^(\w+) did task {task}:", output, re.MULTILINE)
    assert finisher != worker


def test_all_results_come_together(output):
    done = re.findall(r"^(\w+) did task (\d+):", output, re.MULTILINE)
    assert sorted(int(number) for _, number in done) == list(range(TASKS))
    assert {worker for worker, _ in done} >= {"worker_1", "worker_2"}
    assert re.search(
        rf"^{TASKS} of {TASKS} tasks, 0\.\d+ EUR, lost: worker_0$", output, re.MULTILINE
    )

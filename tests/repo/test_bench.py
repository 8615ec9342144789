"""The benchmark: its command line, and its tables of targets."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from tests.helpers.repository import ROOT

BENCH = ROOT / "tests/bench"


def run_bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    yield importlib.import_module("report")
    for name in ("report", "client", "workloads", "stub"):
        sys.modules.pop(name, None)


def create_client(report, name: str, floor: str | None = None) -> type:
    return type(name, (report.Client,), {"name": name, "floor": floor})


def test_bench_names_the_known_clients_when_one_is_unknown():
    run = run_bench("--only", "llmaas", "lmaas")
    assert run.returncode == 2
    assert "['lmaas']" in run.stderr
    assert "\n  llmaas\n" in run.stderr


def test_bench_refuses_to_compare_clones_when_no_client_is_named():
    run = run_bench("--against", "elsewhere")
    assert run.returncode == 2
    assert "--only" in run.stderr


@pytest.mark.parametrize(
    ("total", "word"),
    [
        (1_990, "1.99x, met (framework alone 0.70x)"),
        (2_010, "2.01x, missed (framework alone 0.70x)"),
    ],
)
def test_table_tells_whether_a_long_conversation_costs_twice_the_core(report, total, word):
    clients = [create_client(report, "ours", "alone"), create_client(report, "llmaas")]
    results = {"401 messages": {"ours": total, "alone": 700, "llmaas": 1_000}}
    assert f"| ours | {word} |" in report.table(clients, results)


@pytest.mark.parametrize(("total", "word"), [(849, "149 µs, met"), (851, "151 µs, missed")])
def test_table_tells_whether_a_call_costs_150_us_beyond_framework_and_core(report, total, word):
    clients = [create_client(report, "ours", "alone"), create_client(report, "llmaas")]
    results = {"call": {"ours": total, "alone": 240, "bare exchange": 40, "llmaas": 500}}
    assert f"| ours | {word} |" in report.table(clients, results)


def test_conversation_is_converted_before_the_measured_time(report, monkeypatch):
    workloads, steps = importlib.import_module("workloads"), []

    class Client(report.Client):
        def prepare(self, messages):
            steps.append(f"convert {len(messages)}")
            return "converted"

        def call(self, messages, model):
            steps.append(messages)
            return workloads.TEXT

    work = next(work for work in workloads.WORKS if work.name == "401 messages")
    monkeypatch.setattr(workloads.time, "process_time", lambda: steps.append("clock") or 0)
    workloads.measure_work(work, Client(""), None, 1)
    assert steps == ["convert 401", "clock", "converted", "clock"]

"""Records of calls in files: none is lost for its content, its neighbours or a full disk."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llmaas import LLMaaS
from llmaas._jsonl import append, to_line
from llmaas.telemetry import AuditLog
from llmaas.usage_log import UsageLog, report, tagged

MODEL = "llama3.3:70b"
posix = pytest.mark.skipif(os.name == "nt", reason="modes and limits of POSIX")


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError


def odd_values() -> list[Any]:
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    return ["\ud83d", {("a", 1): 2}, cycle, deep, float("nan"), {1, 2}, b"\xff", Unspeakable()]


@pytest.mark.parametrize("number", range(8))
def test_record_is_written_when_json_does_not_support_its_values(
    tmp_path: Path, number: int
) -> None:
    value, log = odd_values()[number], tmp_path / "log"
    append(log, {"before": 1, "odd": value, "key": {value if number == 0 else "k": 1}})
    assert json.loads(log.read_text(encoding="utf-8"))["before"] == 1


def test_calls_are_recorded_when_their_tags_cannot_be_written(sandbox: Any, tmp_path: Path) -> None:
    for number, value in enumerate(odd_values()):
        audit = AuditLog(tmp_path / "audit", tags={"odd": value})
        client = LLMaaS(hooks=[audit, UsageLog(tmp_path / "usage", tag="\udc80")])
        with tagged("\ud800"):
            client.chat("?", model=MODEL)
        assert len((tmp_path / "audit").read_text().splitlines()) == number + 1
    assert report(tmp_path / "usage")[0].calls == 8


def test_a_call_is_recorded_when_its_tags_cannot_be_told(sandbox: Any, tmp_path: Path) -> None:
    log = tmp_path / "audit"
    LLMaaS(hooks=[AuditLog(log, tags=lambda: {}["user"])]).chat("?", model=MODEL)
    assert json.loads(log.read_text())["tags"] == {"tags_error": "KeyError"}


def test_a_logger_gets_a_line_whatever_it_holds(
    sandbox: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "audit"):
        LLMaaS(hooks=[AuditLog(logging.getLogger("audit"), tags={"odd": "%s \ud800"})]).chat(
            "?", model=MODEL
        )
    assert json.loads(caplog.records[-1].getMessage())["tags"]["odd"].startswith("%s")


@pytest.mark.parametrize("torn", [b'{"torn":', b"\x00\x00", b"text"])
def test_a_torn_line_costs_only_itself(tmp_path: Path, torn: bytes) -> None:
    log = tmp_path / "log"
    append(log, {"n": 1})
    log.write_bytes(log.read_bytes() + torn)
    append(log, {"n": 2})
    append(log, {"n": 3})
    lines = log.read_bytes().splitlines()
    assert [json.loads(lines[n])["n"] for n in (0, 2, 3)] == [1, 2, 3]
    assert lines[1] == torn


FULL_DISK = """
import resource, signal, sys
from llmaas._jsonl import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log, most = sys.argv[1], resource.getrlimit(resource.RLIMIT_FSIZE)[1]
append(log, {"n": 1})
failed = 0
for size in range(60, 95, 3):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))  # room for a part of the line
    try:
        append(log, {"n": 2, "text": "x" * 100})
    except OSError:
        failed += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
append(log, {"n": 3})
print(failed, open(log).read())
"""


@posix
def test_a_full_disk_leaves_no_part_of_a_record(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "log")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["12", '{"n":1}', '{"n":3}']


@posix
def test_files_of_records_are_private(tmp_path: Path) -> None:
    append(tmp_path / "log", {})
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_append_creates_a_new_file_when_the_log_was_renamed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append(log, {"n": 1})
    log.rename(tmp_path / "log.1")
    append(log, {"n": 2})
    assert log.read_text() == '{"n":2}\n'
    assert (tmp_path / "log.1").read_text() == '{"n":1}\n'


APPENDS = """
import contextlib, sys
from llmaas._jsonl import append
for n in range(200):
    append(sys.argv[1], {"who": sys.argv[2], "n": n, "text": "x" * 9000})
"""


def test_processes_that_append_at_once_keep_lines_apart(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", APPENDS, str(log)]
    processes = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted((r["who"], r["n"]) for r in records) == [
        (who, n) for who in "abc" for n in range(200)
    ]


def test_a_report_skips_lines_that_are_not_records(
    sandbox: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "usage"
    client = LLMaaS(hooks=[UsageLog(log)])
    client.chat("?", model=MODEL)
    foreign = [b'{"at": "2026', b"", b"[]", b'{"at":1,"ok":true,"cost_micro_eur":"x"}', b"\xff\xfe"]
    with log.open("ab") as file:
        file.write(b"\r\n".join(foreign) + b"\n")
    client.chat("?", model=MODEL)
    rows = report(log)
    assert [row.calls for row in rows] == [2]
    assert rows.skipped == (2, 4, 5, 6)
    assert "4 lines are not records of calls, [2, 4, 5, 6]" in caplog.text


def test_to_line_is_compact_and_keeps_letters() -> None:
    assert to_line({"é": [1, "ü"]}) == '{"é":[1,"ü"]}'


ENDS = """
import contextlib, sys, threading, time
from llmaas import LLMaaS
from llmaas.quota import Budget, SQLiteLedger
from llmaas.telemetry import AuditLog
log, file = sys.argv[1:]
budget = Budget(10, ledger=SQLiteLedger(file))
client = LLMaaS(hooks=[AuditLog(log), budget])
slow, stalls = {"x-sandbox-fault": "slow-headers:20"}, {"x-sandbox-fault": "stall:20"}
def call():
    client.chat("?", model="llama3.3:70b", extra_headers=slow)
def stream():
    ends = contextlib.suppress(Exception)
    with ends, client.stream("?", model="llama3.3:70b", extra_headers=stalls) as events:
        opened.release()
        for _ in events:
            pass
opened = threading.Semaphore(0)
for work in (call, stream, call, stream):
    threading.Thread(target=work, daemon=True).start()
opened.acquire(), opened.acquire()
while budget.spent < 0.4:
    time.sleep(0.01)
"""


def test_calls_that_end_with_the_process_are_recorded(sandbox: Any, tmp_path: Path) -> None:
    from llmaas.quota import Budget, SQLiteLedger

    log, file = tmp_path / "audit", tmp_path / "budget"
    command = [sys.executable, "-c", ENDS, str(log), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    outcomes = [json.loads(line)["outcome"] for line in log.read_text().splitlines()]
    assert len(outcomes) == 4
    assert set(outcomes) <= {"StreamAbandoned", "StreamInterrupted"}
    assert Budget(10, ledger=SQLiteLedger(file)).spent > 0.4  # each may have been billed

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from llmaas_sandbox import Sandbox
from llmaas_sandbox.audit.log import AuditLog
from llmaas_sandbox.audit.report import build_report, to_text
from llmaas_sandbox.store import Store

CHAT = "/v1/chat/completions"
BODY = {"model": "gemma4:31b", "messages": [{"role": "user", "content": "Un secret de fabrique"}]}


def trail_of(folder: Path) -> AuditLog:
    return AuditLog(Store(folder))


def test_every_access_is_recorded(ask: Any, llmaas_sandbox: Any) -> None:
    before = llmaas_sandbox.state.audit_log.verify().records
    ask(CHAT, BODY)
    ask(CHAT, {**BODY, "model": "nope"})
    ask(CHAT, BODY, key="sk-wrong")
    records = list(llmaas_sandbox.state.audit_log.records())[before:]
    assert [r["status"] for r in records] == [200, 404, 401]
    good, _, anonymous = records
    assert (good["tenant"], good["model"], good["path"]) == ("default", "gemma4:31b", CHAT)
    assert good["completion_tokens"] > 0
    assert good["cost_micro_eur"] > 0
    assert good["machine"].startswith("ma")
    assert anonymous["key_id"] is None
    assert "secret de fabrique" not in json.dumps(records)
    assert llmaas_sandbox.api_key not in json.dumps(records)


def test_content_is_kept_only_if_asked(tmp_path: Path) -> None:
    with Sandbox(data_dir=tmp_path, audit_content=True) as box:
        post(box.base_url, box.api_key)
    [record] = trail_of(tmp_path).records()
    assert record["content"]["messages"] == BODY["messages"]
    files = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"secret de fabrique" not in files


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder with a trail of five records."""
    trail = trail_of(tmp_path)
    for i in range(5):
        trail.append({"at": f"2026-01-0{i + 1}", "status": 200, "tenant": "acme", "n": i})
    assert trail.verify().intact
    return tmp_path


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET sealed = zeroblob(40) WHERE seq = 3",
        "UPDATE audit SET nonce = zeroblob(12) WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit",
        "UPDATE audit SET seq = seq + 10 WHERE seq >= 4",
        "DELETE FROM audit_head",
        "DELETE FROM audit WHERE seq = 5;"
        "UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit WHERE seq = 4)",
    ],
)
def test_tampering_is_noticed(written: Path, tampering: str) -> None:
    database = sqlite3.connect(written / "sandbox.sqlite")
    database.executescript(tampering)
    database.commit()
    database.close()
    verdict = trail_of(written).verify()
    assert not verdict.intact
    assert verdict.problem


def test_the_key_file_is_private(written: Path) -> None:
    assert (written / "audit.key").stat().st_mode & 0o777 == 0o600


def test_the_report_sums_up(written: Path) -> None:
    trail = trail_of(written)
    told = build_report(trail)
    assert told["trail"]["intact"]
    assert told["outcomes"] == {"200": 5}
    assert told["use"][0]["requests"] == 5
    assert "acme" in to_text(told)
    assert build_report(trail, "other")["use"] == []


def test_the_command_line_verifies(written: Path) -> None:
    command = [sys.executable, "-m", "llmaas_sandbox", "audit", "--data-dir", str(written)]
    good = subprocess.run([*command, "verify"], capture_output=True, text=True, timeout=60)
    assert (good.returncode, good.stdout) == (0, "5 records, intact\n")
    database = sqlite3.connect(written / "sandbox.sqlite")
    database.execute("DELETE FROM audit WHERE seq = 2")
    database.commit()
    database.close()
    bad = subprocess.run([*command, "verify"], capture_output=True, text=True, timeout=60)
    assert bad.returncode == 1
    assert "BROKEN" in bad.stdout


@pytest.mark.parametrize("command", ["audit verify", "audit report", "keys list"])
def test_the_command_line_makes_no_folder_that_it_looks_for(tmp_path: Path, command: str) -> None:
    room, verb = command.split()
    missing = tmp_path / "typo"
    run = [sys.executable, "-m", "llmaas_sandbox", room, "--data-dir", str(missing), verb]
    told = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert told.returncode == 2
    assert "does not hold the data of a sandbox" in told.stderr
    assert not missing.exists()


def test_the_command_line_names_a_misspelt_fault() -> None:
    run = [sys.executable, "-m", "llmaas_sandbox", "--faults", "staall"]
    told = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert told.returncode == 2
    assert "Unknown sandbox fault 'staall'" in told.stderr
    assert "Traceback" not in told.stderr


def post(base_url: str, key: str) -> int:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(
        f"{base_url}/chat/completions", json.dumps(BODY).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
        return int(answer.status)


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "llmaas_sandbox", "--port", "0", "--data-dir", str(folder)]
    process = subprocess.Popen([*command, "--tier", "1"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    url = line.removeprefix("export LLMAAS_BASE_URL=")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            post(url, "sk-wrong")
        except urllib.error.HTTPError as answer:
            answer.close()
            return process, url
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the sandbox did not start")


def test_a_killed_sandbox_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    process, url = start(tmp_path)
    acknowledged: list[int] = []

    def keep_asking() -> None:
        try:
            while True:
                acknowledged.append(post(url, "sk-sandbox"))
        except (OSError, http.client.HTTPException):
            pass

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 100:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    for thread in threads:
        thread.join(60)
    trail = trail_of(tmp_path)
    good = [r for r in trail.records() if r["status"] == 200]
    assert len(good) >= len(acknowledged) >= 100
    assert trail.verify().intact
    with Sandbox(data_dir=tmp_path, tier="1") as box:
        key = box.state.keys.find("sk-sandbox")
        assert key is not None
        used = {g.name: g.used for g in box.state.meter.read_limits(key)}
        tokens = sum(r["completion_tokens"] for r in good)
        assert used["tokens/hour"] == used["tokens/day"] == tokens
        assert used["cost/month"] == sum(r["cost_micro_eur"] for r in good)


def test_anchor_is_written_and_read_when_the_system_has_no_pwrite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has neither ``os.pwrite`` nor ``os.pread``."""
    monkeypatch.delattr(os, "pwrite", raising=False)
    monkeypatch.delattr(os, "pread", raising=False)
    store = Store(tmp_path)
    trail = AuditLog(store)
    for i in range(3):
        trail.append({"n": i})
    assert trail.verify().intact
    with store.transaction() as connection:
        connection.execute("DELETE FROM audit")
        connection.execute("DELETE FROM audit_head")
    assert not trail.verify().intact

"""Keys, audit, journal and addresses hold when somebody means harm, or makes a mistake."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from llmaas_sandbox import Config, Sandbox
from llmaas_sandbox.audit.log import AuditLog
from llmaas_sandbox.request_log import MAX_BYTES, RequestLog, RequestRecord
from llmaas_sandbox.store import Store

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Bonjour"}]
GOOD = {"model": "gemma4:31b", "messages": HELLO}


def record() -> RequestRecord:
    return RequestRecord("POST", CHAT, "", {}, b"")


# keys


def test_key_in_its_grace_period_cannot_rotate_itself(ask: Any, llmaas_sandbox: Any) -> None:
    key = llmaas_sandbox.make_key("acme")
    first = ask("/admin/keys/self/rotate", b"", key=key, method="POST")
    assert first.status == 201
    assert ask(CHAT, GOOD, key=key).status == 200
    again = ask("/admin/keys/self/rotate", {"grace": 9e6}, key=key, method="POST")
    assert again.status == 409
    llmaas_sandbox.advance(24 * 3600 + 1)
    assert ask(CHAT, GOOD, key=key).status == 401
    assert ask(CHAT, GOOD, key=first.json["key"]).status == 200


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_dead_key_is_not_rotated_into_a_working_one(
    ask: Any, llmaas_sandbox: Any, end: str
) -> None:
    key = llmaas_sandbox.make_key("acme")
    found = llmaas_sandbox.state.keys.find(key)
    if end == "revoked":
        llmaas_sandbox.state.keys.revoke(found.id)
    else:
        llmaas_sandbox.state.keys.rotate(found.id, grace=1)
        llmaas_sandbox.advance(2)
    path = f"/admin/keys/{found.id}/rotate"
    heard = ask(path, b"", key=llmaas_sandbox.admin_key, method="POST")
    assert heard.status == 409


@pytest.mark.parametrize("grace", [-1, 1e12, "x", True])
def test_grace_is_validated(ask: Any, llmaas_sandbox: Any, grace: Any) -> None:
    key = llmaas_sandbox.make_key("acme")
    heard = ask("/admin/keys/self/rotate", {"grace": grace}, key=key, method="POST")
    assert (heard.status, heard.json["error"]["param"]) == (400, "grace")


@pytest.mark.parametrize(
    "settings",
    [{"tenant": ""}, {"tenant": "x" * 101}, {"tier": "9"}, {"hourly_tokens": -1}],
)
def test_settings_of_a_key_are_validated(
    ask: Any, llmaas_sandbox: Any, settings: dict[str, Any]
) -> None:
    heard = ask("/admin/keys", settings, key=llmaas_sandbox.admin_key)
    assert heard.status == 400
    with pytest.raises(ValueError, match=next(iter(settings))):
        llmaas_sandbox.make_key(**{"tenant": "acme", **settings})


@pytest.mark.parametrize("settings", [{"admin_key": ""}, {"api_keys": ()}, {"api_keys": ("",)}])
def test_empty_key_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must (not be empty|hold keys)"):
        Config(**settings)


@pytest.mark.parametrize("name", ["gpt-oss:20b", "openai/gpt-oss-120b", "gpt-oss:120b"])
def test_model_list_and_permissions_agree(ask: Any, llmaas_sandbox: Any, name: str) -> None:
    """A model that a key sees answers it by each of its names, and no other does."""
    key = llmaas_sandbox.make_key("acme", models=[name])
    rows = ask("/v1/models", key=key).json["data"]
    assert [row["id"] for row in rows] == ["gpt-oss:120b"]
    for alias in (*rows[0]["aliases"], rows[0]["root"]):
        assert ask(CHAT, {**GOOD, "model": alias}, key=key).status == 200
    assert ask(CHAT, GOOD, key=key).status == 403


# addresses


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_default_keys_are_refused_when_others_can_reach_them(host: str) -> None:
    with pytest.raises(ValueError, match="api_keys must be set"):
        Sandbox(host=host)
    with pytest.raises(ValueError, match="admin_key must be set"):
        Sandbox(host=host, api_keys=("sk-mine",))
    Config(api_keys=("sk-mine",), admin_key="sk-my-admin").check_exposure(host)


def test_command_refuses_default_keys_on_every_address() -> None:
    command = [sys.executable, "-m", "llmaas_sandbox", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "api_keys must be set" in done.stderr


def test_foreign_origin_is_refused(ask: Any) -> None:
    heard = ask(CHAT, GOOD, headers={"origin": "https://evil.example"})
    assert heard.status == 403
    assert ask(CHAT, GOOD, headers={"origin": "http://127.0.0.1"}).status == 200


@pytest.mark.parametrize("path", ["/admin/requests", "/console", "/metrics"])
def test_rebound_name_does_not_reach_the_administration(
    ask: Any, llmaas_sandbox: Any, path: str
) -> None:
    asked = {"key": llmaas_sandbox.admin_key}
    assert ask(path, **asked, headers={"host": "evil.example"}).status == 421
    assert ask(path, **asked, headers={"host": "localhost:1"}).status == 200


def test_another_name_of_the_machine_reaches_the_api(ask: Any) -> None:
    assert ask(CHAT, GOOD, headers={"host": "llm.test"}).status == 200


def test_further_names_may_be_allowed() -> None:
    with Sandbox(allowed_hosts=("box.test",)) as box:
        host, port = box.root_url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            sock.sendall(b"GET /metrics HTTP/1.1\r\nhost: box.test\r\nconnection: close\r\n\r\n")
            assert sock.recv(99).startswith(b"HTTP/1.1 200")


# the journal


def test_journal_keeps_bounded_bytes() -> None:
    journal = RequestLog()
    for _ in range(40):
        entry = record()
        journal.add(entry)
        journal.keep(entry, b"x" * 20_000_000)
    assert journal.bytes <= MAX_BYTES
    assert len(journal[-1].body) == 20_000_000


def test_journal_keeps_no_body_of_strangers(ask: Any, llmaas_sandbox: Any) -> None:
    assert ask(CHAT, GOOD, key="sk-wrong").status == 401
    assert llmaas_sandbox.requests[-1].body == b""
    assert ask(CHAT, b"x" * 2_000_000, key="sk-wrong").status == 413


def test_shown_journal_is_bounded(ask: Any, llmaas_sandbox: Any) -> None:
    long = {"model": "gemma4:31b", "messages": [{"role": "user", "content": "x" * 200_000}]}
    for _ in range(3):
        ask(CHAT, long)
    ask(CHAT, GOOD)
    told = ask("/admin/requests?limit=2", key=llmaas_sandbox.admin_key).json
    assert (len(told["data"]), told["total"]) == (2, 4)
    assert [r["json"] for r in told["data"]] == [None, GOOD]
    assert ask("/admin/requests?limit=0", key=llmaas_sandbox.admin_key).status == 400


# audit


@pytest.fixture
def trail(tmp_path: Path) -> AuditLog:
    made = AuditLog(Store(tmp_path))
    for i in range(3):
        made.append({"n": i})
    return made


SPOILED = {
    "emptied": "DELETE FROM audit; DELETE FROM audit_head",
    "dropped": "DROP TABLE audit; DROP TABLE audit_head",
    "shortened": "DELETE FROM audit WHERE seq = 3",
    "text for a hash": "UPDATE audit SET hash = 'x' WHERE seq = 2",
    "number for a hash": "UPDATE audit SET hash = 5 WHERE seq = 2",
    "null nonce": "PRAGMA writable_schema = 1; UPDATE audit SET nonce = '' WHERE seq = 1",
    "text for the head": "UPDATE audit_head SET hash = 'x', mac = 'y'",
    "foreign number": "UPDATE audit_head SET seq = 'many'",
    "foreign table": "DROP TABLE audit; CREATE TABLE audit (x)",
}


@pytest.mark.parametrize("how", SPOILED)
def test_spoiled_trail_is_broken_with_a_verdict(tmp_path: Path, trail: AuditLog, how: str) -> None:
    assert trail.verify().intact
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite")) as database, database:
        database.executescript(SPOILED[how])
    verdict = AuditLog(Store(tmp_path)).verify()
    assert not verdict.intact
    assert verdict.problem


def test_trail_of_another_key_is_broken(tmp_path: Path, trail: AuditLog) -> None:
    (tmp_path / "audit.key").write_bytes(b"k" * 32)
    assert "key" in AuditLog(Store(tmp_path)).verify().problem


def test_older_copy_of_the_database_is_noticed(tmp_path: Path, trail: AuditLog) -> None:
    path = tmp_path / "sandbox.sqlite"
    with closing(sqlite3.connect(":memory:")) as older, closing(sqlite3.connect(path)) as database:
        database.backup(older)
        trail.append({"n": 4})
        older.backup(database)
    assert "records 4 to 4 are missing" in AuditLog(Store(tmp_path)).verify().problem


@pytest.mark.parametrize("size", [0, 5])
def test_damaged_key_file_is_a_verdict_of_the_command(
    tmp_path: Path, trail: AuditLog, size: int
) -> None:
    (tmp_path / "audit.key").write_bytes(b"k" * size)
    command = [sys.executable, "-m", "llmaas_sandbox", "audit", "--data-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, "verify"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "BROKEN: audit.key must hold 32 bytes" in done.stdout
    assert "Traceback" not in done.stderr


# the rest


def test_reset_brings_alerts_and_webhook_back(ask: Any, llmaas_sandbox: Any) -> None:
    rules = {
        "rules": [{"name": "x", "measure": "requests", "threshold": 0}],
        "webhook": "http://127.0.0.1:9/",
    }
    assert ask("/admin/alerts", rules, key=llmaas_sandbox.admin_key, method="PUT").status == 200
    llmaas_sandbox.reset()
    assert llmaas_sandbox.state.alerts.webhook is None
    assert [r.name for r in llmaas_sandbox.state.alerts.rules] != ["x"]


def test_batch_that_nobody_polls_moves_and_expires(ask: Any, llmaas_sandbox: Any) -> None:
    path = f"{CHAT}/batch"
    made = ask(path, {"model": "gemma4:31b", "messages": [HELLO]}).json
    llmaas_sandbox.advance(121)
    assert llmaas_sandbox.state.batches.queued(llmaas_sandbox.state.clock.now()) == []
    assert ask(f"{path}/{made['id']}").json["status"] == "completed"
    other = ask(path, {"model": "gemma4:31b", "messages": [HELLO]}).json
    llmaas_sandbox.advance(24 * 3600 + 121)
    assert ask(f"{path}/{other['id']}").status == 404


@pytest.mark.parametrize("path", ["/v1/models", "/v1/nothing", CHAT])
def test_unknown_socket_is_not_found(connect: Any, path: str) -> None:
    sock = connect()
    lines = {
        "host": "127.0.0.1",
        "upgrade": "websocket",
        "connection": "upgrade",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version": "13",
    }
    head = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    sock.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    assert sock.recv(99).split()[1] == b"404"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/embeddings", CHAT])
def test_limits_are_told_on_every_answer(ask: Any, path: str) -> None:
    body = None if path == "/v1/models" else {**GOOD, "input": "x"}
    if path == "/v1/embeddings":
        body = {"model": "bge-m3:567m", "input": "x"}
    assert "x-ratelimit-remaining-requests" in ask(path, body).headers


def test_upstream_needs_a_model_and_hides_others() -> None:
    with (
        Sandbox() as engine,
        Sandbox(upstream=engine.base_url, upstream_key=engine.api_key) as gateway,
    ):
        key = gateway.make_key("acme", models=["gemma*"])
        told = _ask(gateway, "/v1/models", None, key)
        assert {row["id"] for row in told["data"]} == {"gemma4:31b", "gemma4:12b-it-qat"}
        assert "model" in _ask(gateway, CHAT, {"messages": HELLO}, key)["error"]["message"]
        assert len(engine.requests) == 1


def test_upstream_counts_streams_that_do_not_ask_for_usage() -> None:
    with (
        Sandbox(faults="usage-on-request") as engine,
        Sandbox(upstream=engine.base_url, upstream_key=engine.api_key) as gateway,
    ):
        text = _read(gateway, CHAT, {**GOOD, "stream": True}, gateway.api_key)
        assert b"usage" not in text
        assert text.endswith(b"data: [DONE]\n\n")
        assert list(gateway.state.audit_log.records())[-1]["completion_tokens"] > 0


def _read(box: Sandbox, path: str, body: Any, key: str) -> bytes:
    import http.client

    host, port = box.root_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    method = "GET" if body is None else "POST"
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    data = connection.getresponse().read()
    connection.close()
    return data


def _ask(box: Sandbox, path: str, body: Any, key: str) -> Any:
    return json.loads(_read(box, path, body, key))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nNone--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\ncontent-disposition: nothing\r\n\r\n\r\n--b--",
        ),
    ],
)
def test_form_is_refused_when_it_cannot_be_read(
    connect: Any, llmaas_sandbox: Any, kind: str, body: bytes
) -> None:
    sock = connect()
    head = (
        "POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        f"authorization: Bearer {llmaas_sandbox.api_key}\r\n"
        f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    sock.sendall(head.encode() + body)
    assert sock.recv(99).split()[1] == b"400"


@pytest.mark.parametrize("wrong", [{"window": False}, {"threshold": True}, {"window": "60"}])
def test_alert_rule_is_refused_when_a_number_is_none(
    ask: Any, llmaas_sandbox: Any, wrong: dict[str, Any]
) -> None:
    rule = {"name": "x", "measure": "error_rate", "threshold": 1, **wrong}
    key = llmaas_sandbox.admin_key
    assert ask("/admin/alerts", {"rules": [rule]}, key=key, method="PUT").status == 400


def test_clock_takes_what_the_document_says(ask: Any, llmaas_sandbox: Any) -> None:
    document = ask("/openapi.json", key=None).json
    schema = document["components"]["schemas"]["ClockRequest"]["properties"]["advance"]
    key, most = llmaas_sandbox.admin_key, schema["maximum"]
    assert ask("/admin/clock", {"advance": most + 1}, key=key).status == 400
    assert ask("/admin/clock", {"advance": most}, key=key).status == 200

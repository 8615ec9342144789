import json
import sqlite3
import subprocess
import sys
from typing import Any

import pytest

from llmaas_sandbox import Sandbox

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Bonjour"}]


@pytest.fixture
def admin(ask: Any, llmaas_sandbox: Any) -> Any:
    """``admin("POST", path, body)`` with the administrator's key."""

    def call(method: str, path: str, body: Any = None) -> Any:
        return ask(f"/admin{path}", body, key=llmaas_sandbox.admin_key, method=method)

    return call


@pytest.fixture
def greet(ask: Any) -> Any:
    """The status of a short chat with a key."""

    def call(key: str, model: str = "gemma4:31b") -> Any:
        return ask(CHAT, {"model": model, "messages": HELLO}, key=key)

    return call


def test_a_key_is_shown_once(admin: Any, greet: Any) -> None:
    made = admin("POST", "/keys", {"tenant": "acme", "label": "ci"})
    assert made.status == 201
    secret = made.json["key"]
    assert greet(secret).status == 200
    listed = admin("GET", "/keys?tenant=acme")
    assert [k["label"] for k in listed.json["data"]] == ["ci"]
    assert secret.encode() not in listed.body
    assert listed.json["data"][0]["ending"] == secret[-4:]


def test_only_the_administrator_makes_keys(ask: Any, llmaas_sandbox: Any) -> None:
    for key in (None, llmaas_sandbox.api_key, "sk-wrong"):
        assert ask("/admin/keys", {}, key=key).status == 401
    assert ask("/v1/models", key=llmaas_sandbox.admin_key).status == 401


@pytest.mark.parametrize(
    "body",
    [{"tier": "9"}, {"models": "x"}, {"models": [1]}, {"colour": "red"}, {"hourly_tokens": "x"}],
)
def test_a_badly_described_key_is_refused(admin: Any, body: Any) -> None:
    assert admin("POST", "/keys", body).status == 400


def test_permissions_per_model(llmaas_sandbox: Any, greet: Any, ask: Any) -> None:
    key = llmaas_sandbox.make_key("acme", models=["qwen*", "gpt-oss:120b"])
    assert greet(key, "qwen3.6:35b").status == 200
    assert greet(key, "gpt-oss:20b").status == 200  # served by a permitted model
    refused = greet(key, "gemma4:31b")
    assert refused.status == 403
    assert refused.json["error"]["code"] == "model_not_permitted"
    seen = {m["id"] for m in ask("/v1/models", key=key).json["data"]}
    assert "gpt-oss:120b" in seen
    assert "gemma4:31b" not in seen


def test_a_revoked_key_stops_at_once(admin: Any, greet: Any) -> None:
    made = admin("POST", "/keys", {}).json
    assert greet(made["key"]).status == 200
    assert admin("DELETE", f"/keys/{made['id']}").json["revoked"] is not None
    assert greet(made["key"]).status == 401
    assert admin("DELETE", "/keys/key-unknown").status == 404


def test_after_a_rotation_both_keys_work_for_a_while(
    admin: Any, greet: Any, llmaas_sandbox: Any
) -> None:
    old = admin("POST", "/keys", {"models": ["gemma4:31b"]}).json
    new = admin("POST", f"/keys/{old['id']}/rotate", {"grace": 600}).json
    assert new["models"] == ["gemma4:31b"]
    first = greet(old["key"])
    assert (first.status, greet(new["key"]).status) == (200, 200)
    assert int(first.headers["x-sandbox-key-expires"]) > 0
    llmaas_sandbox.advance(601)
    assert (greet(old["key"]).status, greet(new["key"]).status) == (401, 200)


def test_a_key_may_rotate_and_revoke_itself_only(
    ask: Any, greet: Any, llmaas_sandbox: Any, admin: Any
) -> None:
    key, other = llmaas_sandbox.make_key(), admin("POST", "/keys", {}).json
    new = ask("/admin/keys/self/rotate", {}, key=key).json["key"]
    assert greet(new).status == 200
    assert ask(f"/admin/keys/{other['id']}/rotate", {}, key=key).status == 403
    assert ask("/admin/keys/self", key=new, method="DELETE").status == 200
    assert greet(new).status == 401


def test_a_key_rotates_by_itself_when_its_time_comes(
    admin: Any, greet: Any, llmaas_sandbox: Any
) -> None:
    old = admin("POST", "/keys", {"rotate_every": 3600}).json
    assert admin("GET", f"/keys/{old['id']}/successor").status == 404
    llmaas_sandbox.advance(3601)
    assert greet(old["key"]).status == 200
    new = admin("GET", f"/keys/{old['id']}/successor").json
    assert greet(new["key"]).status == 200
    assert admin("GET", f"/keys/{old['id']}/successor").status == 404
    llmaas_sandbox.advance(24 * 3600)
    assert (greet(old["key"]).status, greet(new["key"]).status) == (401, 200)


def test_no_tenant_sees_another_s_batch(ask: Any, llmaas_sandbox: Any) -> None:
    mine, theirs = llmaas_sandbox.make_key("acme"), llmaas_sandbox.make_key("other")
    same_tenant = llmaas_sandbox.make_key("acme")
    path = "/v1/chat/completions/batch"
    made = ask(path, {"model": "gemma4:31b", "messages": [HELLO]}, key=mine).json
    assert ask(f"{path}/{made['id']}", key=mine).status == 200
    assert ask(f"{path}/{made['id']}", key=theirs).status == 403
    assert ask(f"{path}/{made['id']}", key=same_tenant).status == 403  # as documented


def test_the_file_holds_no_secret_and_another_process_can_manage_it(tmp_path: Any) -> None:
    def cli(*arguments: str) -> Any:
        command = [sys.executable, "-m", "llmaas_sandbox", "keys", "--data-dir", str(tmp_path)]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    with Sandbox(data_dir=tmp_path) as box:
        made = cli("create", "--tenant", "acme", "--model", "gemma4:31b")
        assert status(box, made["key"]) == 200
        rotated = cli("rotate", made["id"], "--grace", "5")
        assert status(box, rotated["key"]) == 200
        cli("revoke", made["id"])
        assert status(box, made["key"]) == 401
        assert [k["tenant"] for k in cli("list")] == ["default", "acme", "acme"]
    files = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    for secret in (made["key"], rotated["key"], box.api_key):
        assert secret.encode() not in files
    with sqlite3.connect(tmp_path / "sandbox.sqlite") as database:
        assert database.execute("SELECT count(*) FROM keys").fetchone() == (3,)
    database.close()


def status(box: Sandbox, key: str) -> int:
    import http.client

    host, port = box.root_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    body = json.dumps({"model": "gemma4:31b", "messages": HELLO})
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", CHAT, body, headers)
    code = connection.getresponse().status
    connection.close()
    return code

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.helpers.waiting import eventually

CHAT = "/v1/chat/completions"


def metric(text: bytes, start: str) -> float:
    """Sum the samples whose line starts so."""
    lines = [line for line in text.decode().splitlines() if line.startswith(start)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def test_metrics_count_what_happened(ask: Any, chat: Any) -> None:
    before = ask("/metrics", key=None).body
    usage = chat("Bonjour", model="gemma4:31b").json["usage"]
    chat("Bonjour", model="nope")
    after = ask("/metrics", key=None).body
    path = f'path="{CHAT}"'

    def grown(start: str) -> float:
        return metric(after, start) - metric(before, start)

    assert grown('llmaas_requests_total{model="gemma4:31b",' + path + ',status="200"}') == 1
    assert grown("llmaas_errors_total{" + path + ',status="404"}') == 1
    assert (
        grown('llmaas_tokens_total{kind="completion",model="gemma4:31b"}')
        == usage["completion_tokens"]
    )
    assert grown("llmaas_request_seconds_count{" + path) == 2
    assert grown("llmaas_first_byte_seconds_count{" + path) == 2
    assert metric(after, "llmaas_machine_up") == 12
    assert metric(after, "llmaas_in_flight") == 0


def test_labels_hold_no_free_text(ask: Any, chat: Any) -> None:
    chat("Bonjour", model="made-up-by-a-client")
    ask("/v1/made-up-path")
    assert b"made-up" not in ask("/metrics", key=None).body


@pytest.fixture
def webhook() -> Any:
    """A server that keeps what it is told."""
    told: list[Any] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", told
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_fires_is_told_and_resolves(
    ask: Any, chat: Any, llmaas_sandbox: Any, webhook: Any
) -> None:
    url, told = webhook
    admin = llmaas_sandbox.admin_key
    rules = [
        {"name": "down", "measure": "machines_down", "threshold": 1},
        {"name": "errors", "measure": "error_rate", "threshold": 0.4, "window": 60},
    ]
    assert (
        ask("/admin/alerts", {"rules": rules, "webhook": url}, key=admin, method="PUT").status
        == 200
    )
    for machine in ("ma01", "ma02"):
        ask(f"/admin/machines/{machine}", {"health": "dead"}, key=admin, method="PUT")
    chat("Bonjour", faults="status:500")
    firing = ask("/admin/alerts", key=admin).json["firing"]
    assert {f["name"] for f in firing} == {"down", "errors"}
    ask("/admin/machines/ma01", {"health": "healthy"}, key=admin, method="PUT")
    llmaas_sandbox.advance(61)
    assert ask("/admin/alerts", key=admin).json["firing"] == []
    eventually(lambda: len(told) >= 4)
    assert sorted((t["name"], t["state"]) for t in told) == [
        ("down", "firing"),
        ("down", "resolved"),
        ("errors", "firing"),
        ("errors", "resolved"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rules": [{}]},
        {"rules": [{"name": "x", "measure": "mood", "threshold": 1}]},
        {"rules": [], "webhook": "x"},
    ],
)
def test_bad_rules_are_refused(ask: Any, llmaas_sandbox: Any, body: Any) -> None:
    before = ask("/admin/alerts", key=llmaas_sandbox.admin_key).json
    assert ask("/admin/alerts", body, key=llmaas_sandbox.admin_key, method="PUT").status == 400
    assert ask("/admin/alerts", key=llmaas_sandbox.admin_key).json == before


@pytest.mark.parametrize("advance", [b"1e999", b"1e300", b"-1", b"true"])
def test_the_clock_stays_in_the_calendar(
    ask: Any, chat: Any, llmaas_sandbox: Any, advance: bytes
) -> None:
    body = b'{"advance": %s}' % advance
    assert ask("/admin/clock", body, key=llmaas_sandbox.admin_key, method="POST").status == 400
    assert chat("?").status == 200


def test_a_script_that_cannot_be_read_is_refused(ask: Any, llmaas_sandbox: Any) -> None:
    for broken in (5, "*", None):
        steps = [{"body": {"base64": broken}}]
        told = ask("/admin/script", {"steps": steps}, key=llmaas_sandbox.admin_key)
        assert (told.status, told.json["error"]["param"]) == (400, "steps")


def test_controls_over_http(ask: Any, chat: Any, llmaas_sandbox: Any) -> None:
    admin = llmaas_sandbox.admin_key
    steps = [{"content": "écrit"}, {"sse": [{"base64": "ZGF0YTogeA=="}]}]
    assert ask("/admin/script", {"steps": steps}, key=admin).json == {"pending_steps": 2}
    assert chat("?").json["choices"][0]["message"]["content"] == "écrit"
    assert chat("?", stream=True).body == b"data: x"
    assert ask("/admin/script", {"steps": [{"nope": 1}]}, key=admin).status == 400
    assert ask("/admin/faults", {"faults": "status:418"}, key=admin, method="PUT").status == 200
    assert chat("?").status == 418
    journal = ask("/admin/requests", key=admin).json["data"]
    assert [r["status"] for r in journal] == [200, 200, 418]
    assert journal[0]["headers"]["authorization"] == "***"
    assert ask("/admin/clock", {"advance": 60}, key=admin).json["now"] > time.time() + 50
    ask("/admin/reset", {}, key=admin)
    assert ask("/admin/requests", key=admin).json["data"] == []
    assert chat("?").status == 200


def test_a_deprecated_model_says_so(chat: Any, ask: Any) -> None:
    headers = chat("Bonjour", model="gemma3:27b").headers
    assert headers["x-sandbox-served-by"] == "gemma4:31b"
    assert headers["sunset"].endswith("GMT")
    assert headers["deprecation"].startswith("@")
    assert 'rel="successor-version"' in headers["link"]
    assert "sunset" not in chat("Bonjour", model="gpt-oss:120b").headers
    phases = {m["id"]: m["phase"] for m in ask("/lifecycle", key=None).json["data"]}
    assert phases["gpt-oss:120b"] == "production"
    assert phases["gemma3:27b"] == "retired"


def test_end_of_support_can_be_taken_at_its_word(sdk: Any) -> None:
    import openai

    from llmaas_sandbox import Sandbox

    with Sandbox(strict_lifecycle=True) as box:
        client = sdk(box, max_retries=0)
        hello: Any = [{"role": "user", "content": "Bonjour"}]
        assert client.chat.completions.create(model="gpt-oss:120b", messages=hello).choices
        box.advance(3 * 365 * 24 * 3600)
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="gpt-oss:120b", messages=hello)

"""Snippets of every README and of the documentation site, executed in order against the sandbox."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from llmaas import telemetry
from tests.helpers import snippets
from tests.helpers.repository import PACKAGES, ROOT

READMES = [ROOT / "README.md", *(package.path / "README.md" for package in PACKAGES)]
PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if any(snippets.snippets(page))]
# Pages with requirements of their own: `nox -s clients` runs them, each in its environment.
APART = [page for page in PAGES if snippets.requirements(page)]
TRACING = ROOT / "docs/how-to/tracing.md"
OURS = [page for page in PAGES if page not in (*APART, TRACING)]
CONTAINERS = ROOT / "docs/how-to/containers.md"


def marked(path):
    """AutoGen's classic branches read the key from a file: that page writes one."""
    marks = pytest.mark.shows_key("in a file of mode 0600") if path.parent.name == "autogen" else ()
    return pytest.param(path, marks=marks)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "path", [*map(marked, READMES + OURS)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_snippets_run(path, sandbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippets.run(path)


@pytest.mark.parametrize("path", APART, ids=lambda path: str(path.relative_to(ROOT)))
def test_snippets_compile_when_they_need_other_packages(path):
    assert [snippets.compiled(code, path) for code in snippets.snippets(path)]


@pytest.fixture
def collector(monkeypatch):
    """Serve a receiver of OpenTelemetry traces; yields the requests."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["x-api-key"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/otel"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=of-the-receiver")
        yield received
        server.shutdown()
    telemetry.uninstrument()


def test_tracing_page_sends_spans(sandbox, collector, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippets.run(TRACING)
    [(path, key, body)] = collector
    assert (path, key) == ("/otel/v1/traces", "of-the-receiver")
    assert b"gpt-oss:120b" in body
    assert b"Why is the sky blue?" not in body
    assert "Why is the sky blue?" not in (tmp_path / "calls.jsonl").read_text()
    assert json.loads((tmp_path / "calls.jsonl").read_text().splitlines()[0])["model"]


@pytest.mark.parametrize("text", snippets.blocks(CONTAINERS, "yaml"))
def test_container_manifests_are_yaml(text):
    assert all(isinstance(document, dict) for document in yaml.safe_load_all(text))

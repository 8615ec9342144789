"""Cookbook apps under test: a process, a port, and a headless browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from tests.helpers.isolation.network import REFUSED
from tests.helpers.repository import ROOT

GUARD = "tests.helpers.isolation.no_network"
COOKBOOKS = ROOT / "cookbooks"
START_SECONDS, STOP_SECONDS = 90.0, 30.0
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--no-sandbox",
]
"""Flags of a browser that keeps to itself."""

_RECORDER = """selector => {
    window.recorded = [];
    const look = () => {
        const text = [...document.querySelectorAll(selector)].at(-1)?.innerText;
        if (text && text !== window.recorded.at(-1)) window.recorded.push(text);
    };
    new MutationObserver(look).observe(
        document.body, { subtree: true, childList: true, characterData: true });
}"""


class App:
    """Process of an app without network access; killed at the end."""

    def __init__(self, *command: str, port: int, healthy: str, env: Mapping[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._healthy = self.url + healthy
        self._command = [sys.executable, "-u", "-m", GUARD, *command]
        self._env = {**_own_environment(), "PYTHONDONTWRITEBYTECODE": "1", **env}
        self._file = tempfile.NamedTemporaryFile(prefix="app-")  # noqa: SIM115 - closed with it

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return Path(self._file.name).read_text(errors="replace")

    def terminate(self) -> None:
        """Send SIGTERM, as an orchestrator does."""
        self.process.send_signal(signal.SIGTERM)

    def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end and return the exit code."""
        return self.process.wait(seconds)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.terminate()
            try:
                self.ended()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._file.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self._healthy):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the app did not start:\n{self.output}")
            time.sleep(0.1)

    def stayed_here(self) -> bool:
        """Tell whether nothing tried to leave this machine."""
        return REFUSED not in self.output


def _own_environment() -> dict[str, str]:
    """Leave out a developer's keys and proxies: they change no test."""
    foreign = ("LLMAAS_", "OPENAI_")
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {name: value for name, value in kept.items() if not name.startswith(foreign)}


def needs(*modules: str) -> None:
    """Skip a test module where packages are missing; none is imported, which may take seconds."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)}: see ./run --apps", allow_module_level=True)


def free_port() -> int:
    """Return an unused port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def browser_path() -> str:
    """Return where a browser is, or skip the test."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium or google-chrome on this machine")
    return found


@contextmanager
def browsing() -> Iterator[Any]:
    """Yield a headless browser (Playwright's), or skip the test."""
    needs("playwright")
    path = browser_path()
    with import_module("playwright.sync_api").sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Any, url: str, *, width: int = 1200, height: int = 900) -> Iterator[Any]:
    """Yield a page at ``url``; afterwards, fail if it asked for anything beyond this machine."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(60_000)
    asked: list[str] = []
    stopped: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda it: stopped.append(it.url) if it.failure == "csp" else None)
    page.goto(url)
    yield page
    page.close()
    # What the page's own policy stops, the browser announces but never sends.
    strangers = [one for one in asked if not _is_here(one) and one not in stopped]
    assert not strangers, f"the page asked for {strangers}"


def record(page: Any, selector: str) -> None:
    """Let the page write down, itself and from now on, each text that an element goes through."""
    page.evaluate(_RECORDER, selector)


def states(page: Any, until: str) -> list[str]:
    """Return the texts that were recorded, once one of them holds ``until``."""
    page.wait_for_function("until => window.recorded.some(text => text.includes(until))", arg=until)
    texts: list[str] = page.evaluate("window.recorded")
    return texts


def picture(page: Any, path: Path) -> None:
    """Keep a screenshot in the cookbook when somebody asks for them."""
    if os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(800)  # what folds and unfolds comes to rest
        page.screenshot(path=str(path))


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

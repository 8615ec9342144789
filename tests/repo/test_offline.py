"""All packages without a network.

All frameworks run with their own telemetry settings in a network namespace, which records each
packet to another machine (``tests/helpers/isolation/offline.py``). An audit hook records each
socket call of Python besides, with the code that made it.
"""

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from tests.helpers.isolation import offline
from tests.helpers.repository import PACKAGES, ROOT

FRAMEWORKS = sorted(name for package in PACKAGES for name in package.demos)
HABITS = ("HAYSTACK_", "LANGCHAIN_", "LANGSMITH_", "DO_NOT_TRACK", "OTEL_", "TIKTOKEN_", "HF_")

needs_namespace = pytest.mark.skipif(
    (why := cache(offline.missing)()) is not None, reason=f"no network of its own here: {why}"
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a process said that used everything: in a network of its own where there is one."""
    folder = tmp_path_factory.mktemp("offline")
    report = folder / "report.json"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(HABITS)}
    environment = {**kept, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    for name in ("LLMAAS_API_KEY", "LLMAAS_BASE_URL"):
        environment.pop(name, None)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.helpers.isolation.all_packages",
        str(report),
    ]
    log = folder / "log.txt"
    with log.open("w") as out:
        options = {"env": environment, "cwd": folder, "stderr": out}
        if why is None:
            seen = offline.run(command, **options)
        else:
            done = subprocess.run(command, stdout=out, **options)
            seen = {"status": done.returncode, "packets": []}
    assert seen["status"] == 0, log.read_text()[-3000:]
    return {**json.loads(report.read_text()), **seen}


def installed(told, framework):
    if framework not in told["demos"]:
        pytest.skip(f"{framework} is not installed")
    return told["demos"][framework]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_offline_demo_works(told, framework):
    result = installed(told, framework)
    assert not result.get("error"), result
    assert result["answer"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_offline_answers_and_tool_calls_work(told, framework):
    installed(told, framework)
    said = {name: text for name, text in told["answers"].items() if name.startswith(framework)}
    assert said
    assert set(said.values()) == {"Oui get_weather"}


@pytest.mark.timeout(600)
def test_offline_libraries_open_no_socket(told):
    assert not told["attempts"], "\n\n".join(told["attempts"])


@needs_namespace
@pytest.mark.timeout(600)
def test_offline_sends_no_packet(told):
    assert not told["packets"]


AFAR = "('192.0.2.1', 9)"
SOCKET = "import socket; s = socket.socket(type=socket"
REACHES = {
    "a connection": f"{SOCKET}.SOCK_STREAM); s.settimeout(1); s.connect({AFAR})",
    "a datagram": f"{SOCKET}.SOCK_DGRAM); s.sendto(b'?', {AFAR})",
    "a look-up of the C library": "import socket; socket.getaddrinfo('somewhere.example', 443)",
    "a child process": "import subprocess as s; s.run(['getent', 'hosts', 'x.example'], timeout=2)",
}


@needs_namespace
@pytest.mark.parametrize("way", REACHES)
def test_offline_watch_sees(way):
    code = f"try:\n    {REACHES[way]}\nexcept Exception: pass"
    quick = {**os.environ, "RES_OPTIONS": "timeout:1 attempts:1"}
    command = [sys.executable, "-c", code]
    done = offline.run(command, stderr=subprocess.DEVNULL, timeout=60, env=quick)
    assert done["packets"], way

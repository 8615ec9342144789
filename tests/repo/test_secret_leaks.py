"""The leak check finds every way in which a test can show a key."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.isolation import secret_leaks
from tests.helpers.repository import ROOT

INI = "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"

CONFTEST = """
from tests.helpers.isolation import secret_leaks

def pytest_configure(config):
    config.addinivalue_line("markers", "shows_key(why): may")
    config.pluginmanager.register(secret_leaks.SecretLeakPlugin(), "canary")
"""

LEAKS = """
import logging, subprocess, sys, threading, warnings
import pytest
from tests.helpers.isolation.secret_leaks import KEY

def test_stdout():
    print(KEY)

def test_stderr():
    print(KEY, file=sys.stderr)

def test_half_a_key():
    print(KEY[:24] + "...")

def test_a_child_process():
    subprocess.run([sys.executable, "-c", f"print({KEY!r})"], check=True)

def test_what_capsys_took(capsys):
    print(KEY)
    assert KEY in capsys.readouterr().out

def test_a_log():
    logging.getLogger("x").warning("with %s", KEY)

def test_the_arguments_of_a_log():
    class Headers(dict):
        def __str__(self):
            return "hidden"

    logging.getLogger("x").setLevel(logging.DEBUG)
    logging.getLogger("x").debug("headers: %s", Headers(authorization=KEY))

def test_the_error_of_a_log():
    try:
        raise ValueError(KEY)
    except ValueError:
        logging.getLogger("x").exception("no")

def test_a_thread():
    thread = threading.Thread(target=lambda: logging.getLogger("x").error(KEY))
    thread.start()
    thread.join()

def test_a_warning():
    warnings.warn(KEY)

def test_a_file(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "settings.bin").write_bytes(b"\\x00" + KEY.encode())

def test_a_failure():
    assert KEY == ""

def test_a_caught_error():
    with pytest.raises(ValueError, match="."):
        raise ValueError("x", {"key": KEY})

def test_the_cause_of_a_caught_error():
    with pytest.raises(ValueError, match="."):
        raise ValueError("x") from OSError(KEY)

def test_the_pickle_of_a_caught_error():
    class_of = type("E", (ValueError,), {"__module__": "builtins"})
    error = ValueError("x")
    error.response = KEY
    with pytest.raises(ValueError, match="."):
        raise error

def test_a_span():
    trace = pytest.importorskip("opentelemetry.trace")
    with trace.get_tracer("x").start_as_current_span("s", attributes={"key": KEY}):
        pass
"""

CLEAN = """
import logging
import pytest
from tests.helpers.isolation.secret_leaks import KEY

def test_nothing(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("sk-canary-of-somebody-else")
    print("fine")
    logging.getLogger("openai").debug("fine")
    with pytest.raises(ValueError):
        raise ValueError("fine")
    assert capsys.readouterr().out

@pytest.mark.shows_key("to see that it may")
def test_allowed():
    print(KEY)
"""

LATE = """
import atexit, logging
import pytest
from tests.helpers.isolation.secret_leaks import KEY

@pytest.fixture(scope="session", autouse=True)
def session():
    yield

def pytest_sessionfinish():
    logging.getLogger("x").error(KEY)
"""


def run(folder: Path, **files: str) -> tuple[int, str]:
    """Run tests in a process of their own; return its status and what it said."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "pytest.ini").write_text(INI)
    command = [sys.executable, "-m", "pytest", "-rfEp", "-p", "no:cacheprovider", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def names(text: str) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", text, re.MULTILINE))


def outcomes(out: str, word: str) -> set[str]:
    return set(re.findall(rf"^{word} \S+::(test_\w+)", out, re.MULTILINE))


def test_leak_fails_its_test_and_is_not_repeated(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.sdk")
    imports = "import opentelemetry.sdk.trace\n"
    status, out = run(tmp_path, conftest=CONFTEST, test_leaks=imports + LEAKS, test_clean=CLEAN)
    assert status == 1, out
    assert outcomes(out, "(?:FAILED|ERROR)") == names(LEAKS), out
    assert outcomes(out, "PASSED") >= names(CLEAN)
    assert secret_leaks.find_leak(out) is None
    assert '>       assert KEY == ""' in out  # why ``test_a_failure`` failed


def test_clean_tests_pass(tmp_path: Path) -> None:
    status, out = run(tmp_path, conftest=CONFTEST, test_clean=CLEAN)
    assert status == 0, out


def test_leak_outside_of_tests_fails_the_run(tmp_path: Path) -> None:
    status, out = run(tmp_path, conftest=CONFTEST + LATE, test_clean=CLEAN)
    assert status == 1, out
    assert "keys shown outside of any test" in out


def test_key_of_the_suite_is_in_no_file() -> None:
    from tests.helpers.repository import tracked_files

    found = [path for path in tracked_files() if secret_leaks.find_leak(path.read_bytes())]
    assert not found


def test_leak_check_is_active(request: pytest.FixtureRequest, sandbox: object) -> None:
    assert request.config.pluginmanager.has_plugin("canary")
    assert sandbox.api_key == secret_leaks.KEY  # type: ignore[attr-defined]

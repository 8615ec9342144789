"""Fixtures of all tests: network guard, clean environment, sandbox, cassettes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.helpers.cassettes import player
from tests.helpers.cassettes.player import Cassette
from tests.helpers.isolation import network, secret_leaks
from tools import matrix

TESTS = Path(__file__).parent
FOREIGN = ("LLMAAS_", "OPENAI_", "AZURE_OPENAI_", "LANGSMITH_", "LANGCHAIN_")
COLORS = ("CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE")
recorded_now: set[Path] = set()
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = (
    "False"  # read when a package's conftest imports haystack
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record",
        choices=("sandbox", "live"),
        help="record cassettes anew, against the sandbox or (with a key) the service",
    )
    parser.addoption("--cassettes", help="play or record in this folder")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use two processes per processor: tests wait most of the time.

    Single files run in one process, where starting others costs more than it saves. So does
    recording: a cassette is recorded by the first test that plays it.
    """
    is_short = all(Path(name.partition("::")[0]).is_file() for name in config.args)
    return 0 if is_short or config.getoption("--record") else 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "play" in getattr(item, "fixturenames", ()):
            item.add_marker("cassette")


# Examples are timed by nobody: machines differ. CI tries the same ones every time.
settings.register_profile("repository", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("repository")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cassette: plays a recording (set by itself)")
    config.addinivalue_line("markers", "shows_key(why): must show the key that it runs with")
    config.pluginmanager.register(secret_leaks.SecretLeakPlugin(), "canary")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a background job of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)  # else our children inherit it
    if config.getoption("--record") == "live":
        network.allow()
    else:
        network.forbid()


def pytest_sessionstart() -> None:
    """Remove what makes the log of a CI colorful: tests read uncolored output."""
    for name in COLORS:
        os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def record_versions(record_testsuite_property: Callable[[str, object], None]) -> None:
    """Record the versions in the JUnit file, for ``nox -s matrix``."""
    for name, number in matrix.environment().items():
        record_testsuite_property(name, number)


@pytest.fixture(autouse=True)
def no_external_connection() -> Iterator[None]:
    """Fail a test that connects to another machine, even if it catches the error."""
    yield
    assert not network.forgive()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove keys and proxies of the developer's environment."""
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def fixed_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the date of the catalog to one day: models reach the end of their support."""
    monkeypatch.setattr("llmaas.catalog.clock.today", lambda: date(2026, 11, 25))


@pytest.fixture(scope="session")
def llmaas_sandbox_server() -> Iterator[Any]:
    """The session's sandbox, with the canary key."""
    from llmaas_sandbox import Sandbox

    with Sandbox(api_keys=(secret_leaks.KEY,)) as box:
        yield box


@pytest.fixture
def sandbox(llmaas_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The running sandbox, its journal empty; the environment points at it."""
    return pointed_at(llmaas_sandbox, monkeypatch)


@pytest.fixture
def play(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Cassette]]:
    """``play("scenario")`` replays a cassette of the test's package, to its last exchange.

    The environment points at it, so that a client without arguments uses it. ``faults`` names
    faults that the sandbox injects when it is recorded (a rate limit, for example); a recording
    of the service leaves such a cassette unchanged.
    """
    package = request.path.relative_to(TESTS).parts[0]
    kept = TESTS / "cassettes" / package
    chosen = request.config.getoption("--cassettes")
    folder = Path(chosen) / package if chosen else kept
    source = request.config.getoption("--record")
    with ExitStack() as stack:

        def start(scenario: str, faults: str = "") -> Cassette:
            path = folder / f"{scenario}.yaml"
            if faults and source == "live":
                return pointed_at(stack.enter_context(player.play(kept / path.name)), monkeypatch)
            anew = source and path not in recorded_now
            recorded_now.add(path)
            cassette = player.record(path, source, faults) if anew else player.play(path)
            return pointed_at(stack.enter_context(cassette), monkeypatch)

        yield start


def pointed_at(target: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the environment to the target's address and key."""
    monkeypatch.setenv("LLMAAS_BASE_URL", target.base_url)
    monkeypatch.setenv("LLMAAS_API_KEY", target.api_key)
    return target

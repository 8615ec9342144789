"""What LangChain's own suites need here: pictures without a network, ids that repeat."""

import base64
import itertools
import uuid
import warnings
from types import SimpleNamespace

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import langchain_tests.integration_tests  # noqa: F401 - warns while it is imported

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def vcr():
    """Stand in for pytest-recording, whose test may then be timed: ``play`` has the cassette."""
    return SimpleNamespace(responses=["recorded"])


@pytest.fixture
def benchmark(benchmark):
    """Run once what is to be timed: times are measured in tests/bench."""
    benchmark.disabled = True
    return benchmark


@pytest.fixture
def pictures(monkeypatch):
    """LangChain's suite downloads images; it gets one pixel."""
    monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "tests")
    monkeypatch.setattr("httpx.get", lambda *_, **__: SimpleNamespace(content=PIXEL))


@pytest.fixture
def same_ids(monkeypatch):
    """LangChain's suite makes ids of tool calls up; they must be those of the recording."""
    numbers = itertools.count(1)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(numbers)))

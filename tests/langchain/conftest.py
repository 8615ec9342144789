"""What LangChain's own suites need here: pictures without a network, ids that repeat."""

import asyncio
import base64
import itertools
import uuid
import warnings
from types import SimpleNamespace

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import langchain_tests.integration_tests  # noqa: F401 - warns while it is imported

from langchain_llmaas import ChatLLMaaS

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


def _invoke(model, question, /, **options):
    return model.invoke(question, **options)


def _ainvoke(model, question, /, **options):
    return asyncio.run(model.ainvoke(question, **options))


def _stream(model, question, /, **options):
    first, *others = model.stream(question, **options)
    return first + others


def _astream(model, question, /, **options):
    async def read():
        return [chunk async for chunk in model.astream(question, **options)]

    first, *others = asyncio.run(read())
    return first + others


@pytest.fixture(params=[_invoke, _ainvoke, _stream, _astream], ids=lambda way: way.__name__[1:])
def ask(request):
    """Ask a model in one of four ways; a stream's chunks are put together."""
    return request.param


@pytest.fixture
def chat(sandbox):
    """Make a ``ChatLLMaaS`` that the sandbox answers."""

    def make(**options):
        return ChatLLMaaS(**{"model": "gpt-oss:120b", "max_retries": 0, **options})

    return make

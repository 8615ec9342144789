"""Haystack imported once, its own warnings apart; and both ways to run a chat generator."""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

os.environ["HAYSTACK_DESERIALIZATION_ALLOWLIST"] = "tests,test_*,support_haystack"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from haystack.dataclasses import ChatMessage, StreamingChunk

    from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

MODEL = "gpt-oss:120b"


@dataclass
class Runner:
    """Runs a generator one of four ways; ``chunks`` are those of the last stream."""

    is_async: bool
    streaming: bool
    chunks: list[StreamingChunk] = field(default_factory=list)

    def __call__(self, messages: Any = "?", *, of: Any = None, **arguments: Any) -> Any:
        """Return the replies."""
        generator = of or LLMaaSChatGenerator(model=MODEL, max_retries=0)
        if self.streaming:
            self.chunks.clear()
            arguments.setdefault("streaming_callback", self._callback())
        if self.is_async:
            return asyncio.run(generator.run_async(messages, **arguments))["replies"]
        return generator.run(messages, **arguments)["replies"]

    def _callback(self) -> Callable[..., Any]:
        async def collect(chunk: StreamingChunk) -> None:
            self.chunks.append(chunk)

        return collect if self.is_async else self.chunks.append


WAYS = [(False, False), (False, True), (True, False), (True, True)]
NAMES = ["sync", "sync-stream", "async", "async-stream"]


@pytest.fixture(params=WAYS, ids=NAMES)
def ask(request: pytest.FixtureRequest) -> Runner:
    """All four ways."""
    return Runner(*request.param)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def stream(request: pytest.FixtureRequest) -> Runner:
    """Both ways to stream."""
    return Runner(request.param, True)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run any component: ``run(component, **inputs)``."""

    def either(component: Any, **inputs: Any) -> Any:
        if request.param:
            return asyncio.run(component.run_async(**inputs))
        return component.run(**inputs)

    return either


@pytest.fixture
def user() -> Callable[[str], ChatMessage]:
    """Make a message from the user."""
    return ChatMessage.from_user


@pytest.fixture(autouse=True)
def quiet_loggers() -> Iterator[None]:
    """Leave logging as it was found."""
    level = logging.getLogger("haystack_integrations").level
    yield
    logging.getLogger("haystack_integrations").setLevel(level)

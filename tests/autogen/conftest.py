"""Fixtures: the model client, called whole and streamed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the framework's own, at import
    from autogen_core.models import CreateResult, UserMessage

from autogen_llmaas import LLMaaSChatCompletionClient

MODEL = "gpt-oss:120b"


@dataclass
class Asked:
    """One answer: what was streamed, and the result."""

    result: CreateResult
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


Ask = Callable[..., Any]


@pytest.fixture(params=["whole", "streamed"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """``await ask(client, messages, **kwargs)``, whole and streamed."""

    async def whole(client: Any, messages: Any, **kwargs: Any) -> Asked:
        result = await client.create(as_messages(messages), **kwargs)
        return Asked(result, [result.content] if isinstance(result.content, str) else [])

    async def streamed(client: Any, messages: Any, **kwargs: Any) -> Asked:
        *pieces, result = [x async for x in client.create_stream(as_messages(messages), **kwargs)]
        assert isinstance(result, CreateResult)
        assert all(isinstance(piece, str) for piece in pieces)
        return Asked(result, pieces)

    return whole if request.param == "whole" else streamed


@pytest.fixture
def streams(ask: Ask) -> bool:
    """Whether this run streams."""
    return ask.__name__ == "streamed"


@pytest.fixture
def client(sandbox: Any) -> LLMaaSChatCompletionClient:
    """A client without retries, pointed at the sandbox by the environment."""
    return LLMaaSChatCompletionClient(MODEL, max_retries=0, rate_limit_timeout=0)


def as_messages(messages: Any) -> Any:
    if isinstance(messages, str):
        return [UserMessage(content=messages, source="user")]
    return messages

"""Fixtures: a chat service on the sandbox, called whole and streamed."""

from __future__ import annotations

import warnings
from functools import reduce
from operator import add
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # importing semantic-kernel and what it brings may warn
    from semantic_kernel import Kernel
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion  # noqa: F401
    from semantic_kernel.contents import ChatHistory, ChatMessageContent
    from semantic_kernel.functions import kernel_function

    from semantic_kernel_llmaas import LLMaaSChatCompletion, LLMaaSChatPromptExecutionSettings

MODEL = "gemma4:31b"


class Asker:
    """Asks a service, whole or streamed, and returns one merged message."""

    def __init__(self, *, streamed: bool) -> None:
        self.streamed = streamed

    async def __call__(
        self, service: Any, history: ChatHistory | str = "?", settings: Any = None, **kwargs: Any
    ) -> ChatMessageContent:
        if isinstance(history, str):
            history = ChatHistory(messages=[ChatMessageContent(role="user", content=history)])
        settings = settings or LLMaaSChatPromptExecutionSettings()
        if self.streamed:
            chunks = await self.chunks(service, history, settings, **kwargs)
            said = [chunk for chunk in chunks if chunk.role == "assistant"]
            last = max(chunk.function_invoke_attempt for chunk in said)
            return reduce(add, (c for c in said if c.function_invoke_attempt == last))
        return await service.get_chat_message_content(history, settings, **kwargs)

    async def chunks(
        self, service: Any, history: ChatHistory, settings: Any = None, **kwargs: Any
    ) -> list[Any]:
        settings = settings or LLMaaSChatPromptExecutionSettings()
        stream = service.get_streaming_chat_message_contents(history, settings, **kwargs)
        return [chunk async for chunks in stream for chunk in chunks]


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def ask(request: pytest.FixtureRequest) -> Asker:
    return Asker(streamed=request.param)


@pytest.fixture
def stream() -> Asker:
    return Asker(streamed=True)


@pytest.fixture
def chat(sandbox: Any) -> LLMaaSChatCompletion:
    return LLMaaSChatCompletion(MODEL, max_retries=0)


@pytest.fixture
def make(sandbox: Any) -> Any:
    """Make a chat service with options; nothing is retried unless asked."""

    def make(model: str = MODEL, **options: Any) -> LLMaaSChatCompletion:
        return LLMaaSChatCompletion(model, **{"max_retries": 0, **options})

    return make


class Weather:
    """A plugin that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @kernel_function(name="get_weather", description="Get the weather of a city")
    def get_weather(self, city: str) -> str:
        self.asked.append(city)
        return f"{city}: sunny"


@pytest.fixture
def weather() -> Weather:
    return Weather()


@pytest.fixture
def kernel(chat: LLMaaSChatCompletion, weather: Weather) -> Kernel:
    kernel = Kernel()
    kernel.add_service(chat)
    kernel.add_plugin(weather, "weather")
    return kernel

"""Haystack: our chat generator, and the stock one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from client import Client, Message
from exchange import Exchange
from stub import PIECE, TEXT, count_pieces


class Stock(Client):
    """``OpenAIChatGenerator``."""

    name = "haystack, OpenAIChatGenerator"
    distributions = ("haystack-ai", "openai")
    imports = "from haystack.components.generators.chat import OpenAIChatGenerator as G; G.__init__"

    def __init__(self, base_url: str) -> None:
        from haystack.dataclasses import ChatMessage

        self.to_message = ChatMessage.from_dict
        self.where = self.get_address_options(base_url)
        self.generators: dict[str, Any] = {}

    def get_address_options(self, base_url: str) -> dict[str, Any]:
        from haystack.utils import Secret

        return {"api_key": Secret.from_token("sk-test"), "api_base_url": base_url}

    def create_generator(self, model: str) -> Any:
        from haystack.components.generators.chat import OpenAIChatGenerator

        return OpenAIChatGenerator(model=model, **self.where)

    def generator(self, model: str) -> Any:
        if model not in self.generators:
            self.generators[model] = self.create_generator(model)
        return self.generators[model]

    def prepare(self, messages: Sequence[Message]) -> Any:
        return [self.to_message(message) for message in messages]

    def call(self, messages: Any, model: str) -> str:
        return self.generator(model).run(messages)["replies"][0].text

    async def acall(self, messages: Any, model: str) -> str:
        result = await self.generator(model).run_async(messages)
        return result["replies"][0].text

    def stream(self, messages: Any, model: str) -> str:
        pieces: list[str] = []

        def receive(chunk: Any) -> None:
            pieces.append(chunk.content)

        self.generator(model).run(messages, streaming_callback=receive)
        return "".join(pieces)

    async def astream(self, messages: Any, model: str) -> str:
        pieces: list[str] = []

        async def receive(chunk: Any) -> None:
            pieces.append(chunk.content)

        await self.generator(model).run_async(messages, streaming_callback=receive)
        return "".join(pieces)


class Ours(Stock):
    """``LLMaaSChatGenerator``."""

    name = "llmaas-haystack"
    peer = Stock.name
    floor = "haystack alone"
    distributions = ("llmaas-haystack",)
    imports = (
        "from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator as G;"
        "G.__init__"
    )
    goals = {
        "call": 2,
        "call, async": 2,
        "chunk": 7,
        "chunk, async": 7,
        "101 messages": 10,
        "101 messages, async": 10,
        "500 in flight": 5,
    }

    def create_generator(self, model: str) -> Any:
        from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

        return LLMaaSChatGenerator(model=model, **self.where)


class Alone(Stock):
    """The framework's replies and chunks alone: the least that an adapter can cost."""

    name = "haystack alone"
    distributions = ("haystack-ai",)
    imports = "from haystack import component, tools; from haystack.dataclasses import ChatMessage"

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.exchange = Exchange(base_url)

    def call(self, messages: Any, model: str) -> str:
        self.exchange.run()
        return self.reply()

    async def acall(self, messages: Any, model: str) -> str:
        await self.exchange.arun(model)
        return self.reply()

    def reply(self) -> str:
        from haystack.dataclasses import ChatMessage

        return {"replies": [ChatMessage.from_assistant(TEXT)]}["replies"][0].text

    def stream(self, messages: Any, model: str) -> str:
        from haystack.dataclasses import StreamingChunk

        chunks = [StreamingChunk(content=PIECE) for _ in range(count_pieces(model))]
        return "".join([chunk.content for chunk in chunks])

    async def astream(self, messages: Any, model: str) -> str:
        return self.stream(messages, model)

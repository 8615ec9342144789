"""AutoGen: our model client, and the stock one, both cancellable as agents ask them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from client import Client, Message
from exchange import Exchange
from stub import TEXT


class Stock(Client):
    """``OpenAIChatCompletionClient``."""

    name = "autogen, OpenAIChatCompletionClient"
    distributions = ("autogen-core", "autogen-ext", "openai")
    imports = "from autogen_ext.models.openai import OpenAIChatCompletionClient as C; C.__init__"

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.clients: dict[str, Any] = {}

    def create_client(self, model: str) -> Any:
        from autogen_ext.models.openai import OpenAIChatCompletionClient

        info = {
            "vision": False,
            "function_calling": True,
            "json_output": True,
            "structured_output": True,
            "family": "unknown",
        }
        return OpenAIChatCompletionClient(
            model=model, base_url=self.base_url, api_key="sk-test", model_info=info
        )

    def client(self, model: str) -> Any:
        if model not in self.clients:
            self.clients[model] = self.create_client(model)
        return self.clients[model]

    def prepare(self, messages: Sequence[Message]) -> Any:
        from autogen_core.models import AssistantMessage, UserMessage

        kinds = {"user": UserMessage, "assistant": AssistantMessage}
        return [
            kinds[message["role"]](content=message["content"], source=message["role"])
            for message in messages
        ]

    async def acall(self, messages: Any, model: str) -> str:
        from autogen_core import CancellationToken

        client, token = self.client(model), CancellationToken()
        result = await client.create(messages, cancellation_token=token)
        return result.content

    async def astream(self, messages: Any, model: str) -> str:
        from autogen_core import CancellationToken

        client, token = self.client(model), CancellationToken()
        stream = client.create_stream(messages, cancellation_token=token)
        pieces = [piece async for piece in stream if isinstance(piece, str)]
        return "".join(pieces)


class Ours(Stock):
    """``LLMaaSChatCompletionClient``."""

    name = "autogen, LLMaaSChatCompletionClient"
    peer = "autogen, OpenAIChatCompletionClient"
    floor = "autogen alone"
    distributions = ("autogen-llmaas", "autogen-core")
    imports = "from autogen_llmaas import LLMaaSChatCompletionClient as C; C('m')"
    goals = {
        "call, async": 2,
        "chunk, async": 7,
        "101 messages, async": 10,
        "401 messages, async": 20,
        "500 in flight": 5,
    }

    def create_client(self, model: str) -> Any:
        from autogen_llmaas import LLMaaSChatCompletionClient

        return LLMaaSChatCompletionClient(model, base_url=self.base_url, api_key="sk-test")


class Alone(Stock):
    """The framework's results alone: the least that an adapter can cost."""

    name = "autogen alone"
    distributions = ("autogen-core",)
    imports = "from autogen_core.models import ChatCompletionClient"
    astream = Client.astream  # its pieces are texts

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.exchange = Exchange(base_url)

    async def acall(self, messages: Any, model: str) -> str:
        from autogen_core.models import CreateResult, RequestUsage

        await self.exchange.arun(model)
        usage = RequestUsage(prompt_tokens=20, completion_tokens=300)
        result = CreateResult(content=TEXT, finish_reason="stop", usage=usage, cached=False)
        return result.content

"""Our chat client for Agent Framework, and the stock one."""

from __future__ import annotations

from client import Client
from exchange import Exchange
from stub import PIECE, TEXT, count_pieces


class AgentFramework(Client):
    """Ours."""

    name = "AF LLMaaSChatClient"
    peer = "AF OpenAIChatCompletionClient"
    floor = "agent_framework alone"
    distributions = ("agent-framework-core",)
    imports = "from agent_framework_llmaas import LLMaaSChatClient"
    goals = {
        "call, async": 2,
        "chunk, async": 7,
        "101 messages, async": 2,
        "401 messages, async": 2,
        "500 in flight": 5,
    }

    def __init__(self, base_url):
        self.chat = self.create_client(base_url)

    def create_client(self, base_url):
        from agent_framework_llmaas import LLMaaSChatClient

        return LLMaaSChatClient(base_url=base_url, api_key="sk-test")

    def prepare(self, messages):
        from agent_framework import Message

        return [Message(m["role"], [m["content"]]) for m in messages]

    async def acall(self, messages, model):
        answer = await self.chat.get_response(messages, options={"model": model})
        return answer.text

    async def astream(self, messages, model):
        stream = self.chat.get_response(messages, stream=True, options={"model": model})
        return "".join([update.text async for update in stream])


class AgentFrameworkStock(AgentFramework):
    """The framework's own client for OpenAI-compatible services."""

    name = "AF OpenAIChatCompletionClient"
    peer = floor = None
    distributions = ("agent-framework-openai", "openai")
    imports = "from agent_framework_openai import OpenAIChatCompletionClient"
    goals = {}

    def create_client(self, base_url):
        from agent_framework_openai import OpenAIChatCompletionClient

        return OpenAIChatCompletionClient(base_url=base_url, api_key="sk-test", model="granite")


class AgentFrameworkAlone(AgentFramework):
    """The framework's layers over a client that only waits: the least an adapter can cost."""

    name = "agent_framework alone"
    peer = floor = None
    distributions = ()
    imports = "from agent_framework import BaseChatClient, FunctionInvocationLayer"
    goals = {}

    def create_client(self, base_url):
        from agent_framework import (
            BaseChatClient,
            ChatMiddlewareLayer,
            ChatResponse,
            ChatResponseUpdate,
            Content,
            FunctionInvocationLayer,
            Message,
        )
        from agent_framework.observability import ChatTelemetryLayer

        exchange = Exchange(base_url)

        class Canned(
            FunctionInvocationLayer, ChatMiddlewareLayer, ChatTelemetryLayer, BaseChatClient
        ):
            def _inner_get_response(self, *, messages, stream, options, **kwargs):
                if stream:
                    return self._build_response_stream(self._pieces(options["model"]))
                return self._answer(options["model"])

            async def _answer(self, model):
                await exchange.arun(model)
                tokens = {"input_token_count": 20, "output_token_count": 300}
                message = Message("assistant", [TEXT])
                return ChatResponse(messages=[message], model=model, usage_details=tokens)

            async def _pieces(self, model):
                for _ in range(count_pieces(model)):
                    content = Content.from_text(PIECE)
                    yield ChatResponseUpdate(role="assistant", contents=[content])

        return Canned()

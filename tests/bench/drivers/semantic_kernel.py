"""Our chat service for Semantic Kernel, and the stock one."""

from __future__ import annotations

from client import Client
from exchange import Exchange
from stub import PIECE, TEXT, count_pieces


class SemanticKernel(Client):
    """Ours."""

    name = "SK LLMaaSChatCompletion"
    peer = "SK OpenAIChatCompletion"
    floor = "semantic_kernel alone"
    distributions = ("semantic-kernel",)
    imports = "from semantic_kernel_llmaas import LLMaaSChatCompletion"
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
        from semantic_kernel_llmaas import LLMaaSChatCompletion

        return LLMaaSChatCompletion("granite", base_url=base_url, api_key="sk-test")

    def prepare(self, messages):
        from semantic_kernel.contents import ChatHistory, ChatMessageContent

        turns = [ChatMessageContent(role=m["role"], content=m["content"]) for m in messages]
        return ChatHistory(messages=turns)

    def settings(self, model):
        return self.chat.instantiate_prompt_execution_settings(ai_model_id=model)

    async def acall(self, messages, model):
        answer = await self.chat.get_chat_message_content(messages, self.settings(model))
        return answer.content

    async def astream(self, messages, model):
        stream = self.chat.get_streaming_chat_message_contents(messages, self.settings(model))
        return "".join([chunk.content async for chunks in stream for chunk in chunks])


class SemanticKernelStock(SemanticKernel):
    """The framework's own connector for OpenAI-compatible services."""

    name = "SK OpenAIChatCompletion"
    peer = floor = None
    distributions = ("semantic-kernel", "openai")
    imports = "from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion"
    goals = {}

    def create_client(self, base_url):
        from openai import AsyncOpenAI
        from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion

        client = AsyncOpenAI(base_url=base_url, api_key="sk-test")
        return OpenAIChatCompletion("granite", async_client=client)


class SemanticKernelAlone(SemanticKernel):
    """The framework with a service that only waits: the least that an adapter can cost."""

    name = "semantic_kernel alone"
    peer = floor = None
    distributions = ()
    imports = (
        "from semantic_kernel.connectors.ai.chat_completion_client_base"
        " import ChatCompletionClientBase"
    )
    goals = {}

    def create_client(self, base_url):
        from semantic_kernel.connectors.ai.chat_completion_client_base import (
            ChatCompletionClientBase,
        )
        from semantic_kernel.contents import ChatMessageContent, StreamingChatMessageContent

        exchange = Exchange(base_url)

        class Canned(ChatCompletionClientBase):
            async def _inner_get_chat_message_contents(self, chat_history, settings):
                await exchange.arun(settings.ai_model_id)
                return [ChatMessageContent(role="assistant", content=TEXT)]

            async def _inner_get_streaming_chat_message_contents(
                self, chat_history, settings, function_invoke_attempt=0
            ):
                for _ in range(count_pieces(settings.ai_model_id)):
                    yield [
                        StreamingChatMessageContent(role="assistant", choice_index=0, content=PIECE)
                    ]

        return Canned(ai_model_id="granite")

    def settings(self, model):
        from semantic_kernel.connectors.ai.open_ai import OpenAIChatPromptExecutionSettings

        return OpenAIChatPromptExecutionSettings(ai_model_id=model)

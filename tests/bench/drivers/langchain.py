"""``ChatLLMaaS`` and ``LLMaaSEmbeddings`` beside ``ChatOpenAI`` and ``OpenAIEmbeddings``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from client import Client, Message
from exchange import Exchange
from stub import PIECE, TEXT, count_pieces


class Runnables:
    """What both packages do the same way."""

    def prepare(self, messages: Sequence[Message]) -> Any:
        from langchain_core.messages import convert_to_messages

        return convert_to_messages(messages)

    def call(self, messages: Any, model: str) -> str:
        return self.chat.invoke(messages, model=model).text

    async def acall(self, messages: Any, model: str) -> str:
        return (await self.chat.ainvoke(messages, model=model)).text

    def stream(self, messages: Any, model: str) -> str:
        return "".join([chunk.text for chunk in self.chat.stream(messages, model=model)])

    async def astream(self, messages: Any, model: str) -> str:
        chunks = self.chat.astream(messages, model=model)
        return "".join([chunk.text async for chunk in chunks])

    def embed(self, texts: Sequence[str], encoding: str) -> int:
        self.embedder.model_kwargs = {"encoding_format": encoding}
        return len(self.embedder.embed_documents(list(texts)))


class ChatLLMaaS(Runnables, Client):
    """Ours."""

    name = "ChatLLMaaS"
    peer = "ChatOpenAI"
    floor = "langchain alone"
    distributions = ("langchain-llmaas", "langchain-core")
    imports = "from langchain_llmaas import ChatLLMaaS"
    goals = {
        "call": 2,
        "call, async": 2,
        "chunk": 6,
        "chunk, async": 10,
        "101 messages": 12,
        "101 messages, async": 12,
        "500 in flight": 5,
    }

    def __init__(self, base_url: str) -> None:
        from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings

        self.chat = ChatLLMaaS(model="granite", base_url=base_url, api_key="sk-test")
        self.embedder = LLMaaSEmbeddings(
            model="granite", base_url=base_url, api_key="sk-test", chunk_size=1_000
        )


class ChatOpenAI(Runnables, Client):
    """The class that users take without ours."""

    name = "ChatOpenAI"
    distributions = ("langchain-openai", "langchain-core", "openai")
    imports = "from langchain_openai import ChatOpenAI"

    def __init__(self, base_url: str) -> None:
        from langchain_openai import ChatOpenAI, OpenAIEmbeddings

        self.chat = ChatOpenAI(model="granite", base_url=base_url, api_key="sk-test")
        self.embedder = OpenAIEmbeddings(
            model="granite", base_url=base_url, api_key="sk-test", check_embedding_ctx_length=False
        )


class LangChainAlone(Runnables, Client):
    """The framework with a model class that only waits: the least that an adapter can cost."""

    name = "langchain alone"
    imports = (  # bind_tools of every provider's class needs tools
        "from langchain_core.language_models import BaseChatModel; import langchain_core.tools.base"
    )
    embed = Client.embed

    def __init__(self, base_url: str) -> None:
        from langchain_core.language_models import BaseChatModel
        from langchain_core.messages import AIMessage, AIMessageChunk
        from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

        exchange = Exchange(base_url)

        def answer():
            tokens = {"input_tokens": 20, "output_tokens": 300, "total_tokens": 320}
            message = AIMessage(TEXT, usage_metadata=tokens)
            return ChatResult(generations=[ChatGeneration(message=message)])

        class Canned(BaseChatModel):
            @property
            def _llm_type(self) -> str:
                return "canned"

            def _generate(self, messages, stop=None, run_manager=None, **kwargs):
                exchange.run()
                return answer()

            async def _agenerate(self, messages, stop=None, run_manager=None, model="", **kwargs):
                await exchange.arun(model)
                return answer()

            def _stream(self, messages, stop=None, run_manager=None, model="", **kwargs):
                for _ in range(count_pieces(model)):
                    yield ChatGenerationChunk(message=AIMessageChunk(PIECE))

            async def _astream(self, messages, stop=None, run_manager=None, model="", **kwargs):
                for _ in range(count_pieces(model)):
                    yield ChatGenerationChunk(message=AIMessageChunk(PIECE))

        self.chat = Canned()

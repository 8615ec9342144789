"""``ChatLLMaaS`` and ``LLMaaSEmbeddings`` beside ``ChatOpenAI`` and ``OpenAIEmbeddings``."""

from __future__ import annotations

from collections.abc import Sequence

from client import Client, Message


class Runnables:
    """What both packages do the same way."""

    def call(self, messages: Sequence[Message], model: str) -> str:
        return self.chat.invoke(messages, model=model).text

    async def acall(self, messages: Sequence[Message], model: str) -> str:
        return (await self.chat.ainvoke(messages, model=model)).text

    def stream(self, messages: Sequence[Message], model: str) -> str:
        return "".join([chunk.text for chunk in self.chat.stream(messages, model=model)])

    async def astream(self, messages: Sequence[Message], model: str) -> str:
        chunks = self.chat.astream(messages, model=model)
        return "".join([chunk.text async for chunk in chunks])

    def embed(self, texts: Sequence[str], encoding: str) -> int:
        self.embedder.model_kwargs = {"encoding_format": encoding}
        return len(self.embedder.embed_documents(list(texts)))


class ChatLLMaaS(Runnables, Client):
    """Ours."""

    name = "ChatLLMaaS"
    peer = "ChatOpenAI"
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

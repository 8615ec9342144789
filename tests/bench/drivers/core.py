"""Our core."""

from __future__ import annotations

from collections.abc import Sequence

from client import Client, Message


class LLMaaS(Client):
    """``LLMaaS()`` and ``AsyncLLMaaS()``."""

    name = "llmaas"
    peer = "openai"
    distributions = ("llmaas",)
    imports = "from llmaas import LLMaaS; LLMaaS(api_key='sk-test')"
    goals = {
        "call": 3,
        "call, async": 3,
        "chunk": 8,
        "chunk, async": 18,
        "101 messages": 20,
        "101 messages, async": 20,
        "401 messages": 50,
        "401 messages, async": 50,
        "embed, floats": 30,
        "500 in flight": 5,
        "import": 2,
    }

    def __init__(self, base_url: str) -> None:
        import llmaas

        self.sync = llmaas.LLMaaS(base_url=base_url, api_key="sk-test")
        self.aio = llmaas.AsyncLLMaaS(base_url=base_url, api_key="sk-test")

    def call(self, messages: Sequence[Message], model: str) -> str:
        return self.sync.chat(messages, model=model).text

    async def acall(self, messages: Sequence[Message], model: str) -> str:
        return (await self.aio.chat(messages, model=model)).text

    def stream(self, messages: Sequence[Message], model: str) -> str:
        pieces = []
        with self.sync.stream(messages, model=model) as events:
            for event in events:
                if event.type == "text":
                    pieces.append(event.text)
        return "".join(pieces)

    async def astream(self, messages: Sequence[Message], model: str) -> str:
        pieces = []
        async with await self.aio.stream(messages, model=model) as events:
            async for event in events:
                if event.type == "text":
                    pieces.append(event.text)
        return "".join(pieces)

    def embed(self, texts: Sequence[str], encoding: str) -> int:
        answer = self.sync.embed(
            texts, model="granite", batch_size=len(texts), encoding_format=encoding
        )
        return len(answer.vectors)

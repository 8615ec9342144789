"""The plain openai SDK, as its documentation shows it, and on aiohttp."""

from __future__ import annotations

from collections.abc import Sequence

from client import Client, Message


class OpenAI(Client):
    """``OpenAI()`` and ``AsyncOpenAI()``."""

    name = "openai"
    distributions = ("openai",)
    imports = "from openai import OpenAI"

    def __init__(self, base_url: str) -> None:
        import openai

        self.sync = openai.OpenAI(base_url=base_url, api_key="sk-test")
        self.aio = self.connected(base_url)

    def connected(self, base_url: str):
        import openai

        return openai.AsyncOpenAI(base_url=base_url, api_key="sk-test")

    def call(self, messages: Sequence[Message], model: str) -> str:
        answer = self.sync.chat.completions.create(model=model, messages=messages)
        return answer.choices[0].message.content

    async def acall(self, messages: Sequence[Message], model: str) -> str:
        answer = await self.aio.chat.completions.create(model=model, messages=messages)
        return answer.choices[0].message.content

    def stream(self, messages: Sequence[Message], model: str) -> str:
        pieces = []
        for chunk in self.sync.chat.completions.create(model=model, messages=messages, stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                pieces.append(chunk.choices[0].delta.content)
        return "".join(pieces)

    async def astream(self, messages: Sequence[Message], model: str) -> str:
        pieces = []
        async for chunk in await self.aio.chat.completions.create(
            model=model, messages=messages, stream=True
        ):
            if chunk.choices and chunk.choices[0].delta.content:
                pieces.append(chunk.choices[0].delta.content)
        return "".join(pieces)

    def embed(self, texts: Sequence[str], encoding: str) -> int:
        answer = self.sync.embeddings.create(
            model="granite", input=list(texts), encoding_format=encoding
        )
        return len(answer.data)


class OpenAIOnAiohttp(OpenAI):
    """The asynchronous client with the transport that the SDK offers for many connections."""

    name = "openai on aiohttp"
    peer = "openai"
    distributions = ("openai", "aiohttp")
    imports = ""
    call = Client.call
    stream = Client.stream
    embed = Client.embed

    def connected(self, base_url: str):
        import openai

        http = openai.DefaultAioHttpClient()
        return openai.AsyncOpenAI(base_url=base_url, api_key="sk-test", http_client=http)

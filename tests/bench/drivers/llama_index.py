"""Our LLM for LlamaIndex. Its stock class excludes openai 3, so there is no peer."""

from __future__ import annotations

from client import Client


def messages_of(messages):
    from llama_index.core.base.llms.types import ChatMessage

    return [ChatMessage(m["content"], role=m["role"]) for m in messages]


class LlamaIndex(Client):
    """Ours."""

    name = "LlamaIndex LLMaaS"
    peer = None
    distributions = ("llama-index-llms-llmaas", "llama-index-core")
    imports = "from llama_index.llms.llmaas import LLMaaS"

    def __init__(self, base_url):
        from llama_index.llms.llmaas import LLMaaS

        self.llm = LLMaaS(model="granite", base_url=base_url, api_key="sk-test")

    def call(self, messages, model):
        return self.llm.chat(messages_of(messages), model=model).message.content

    async def acall(self, messages, model):
        return (await self.llm.achat(messages_of(messages), model=model)).message.content

    def stream(self, messages, model):
        return [*self.llm.stream_chat(messages_of(messages), model=model)][-1].message.content

    async def astream(self, messages, model):
        responses = await self.llm.astream_chat(messages_of(messages), model=model)
        return [response async for response in responses][-1].message.content

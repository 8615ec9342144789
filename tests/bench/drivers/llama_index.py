"""Our LLM for LlamaIndex. Its stock class excludes openai 3, so there is no peer."""

from __future__ import annotations

from client import Client
from exchange import Exchange
from stub import PIECE, TEXT, count_pieces


class LlamaIndex(Client):
    """Ours."""

    name = "LlamaIndex LLMaaS"
    floor = "llama_index alone"
    distributions = ("llama-index-llms-llmaas", "llama-index-core")
    imports = "from llama_index.llms.llmaas import LLMaaS"

    def __init__(self, base_url):
        self.llm = self.create_llm(base_url)

    def create_llm(self, base_url):
        from llama_index.llms.llmaas import LLMaaS

        return LLMaaS(model="granite", base_url=base_url, api_key="sk-test")

    def prepare(self, messages):
        from llama_index.core.base.llms.types import ChatMessage

        return [ChatMessage(m["content"], role=m["role"]) for m in messages]

    def call(self, messages, model):
        return self.llm.chat(messages, model=model).message.content

    async def acall(self, messages, model):
        return (await self.llm.achat(messages, model=model)).message.content

    def stream(self, messages, model):
        return [*self.llm.stream_chat(messages, model=model)][-1].message.content

    async def astream(self, messages, model):
        responses = await self.llm.astream_chat(messages, model=model)
        return [response async for response in responses][-1].message.content


class LlamaIndexAlone(LlamaIndex):
    """The framework with a class that only waits: the least that an adapter can cost."""

    name = "llama_index alone"
    floor = None
    distributions = ("llama-index-core",)
    imports = "from llama_index.core.llms.function_calling import FunctionCallingLLM"

    def create_llm(self, base_url):
        from llama_index.core.base.llms.types import ChatMessage, ChatResponse, LLMMetadata
        from llama_index.core.llms import CustomLLM
        from llama_index.core.llms.callbacks import llm_chat_callback

        def growing(model):
            text = ""
            for _ in range(count_pieces(model)):
                text += PIECE
                message = ChatMessage(text, role="assistant")
                yield ChatResponse(message=message, delta=PIECE)

        exchange = Exchange(base_url)

        class Canned(CustomLLM):
            @property
            def metadata(self):
                return LLMMetadata()

            @llm_chat_callback()
            def chat(self, messages, **kwargs):
                exchange.run()
                return ChatResponse(message=ChatMessage(TEXT, role="assistant"))

            @llm_chat_callback()
            async def achat(self, messages, model="", **kwargs):
                await exchange.arun(model)
                return ChatResponse(message=ChatMessage(TEXT, role="assistant"))

            @llm_chat_callback()
            def stream_chat(self, messages, model="", **kwargs):
                return growing(model)

            def complete(self, prompt, formatted=False, **kwargs):
                raise NotImplementedError

            def stream_complete(self, prompt, formatted=False, **kwargs):
                raise NotImplementedError

        return Canned()

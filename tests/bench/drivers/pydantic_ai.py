"""Our model for Pydantic AI, and the stock one."""

from __future__ import annotations

from client import Client
from exchange import Exchange
from stub import PIECE, TEXT, count_pieces


class PydanticAI(Client):
    """Ours."""

    name = "Pydantic AI LLMaaSModel"
    peer = "Pydantic AI OpenAIChatModel"
    floor = "pydantic_ai alone"
    distributions = ("pydantic-ai-slim",)
    imports = "from pydantic_ai_llmaas import LLMaaSModel"
    goals = {}

    def __init__(self, base_url):
        self.base_url = base_url
        self.models = {}

    def model(self, name):
        if name not in self.models:
            self.models[name] = self.create_model(name)
        return self.models[name]

    def create_model(self, name):
        from pydantic_ai_llmaas import LLMaaSModel, LLMaaSProvider

        provider = LLMaaSProvider(base_url=self.base_url, api_key="sk-test")
        return LLMaaSModel(name, provider=provider)

    def prepare(self, messages):
        from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

        return [
            ModelResponse([TextPart(m["content"])])
            if m["role"] == "assistant"
            else ModelRequest([UserPromptPart(m["content"])])
            for m in messages
        ]

    async def acall(self, messages, model):
        from pydantic_ai.direct import model_request

        return (await model_request(self.model(model), messages)).text

    async def astream(self, messages, model):
        from pydantic_ai.direct import model_request_stream

        async with model_request_stream(self.model(model), messages) as stream:
            async for _ in stream:
                pass
        return stream.get().text


class PydanticAIStock(PydanticAI):
    """The framework's own model for OpenAI-compatible services."""

    name = "Pydantic AI OpenAIChatModel"
    peer = floor = None
    distributions = ("openai",)
    imports = "from pydantic_ai.models.openai import OpenAIChatModel"

    def create_model(self, name):
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        provider = OpenAIProvider(base_url=self.base_url, api_key="sk-test")
        return OpenAIChatModel(name, provider=provider)


class PydanticAIAlone(PydanticAI):
    """The framework with a model that only waits: the least that an adapter can cost."""

    name = "pydantic_ai alone"
    peer = floor = None
    distributions = ()
    imports = "from pydantic_ai.models import Model"

    def create_model(self, name):
        from pydantic_ai.messages import ModelResponse, TextPart
        from pydantic_ai.models.function import FunctionModel

        async def pieces(messages, info):
            for _ in range(count_pieces(name)):
                yield PIECE

        exchange = Exchange(self.base_url)

        class Canned(FunctionModel):
            async def request(self, messages, model_settings, model_request_parameters):
                self.prepare_request(model_settings, model_request_parameters)
                await exchange.arun(name)
                return ModelResponse([TextPart(TEXT)])  # the base class would count words

        return Canned(stream_function=pieces)

"""Semantic Kernel under the contract: our chat service and the stock one."""

import base64
from functools import reduce
from operator import add
from typing import Any

from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.contents import ChatHistory, ChatMessageContent, ImageContent, TextContent
from semantic_kernel.contents.function_call_content import FunctionCallContent
from semantic_kernel.functions import kernel_function
from semantic_kernel.kernel import Kernel

from tests.helpers.contract.driver import (
    Answer,
    ClientOptions,
    Driver,
    Request,
    metadata_notes,
    parse_calls,
)


class Weather:
    @kernel_function(name="get_weather", description="Weather in a city")
    def get_weather(self, city: str) -> str:
        return city


class SemanticKernel(Driver):
    name = "semantic-kernel"
    distribution = "semantic-kernel"
    tool = "w-get_weather"

    def connect(self, to: ClientOptions) -> Any:
        from semantic_kernel_llmaas import LLMaaSChatCompletion

        return LLMaaSChatCompletion(
            to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
        )

    async def ask(self, client: Any, request: Request) -> Answer:
        items: list[Any] = [TextContent(text=request.text)]
        if request.image:
            data = "data:image/png;base64," + base64.b64encode(request.image).decode()
            items.append(ImageContent(data_uri=data))
        history = ChatHistory(messages=[ChatMessageContent(role="user", items=items)])
        settings = client.instantiate_prompt_execution_settings(**self.options(request))
        kernel = Kernel()
        if request.tools:
            kernel.add_plugin(Weather(), "w")
            settings.function_choice_behavior = FunctionChoiceBehavior.Auto(auto_invoke=False)
        if not request.stream:
            content = await client.get_chat_message_content(history, settings, kernel=kernel)
            return answer_of(content, request)
        stream = client.get_streaming_chat_message_contents(history, settings, kernel=kernel)
        chunks = [piece async for pieces in stream for piece in pieces]
        return answer_of(reduce(add, chunks), request)

    def options(self, request: Request) -> dict[str, Any]:
        options = dict(request.options)
        if request.schema:
            options["response_format"] = request.schema
        return options


class SemanticKernelStock(SemanticKernel):
    name = "stock semantic-kernel"
    ours = False

    def connect(self, to: ClientOptions) -> Any:
        from openai import AsyncOpenAI
        from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion

        sdk = AsyncOpenAI(base_url=to.base_url, api_key=to.api_key, max_retries=to.retries)
        return OpenAIChatCompletion(to.model, async_client=sdk)


def answer_of(content: Any, request: Request) -> Answer:
    meta = content.metadata
    calls = [item for item in content.items if isinstance(item, FunctionCallContent)]
    usage = meta.get("usage")
    return Answer(
        text=str(content),
        reasoning=meta.get("reasoning_content"),
        calls=parse_calls((call.function_name, call.arguments) for call in calls),
        tokens=usage and usage.prompt_tokens + usage.completion_tokens,
        cost=meta.get("cost_eur"),
        notes=metadata_notes(meta),
        machine=(meta.get("backend") or {}).get("machine_name"),
        value=request.schema.model_validate_json(str(content)) if request.schema else None,
    )


DRIVERS = [SemanticKernel, SemanticKernelStock]

"""Pydantic AI under the contract: our model and the stock one."""

import json
from typing import Any

from pydantic_ai import BinaryContent, NativeOutput
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import UnexpectedModelBehavior
from pydantic_ai.messages import ModelRequest, TextPart, ThinkingPart, ToolCallPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from tests.helpers.contract.driver import (
    Answer,
    ClientOptions,
    Driver,
    Request,
    metadata_notes,
    parse_calls,
)

SAME = ("max_tokens", "temperature", "top_p", "top_k", "timeout", "seed", "extra_headers")


class PydanticAI(Driver):
    name = "pydantic-ai"
    distribution = "pydantic-ai-slim"
    prefix = "llmaas_"

    def connect(self, to: ClientOptions) -> Any:
        from pydantic_ai_llmaas import LLMaaSModel, LLMaaSProvider

        provider = LLMaaSProvider(
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
        )
        return LLMaaSModel(to.model, provider=provider)

    async def ask(self, client: Any, request: Request) -> Answer:
        if request.schema:
            try:
                return await self.structured(client, request)
            except UnexpectedModelBehavior as error:  # the framework's own for what does not match
                raise ValueError(str(error)) from error
        content: Any = request.text
        if request.image:
            content = [request.text, BinaryContent(request.image, media_type="image/png")]
        messages: Any = [ModelRequest([UserPromptPart(content)])]
        told: Any = {
            "model_settings": self.settings(request),
            "model_request_parameters": ModelRequestParameters(
                function_tools=[declared(tool["function"]) for tool in request.tools],
                allow_text_output=True,
            ),
        }
        if not request.stream:
            return answer_of(await model_request(client, messages, **told))
        async with model_request_stream(client, messages, **told) as stream:
            async for _ in stream:
                pass
        return answer_of(stream.get())

    async def structured(self, client: Any, request: Request) -> Answer:
        from pydantic_ai import Agent

        agent: Any = Agent(client, output_type=NativeOutput(request.schema), retries=0)
        told: Any = {"model_settings": self.settings(request)}
        if not request.stream:
            return Answer(value=(await agent.run(request.text, **told)).output)
        async with agent.run_stream(request.text, **told) as result:
            return Answer(value=await result.get_output())

    def settings(self, request: Request) -> dict[str, Any]:
        return {
            name if name in SAME else f"{self.prefix}{name}": value
            for name, value in request.options.items()
        }


class PydanticAIStock(PydanticAI):
    name = "stock pydantic-ai"
    ours = False
    prefix = "openai_"

    def connect(self, to: ClientOptions) -> Any:
        from openai import AsyncOpenAI
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        sdk = AsyncOpenAI(base_url=to.base_url, api_key=to.api_key, max_retries=to.retries)
        return OpenAIChatModel(to.model, provider=OpenAIProvider(openai_client=sdk))


def declared(function: Any) -> ToolDefinition:
    return ToolDefinition(
        name=function["name"],
        description=function["description"],
        parameters_json_schema=function["parameters"],
    )


def answer_of(response: Any) -> Answer:
    thoughts = [part.content for part in response.parts if isinstance(part, ThinkingPart)]
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    details = response.provider_details or {}
    return Answer(
        text="".join(part.content for part in response.parts if isinstance(part, TextPart)),
        reasoning="".join(thoughts) if thoughts else None,
        calls=parse_calls((call.tool_name, as_json(call.args)) for call in calls),
        tokens=response.usage.total_tokens,
        machine=(details.get("backend") or {}).get("machine_name"),
        cost=details.get("cost_eur"),
        notes=metadata_notes(details),
    )


def as_json(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {})


DRIVERS = [PydanticAI, PydanticAIStock]

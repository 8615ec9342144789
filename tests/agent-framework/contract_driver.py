"""Agent Framework under the contract: our chat client and the stock one."""

from typing import Any

from agent_framework import Content, FunctionTool, Message

from tests.helpers.contract.driver import (
    Answer,
    ClientOptions,
    Driver,
    Request,
    metadata_notes,
    parse_calls,
)


class AgentFramework(Driver):
    name = "agent-framework"
    distribution = "agent-framework-core"

    def connect(self, to: ClientOptions) -> Any:
        from agent_framework_llmaas import LLMaaSChatClient

        return LLMaaSChatClient(
            to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
        )

    async def ask(self, client: Any, request: Request) -> Answer:
        contents: list[Any] = [request.text]
        if request.image:
            contents.append(Content.from_data(request.image, "image/png"))
        options = dict(request.options)
        if request.tools:
            options["tools"] = [declared(tool["function"]) for tool in request.tools]
        if request.schema:
            options["response_format"] = request.schema
        messages = [Message("user", contents)]
        if request.stream:
            run = client.get_response(messages, stream=True, options=options)
            response = await run.get_final_response()
        else:
            response = await client.get_response(messages, options=options)
        return answer_of(response, request)


class AgentFrameworkStock(AgentFramework):
    name = "stock agent-framework"
    ours = False
    distribution = "agent-framework-openai"

    def connect(self, to: ClientOptions) -> Any:
        from agent_framework_openai import OpenAIChatCompletionClient
        from openai import AsyncOpenAI

        sdk = AsyncOpenAI(base_url=to.base_url, api_key=to.api_key, max_retries=to.retries)
        return OpenAIChatCompletionClient(to.model, async_client=sdk)


def declared(function: Any) -> FunctionTool:
    """A tool without an implementation, so that its calls come out."""
    return FunctionTool(
        name=function["name"],
        description=function["description"],
        input_model=function["parameters"],
    )


def answer_of(response: Any, request: Request) -> Answer:
    contents = [c for message in response.messages for c in message.contents]
    thoughts = [c.text or "" for c in contents if c.type == "text_reasoning"]
    calls = [c for c in contents if c.type == "function_call"]
    properties = response.additional_properties
    return Answer(
        text=response.text,
        reasoning="".join(thoughts) if thoughts else None,
        calls=parse_calls((call.name, call.arguments) for call in calls),
        tokens=(response.usage_details or {}).get("total_token_count"),
        machine=(properties.get("backend") or {}).get("machine_name"),
        cost=properties.get("cost_eur"),
        notes=metadata_notes(properties),
        value=response.value if request.schema else None,
    )


DRIVERS = [AgentFramework, AgentFrameworkStock]

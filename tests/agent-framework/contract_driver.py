"""Agent Framework under the contract: our chat client and the stock one."""

import json
from typing import Any

from agent_framework import Content, FunctionTool, Message

from contract import Answer, Driver, Question


class AgentFramework(Driver):
    name = "agent-framework"
    distribution = "agent-framework-core"

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from agent_framework_llmaas import LLMaaSChatClient

        return LLMaaSChatClient(model, base_url=base_url, api_key=api_key, max_retries=retries)

    async def ask(self, client: Any, question: Question) -> Answer:
        contents: list[Any] = [question.text]
        if question.image:
            contents.append(Content.from_data(question.image, "image/png"))
        options = dict(question.options)
        if question.tools:
            options["tools"] = [declared(tool["function"]) for tool in question.tools]
        if question.schema:
            options["response_format"] = question.schema
        messages = [Message("user", contents)]
        if question.stream:
            run = client.get_response(messages, stream=True, options=options)
            response = await run.get_final_response()
        else:
            response = await client.get_response(messages, options=options)
        return answer_of(response, question)


class AgentFrameworkStock(AgentFramework):
    name = "stock agent-framework"
    ours = False
    distribution = "agent-framework-openai"

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        from agent_framework_openai import OpenAIChatCompletionClient
        from openai import AsyncOpenAI

        sdk = AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=retries)
        return OpenAIChatCompletionClient(model, async_client=sdk)


def declared(function: Any) -> FunctionTool:
    """A tool without an implementation, so that its calls come out."""
    return FunctionTool(
        name=function["name"],
        description=function["description"],
        input_model=function["parameters"],
    )


def answer_of(response: Any, question: Question) -> Answer:
    contents = [c for message in response.messages for c in message.contents]
    thoughts = [c.text or "" for c in contents if c.type == "text_reasoning"]
    calls = [c for c in contents if c.type == "function_call"]
    properties = response.additional_properties
    return Answer(
        text=response.text,
        reasoning="".join(thoughts) if thoughts else None,
        calls=[(call.name, json.loads(call.arguments)) for call in calls],
        tokens=(response.usage_details or {}).get("total_token_count"),
        machine=(properties.get("backend") or {}).get("machine_name"),
        cost=properties.get("cost_eur"),
        value=response.value if question.schema else None,
    )


DRIVERS = [AgentFramework, AgentFrameworkStock]

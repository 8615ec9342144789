"""Agent Framework under the contract: our chat client and the stock one."""

from typing import Any

from agent_framework import Content, FunctionTool, Message

from tests.helpers.contract.driver import Address, Answer, Driver, Question, noted, runnable


class AgentFramework(Driver):
    name = "agent-framework"
    distribution = "agent-framework-core"

    def connect(self, to: Address) -> Any:
        from agent_framework_llmaas import LLMaaSChatClient

        return LLMaaSChatClient(
            to.model,
            base_url=to.base_url,
            api_key=to.api_key,
            max_retries=to.retries,
            timeout=to.timeout,
            deadline=to.deadline,
        )

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

    def connect(self, to: Address) -> Any:
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


def answer_of(response: Any, question: Question) -> Answer:
    contents = [c for message in response.messages for c in message.contents]
    thoughts = [c.text or "" for c in contents if c.type == "text_reasoning"]
    calls = [c for c in contents if c.type == "function_call"]
    properties = response.additional_properties
    return Answer(
        text=response.text,
        reasoning="".join(thoughts) if thoughts else None,
        calls=runnable((call.name, call.arguments) for call in calls),
        tokens=(response.usage_details or {}).get("total_token_count"),
        machine=(properties.get("backend") or {}).get("machine_name"),
        cost=properties.get("cost_eur"),
        notes=noted(properties),
        value=response.value if question.schema else None,
    )


DRIVERS = [AgentFramework, AgentFrameworkStock]

"""Tool calls of agents on an engine that enforces schemas from the first token."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from tests.helpers.servers.constraining_engine import constraining_engine

MODEL = "gpt-oss:120b"
KEY = "sk-test"


class Report(BaseModel):
    """A report."""

    city: str
    celsius: int


CALLED: list[str] = []


def weather(city: str) -> str:
    """Weather of a city."""
    CALLED.append(city)
    return f"21 degrees in {city}"


async def autogen(url: str, *, stream: bool) -> Any:
    from autogen_agentchat.agents import AssistantAgent

    from autogen_llmaas import LLMaaSChatCompletionClient

    client = LLMaaSChatCompletionClient(MODEL, api_key=KEY, base_url=url)
    agent = AssistantAgent(
        "a",
        client,
        tools=[weather],
        output_content_type=Report,
        reflect_on_tool_use=True,
        model_client_stream=stream,
    )
    return (await agent.run(task="Weather in Paris?")).messages[-1].content


async def ag2(url: str, *, stream: bool) -> Any:
    agents = pytest.importorskip("ag2")

    from autogen_llmaas.ag2 import LLMaaSConfig

    config = LLMaaSConfig(MODEL, api_key=KEY, base_url=url, streaming=stream)
    agent = agents.Agent("a", config=config, tools=[weather], response_schema=Report)
    return await (await agent.ask("Weather in Paris?")).content()


async def agent_framework(url: str, *, stream: bool) -> Any:
    from agent_framework import Agent, tool

    from agent_framework_llmaas import LLMaaSChatClient

    agent = Agent(LLMaaSChatClient(MODEL, api_key=KEY, base_url=url), tools=[tool(weather)])
    options: Any = {"response_format": Report}
    if not stream:
        return (await agent.run("Weather in Paris?", options=options)).value
    answer = agent.run("Weather in Paris?", options=options, stream=True)
    async for _ in answer:
        pass
    return (await answer.get_final_response()).value


async def semantic_kernel(url: str, *, stream: bool) -> Any:
    from semantic_kernel.agents import ChatCompletionAgent
    from semantic_kernel.functions import KernelArguments, kernel_function

    from semantic_kernel_llmaas import LLMaaSChatCompletion, LLMaaSChatPromptExecutionSettings

    class Weather:
        @kernel_function(name="weather")
        def weather(self, city: str) -> str:
            """Weather of a city."""
            return weather(city)

    agent = ChatCompletionAgent(
        service=LLMaaSChatCompletion(MODEL, api_key=KEY, base_url=url),
        plugins=[Weather()],
        arguments=KernelArguments(LLMaaSChatPromptExecutionSettings(response_format=Report)),
    )
    if not stream:
        return Report.model_validate_json(str(await agent.get_response("Weather in Paris?")))
    chunks = [str(chunk) async for chunk in agent.invoke_stream("Weather in Paris?")]
    return Report.model_validate_json("".join(chunks))


async def langchain(url: str, *, stream: bool) -> Any:
    from langchain.agents import create_agent
    from langchain.agents.structured_output import ProviderStrategy

    from langchain_llmaas import ChatLLMaaS

    model = ChatLLMaaS(model=MODEL, api_key=KEY, base_url=url, streaming=stream)
    agent = create_agent(model, [weather], response_format=ProviderStrategy(Report))
    request: Any = {"messages": [{"role": "user", "content": "Weather in Paris?"}]}
    if not stream:
        return (await agent.ainvoke(request))["structured_response"]
    async for state in agent.astream(request, stream_mode=["values", "messages"]):
        if state[0] == "values":
            last = state[1]
    return last["structured_response"]


async def haystack(url: str, *, stream: bool) -> Any:
    from haystack.components.agents import Agent
    from haystack.dataclasses import ChatMessage
    from haystack.tools import create_tool_from_function
    from haystack.utils import Secret

    from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

    generator = LLMaaSChatGenerator(
        Secret.from_token(KEY),
        MODEL,
        api_base_url=url,
        generation_kwargs={"response_format": Report},
        streaming_callback=_ignore if stream else None,
    )
    agent = Agent(chat_generator=generator, tools=[create_tool_from_function(weather)])
    answer = await agent.run_async(messages=[ChatMessage.from_user("Weather in Paris?")])
    return Report.model_validate_json(answer["last_message"].text)


async def _ignore(_: Any) -> None:
    pass


async def pydantic_ai(url: str, *, stream: bool) -> Any:
    from pydantic_ai import Agent, NativeOutput

    from pydantic_ai_llmaas import LLMaaSModel, LLMaaSProvider

    model = LLMaaSModel(MODEL, provider=LLMaaSProvider(api_key=KEY, base_url=url))
    agent: Any = Agent(model, tools=[weather], output_type=NativeOutput(Report))
    if not stream:
        return (await agent.run("Weather in Paris?")).output
    async with agent.run_stream_events("Weather in Paris?") as events:
        last = [event async for event in events][-1]
    return last.result.output


AGENTS = [autogen, ag2, agent_framework, semantic_kernel, langchain, haystack, pydantic_ai]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("draft", [None, "It is 21 degrees."], ids=["matching", "prose"])
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.__name__)
async def test_agent_calls_its_tool_before_the_schema_is_enforced(
    agent: Any, draft: str | None, stream: bool
) -> None:
    CALLED.clear()
    with constraining_engine(**({"draft": draft} if draft else {})) as engine:
        value = await agent(engine.base_url, stream=stream)
    assert (value, CALLED) == (Report(city="Paris", celsius=21), ["Paris"])
    sent = ["response_format" in body for body in engine.bodies]
    reflects = agent is autogen  # AutoGen offers no tools after the first result
    assert sent == ([False, True] if reflects else [False, False, True][: 3 if draft else 2])

"""``ChatCompletionAgent``, also together with a stock OpenAI agent."""

import json

import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel
from semantic_kernel.agents import AgentGroupChat, AgentRegistry, ChatCompletionAgent
from semantic_kernel.agents.strategies import DefaultTerminationStrategy
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.contents import FunctionCallContent, FunctionResultContent
from semantic_kernel.contents.reasoning_content import ReasoningContent
from semantic_kernel.filters import FilterTypes
from semantic_kernel.functions import KernelArguments

from semantic_kernel_llmaas import LLMaaSChatPromptExecutionSettings

# Semantic Kernel looks at every attribute of agents and steps, also at pydantic's deprecated ones.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
QUESTION = "What is the weather in Paris?"


@pytest.fixture
def agent(chat, weather):
    return ChatCompletionAgent(
        service=chat, name="Wea", instructions="Answer about the weather.", plugins=[weather]
    )


async def test_get_response_uses_the_plugin(sandbox, agent, weather):
    response = await agent.get_response(QUESTION)
    assert str(response) == "Paris: sunny"
    assert weather.asked == ["Paris"]
    first, second = (request.json["messages"] for request in sandbox.requests)
    assert first[0] == {"role": "system", "content": "Answer about the weather."}
    assert [message["role"] for message in second] == ["system", "user", "assistant", "tool"]
    assert response.message.name == "Wea"
    assert response.message.metadata["usage"].completion_tokens > 0


async def test_invoke_and_its_intermediate_messages(agent):
    between = []

    async def note(message):
        between.append(message)

    answers = [item async for item in agent.invoke(QUESTION, on_intermediate_message=note)]
    assert [str(answer) for answer in answers] == ["Paris: sunny"]
    kinds = [type(message.items[0]) for message in between]
    assert kinds == [FunctionCallContent, FunctionResultContent]


async def test_invoke_stream_says_text_usage_and_backend(agent, weather):
    between = []

    async def note(message):
        between.append(message)

    chunks = [
        item.message async for item in agent.invoke_stream(QUESTION, on_intermediate_message=note)
    ]
    assert "".join(chunk.content for chunk in chunks) == "Paris: sunny"
    assert weather.asked == ["Paris"]
    assert len(between) == 2
    assert chunks[-1].metadata["usage"].prompt_tokens > 0
    assert chunks[-1].metadata["backend"]["machine_name"]


async def test_thread_remembers(sandbox, agent):
    first = await agent.get_response("My name is Zoé.")
    second = await agent.get_response("What did I say?", thread=first.thread)
    said = [message["content"] for message in sandbox.requests[-1].json["messages"]]
    assert "My name is Zoé." in said
    assert second.thread.id == first.thread.id
    streamed = [item async for item in agent.invoke_stream("And now?", thread=second.thread)]
    assert streamed[-1].thread.id == first.thread.id
    assert len([m async for m in first.thread.get_messages()]) == 6


class Forecast(BaseModel):
    city: str
    celsius: float


async def test_response_format(chat):
    settings = LLMaaSChatPromptExecutionSettings(response_format=Forecast)
    agent = ChatCompletionAgent(
        service=chat, name="Wea", arguments=KernelArguments(settings=settings)
    )
    response = await agent.get_response("Weather: it is 21 degrees in Paris")
    assert Forecast.model_validate_json(str(response)).celsius == 21
    streamed = [item.message async for item in agent.invoke_stream("It is 21 degrees in Paris")]
    text = "".join(chunk.content for chunk in streamed)
    assert Forecast.model_validate_json(text).celsius == 21


async def test_reasoning_items_pass_through_invoke_stream(sandbox, make):
    sandbox.script([{"content": "Yes.", "reasoning": "Let me see.", "fault": "reasoning"}])
    agent = ChatCompletionAgent(service=make("gpt-oss:120b", reasoning="content"), name="Thinker")
    chunks = [item.message async for item in agent.invoke_stream("?")]
    thought = [
        item for chunk in chunks for item in chunk.items if isinstance(item, ReasoningContent)
    ]
    assert "".join(item.text for item in thought) == "Let me see."


async def test_two_tool_results_when_a_filter_terminates(sandbox, agent, chat, weather):
    """Pitfall 3: what the filter left behind is a history that the service takes."""

    async def terminate(context, next):  # noqa: A002 - passed by name
        await next(context)
        context.terminate = True

    agent.kernel.add_filter(FilterTypes.AUTO_FUNCTION_INVOCATION, terminate)
    response = await agent.get_response("What is the weather in Paris and Lyon?")
    results = response.message.items
    assert [item.result for item in results] == ["Paris: sunny", "Lyon: sunny"]
    assert len(sandbox.requests) == 1
    chunks = [c async for c in agent.invoke_stream("What is the weather in Paris and Lyon?")]
    assert len(sandbox.requests) == 2
    assert chunks is not None
    await agent.get_response("Thank you", thread=response.thread)
    written = sandbox.requests[-1].json["messages"]
    ids = [message.get("tool_call_id") for message in written if message["role"] == "tool"]
    assert len(set(ids)) == 2


async def test_filter_of_functions_and_prompts_runs(kernel):
    seen = []

    async def invocation(context, next):  # noqa: A002 - passed by name
        seen.append(context.function.name)
        await next(context)

    async def prompt(context, next):  # noqa: A002 - passed by name
        await next(context)
        context.rendered_prompt = "Say 'filtered'"

    kernel.add_filter(FilterTypes.FUNCTION_INVOCATION, invocation)
    kernel.add_filter(FilterTypes.PROMPT_RENDERING, prompt)
    assert str(await kernel.invoke_prompt("Say 'plain'", function_name="talk")) == "filtered"
    assert "talk" in seen


DECLARED = """
type: chat_completion_agent
name: Wea
description: Knows the weather
instructions: Answer about the weather.
tools:
  - id: weather.get_weather
    type: function
"""


async def test_declarative_agent(sandbox, chat, kernel, weather):
    agent = await AgentRegistry.create_from_yaml(DECLARED, kernel=kernel, service=chat)
    response = await agent.get_response(QUESTION)
    assert str(response) == "Paris: sunny"
    assert weather.asked == ["Paris"]
    assert sandbox.requests[0].json["messages"][0]["content"] == "Answer about the weather."


async def test_agent_as_a_plugin_of_another(sandbox, chat, agent, weather):
    sandbox.script([{"tool_calls": [{"name": "Wea-Wea", "arguments": {"messages": QUESTION}}]}])
    boss = ChatCompletionAgent(service=chat, name="Boss", plugins=[agent])
    assert "Paris: sunny" in str(await boss.get_response("Ask Wea"))
    assert weather.asked == ["Paris"]


@pytest.fixture
async def stock(sandbox):
    """The stock connector at the same address."""
    address = {"base_url": sandbox.base_url, "api_key": sandbox.api_key}
    async with AsyncOpenAI(**address, max_retries=0) as client:
        yield OpenAIChatCompletion("gemma4:31b", async_client=client)


async def test_plain_openai_agent_in_the_same_group_chat(sandbox, make, stock):
    sandbox.script([{"content": "Ours.", "reasoning": "Hm."}, {"content": "Theirs."}])
    ours = ChatCompletionAgent(service=make("gpt-oss:120b"), name="Ours")
    theirs = ChatCompletionAgent(service=stock, name="Theirs")
    chat = AgentGroupChat(
        agents=[ours, theirs], termination_strategy=DefaultTerminationStrategy(maximum_iterations=2)
    )
    await chat.add_chat_message("Who are you?")
    said = [message.content async for message in chat.invoke()]
    assert said == ["Ours.", "Theirs."]
    assert "reasoning" not in json.dumps(sandbox.requests[-1].json)


async def test_also_after_tool_calls(sandbox, agent, stock, weather):
    theirs = ChatCompletionAgent(service=stock, name="Theirs", plugins=[weather])
    first = await agent.get_response(QUESTION)
    second = await theirs.get_response("Say 'done'", thread=first.thread)
    third = await agent.get_response("Say 'again'", thread=second.thread)
    assert (str(second), str(third)) == ("done", "again")


class Plain:
    """A forecast."""

    city: str
    celsius: float


@pytest.mark.parametrize("kind", [Forecast, Plain], ids=lambda kind: kind.__name__)
async def test_every_kind_of_class_is_a_response_format(sandbox, chat, kind):
    sandbox.script([{"content": 'Here [1]: {"city": "Paris", "celsius": 21}'}] * 2)
    settings = LLMaaSChatPromptExecutionSettings(response_format=kind)
    agent = ChatCompletionAgent(
        service=chat, name="Wea", arguments=KernelArguments(settings=settings)
    )
    response = await agent.get_response("?")
    assert Forecast.model_validate_json(str(response)).celsius == 21
    assert isinstance(response.message.metadata["parsed"], kind)
    schema = sandbox.requests[-1].json["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == (kind.__name__, True)
    chunks = [item.message async for item in agent.invoke_stream("?")]
    text = "".join(chunk.content for chunk in chunks)
    assert Forecast.model_validate_json(text).celsius == 21

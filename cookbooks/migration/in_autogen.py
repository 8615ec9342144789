"""Travel agent in AutoGen. Needs `pip install 'autogen-llmaas[agentchat]'`."""

from __future__ import annotations

from typing import Annotated

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import ModelClientStreamingChunkEvent, StructuredMessage
from pydantic import BaseModel

from autogen_llmaas import LLMaaSChatCompletionClient


class Forecast(BaseModel):
    city: str
    celsius: float


def get_weather(city: Annotated[str, "The city"]) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny, 21 degrees"


def made() -> AssistantAgent:
    return AssistantAgent(
        "Guide",
        LLMaaSChatCompletionClient("gpt-oss:120b"),
        system_message="Answer about the weather.",
        tools=[get_weather],
        reflect_on_tool_use=True,
        model_client_stream=True,
    )


async def ask(question: str) -> str:
    return (await made().run(task=question)).messages[-1].content


async def stream(question: str) -> list[str]:
    events = [event async for event in made().run_stream(task=question)]
    return [e.content for e in events if isinstance(e, ModelClientStreamingChunkEvent)]


async def remember(first: str, second: str) -> int:
    """Ask two questions in one conversation and return its number of messages."""
    agent = made()
    await agent.run(task=first)
    await agent.run(task=second)
    return len(await agent.model_context.get_messages())


async def parse(text: str) -> Forecast:
    client = LLMaaSChatCompletionClient("gpt-oss:120b")
    agent = AssistantAgent("Guide", client, output_content_type=Forecast)
    message = (await agent.run(task=text)).messages[-1]
    assert isinstance(message, StructuredMessage)
    return message.content

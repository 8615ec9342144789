"""Travel agent in Agent Framework. Needs `pip install agent-framework-llmaas`."""

from __future__ import annotations

from typing import Annotated

from agent_framework import Agent, InMemoryHistoryProvider, tool
from pydantic import BaseModel

from agent_framework_llmaas import LLMaaSChatClient


class Forecast(BaseModel):
    city: str
    celsius: float


@tool
def get_weather(city: Annotated[str, "The city"]) -> str:
    """Get the weather of a city."""
    return f"{city}: sunny, 21 degrees"


def made() -> Agent:
    return Agent(
        LLMaaSChatClient("gpt-oss:120b"),
        name="Guide",
        instructions="Answer about the weather.",
        tools=[get_weather],
    )


async def ask(question: str) -> str:
    return (await made().run(question)).text


async def stream(question: str) -> list[str]:
    return [update.text async for update in made().run(question, stream=True) if update.text]


async def remember(first: str, second: str) -> int:
    """Ask two questions in one conversation and return its number of messages."""
    agent = made()
    session = agent.create_session()
    await agent.run(first, session=session)
    await agent.run(second, session=session)
    state = session.state[InMemoryHistoryProvider.DEFAULT_SOURCE_ID]
    return len(state["messages"])


async def parse(text: str) -> Forecast:
    agent = Agent(LLMaaSChatClient("gpt-oss:120b"))
    return (await agent.run(text, options={"response_format": Forecast})).value

"""Travel agent in Semantic Kernel. Needs `pip install semantic-kernel-llmaas`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.functions import KernelArguments, kernel_function

from semantic_kernel_llmaas import LLMaaSChatCompletion, LLMaaSChatPromptExecutionSettings


class Forecast(BaseModel):
    city: str
    celsius: float


class Weather:
    @kernel_function(description="Get the weather of a city")
    def get_weather(self, city: Annotated[str, "The city"]) -> str:
        return f"{city}: sunny, 21 degrees"


def made() -> ChatCompletionAgent:
    return ChatCompletionAgent(
        service=LLMaaSChatCompletion("gpt-oss:120b"),
        name="Guide",
        instructions="Answer about the weather.",
        plugins=[Weather()],
    )


async def ask(question: str) -> str:
    return str(await made().get_response(question))


async def stream(question: str) -> list[str]:
    chunks = [item.message.content async for item in made().invoke_stream(question)]
    return [chunk for chunk in chunks if chunk]


async def remember(first: str, second: str) -> int:
    """Ask two questions in one conversation and return its number of messages."""
    agent = made()
    answer = await agent.get_response(first)
    answer = await agent.get_response(second, thread=answer.thread)
    return len([message async for message in answer.thread.get_messages()])


async def parse(text: str) -> Forecast:
    settings = LLMaaSChatPromptExecutionSettings(response_format=Forecast)
    agent = ChatCompletionAgent(
        service=LLMaaSChatCompletion("gpt-oss:120b"), arguments=KernelArguments(settings=settings)
    )
    return Forecast.model_validate_json(str(await agent.get_response(text)))

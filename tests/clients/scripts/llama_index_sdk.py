"""LlamaIndex: whole, streamed, a function agent and a ReAct agent."""

import asyncio

from checks import KEY, MODEL, QUESTION, URL, done
from llama_index.core.agent.workflow import FunctionAgent, ReActAgent
from llama_index.llms.openai_like import OpenAILike


def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"Sunny in {city}."


def model(calls: bool) -> OpenAILike:
    return OpenAILike(
        model=MODEL,
        api_base=URL,
        api_key=KEY,
        is_chat_model=True,
        is_function_calling_model=calls,
        context_window=8000,
    )


async def main() -> None:
    assert str(model(True).complete('Say "Bonjour"')) == "Bonjour"
    assert "".join(p.delta for p in model(True).stream_complete('Say "Bonjour"')) == "Bonjour"
    for kind, calls in ((FunctionAgent, True), (ReActAgent, False)):
        agent = kind(tools=[get_weather], llm=model(calls))
        told = str(await agent.run(QUESTION))
        assert "Sunny in Paris" in told, (kind, told)


asyncio.run(main())
done("llama-index-core", "whole, streamed, function agent, ReAct agent")

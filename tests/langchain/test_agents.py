"""Inside LangChain's agents and LangGraph."""

import asyncio

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import SummarizationMiddleware
from langchain.chat_models import init_chat_model
from langchain.embeddings import init_embeddings
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool

from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings, LLMaaSImages, register

CALL = {"name": "get_weather", "arguments": {"city": "Paris"}, "id": "call_1"}


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It is sunny in {city}."


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_agent_calls_and_answers(chat, version):
    agent = create_agent(chat(output_version=version), [get_weather])
    state = agent.invoke({"messages": [("user", "What is the weather in Paris?")]})
    kinds = [message.type for message in state["messages"]]
    assert kinds == ["human", "ai", "tool", "ai"]
    assert "sunny" in state["messages"][-1].text


def test_stream_mode_messages_delivers_everything_once(chat, sandbox):
    sandbox.script(
        [
            {"reasoning": "I must look.", "content": "I look.", "tool_calls": [CALL]},
            {"reasoning": "", "content": "Sunny."},
        ]
    )
    agent = create_agent(chat(), [get_weather])
    asked = {"messages": [("user", "Weather?")]}
    chunks = [m for m, _ in agent.stream(asked, stream_mode="messages")]
    chunks = [chunk for chunk in chunks if isinstance(chunk, AIMessageChunk)]
    kinds = {block["type"] for chunk in chunks for block in chunk.content_blocks}
    assert kinds >= {"reasoning", "text", "tool_call_chunk"}
    assert sum(chunk.usage_metadata is not None for chunk in chunks) == 2
    assert "".join(chunk.text for chunk in chunks) == "I look.Sunny."


def test_agents_run_in_several_event_loops(chat):
    agent = create_agent(chat(), [get_weather])
    asked = {"messages": [("user", "What is the weather in Paris?")]}
    for _ in range(2):
        state = asyncio.run(agent.ainvoke(asked))
        assert "sunny" in state["messages"][-1].text


def test_summarization_uses_our_token_counts(chat, sandbox):
    middleware = SummarizationMiddleware(model=chat(), trigger=("tokens", 60), keep=("messages", 1))
    agent = create_agent(chat(), [], middleware=[middleware])
    history = [("user", "word " * 60), ("ai", "Oui."), ("user", 'Say "x"')]
    state = agent.invoke({"messages": history})
    assert state["messages"][-1].text == "x"
    assert len(sandbox.requests) == 2
    assert "summary" in state["messages"][0].text.lower()


def test_fraction_of_the_context_comes_from_the_profile(chat):
    SummarizationMiddleware(model=chat(), trigger=("fraction", 0.8))  # raises without a profile


def test_agent_generates_images(chat, sandbox):
    sandbox.script(
        [
            {"tool_calls": [{"name": "draw_image", "arguments": {"prompt": "a cat"}}]},
        ]
    )
    agent = create_agent(chat(), [LLMaaSImages(model="z-image:16b")])
    state = agent.invoke({"messages": [("user", "Draw a cat")]})
    drawn = next(message for message in state["messages"] if message.type == "tool")
    assert drawn.text == "Drew 1 image: a cat"
    assert drawn.artifact[0]["type"] == "image"


def test_init_functions_work_after_register(sandbox):
    register()
    register()
    model = init_chat_model("llmaas:gpt-oss:120b", temperature=0)
    assert isinstance(model, ChatLLMaaS)
    assert (model.model_name, model.temperature) == ("gpt-oss:120b", 0)
    assert isinstance(init_embeddings("llmaas:bge-m3:567m"), LLMaaSEmbeddings)
    state = create_agent("llmaas:gpt-oss:120b").invoke({"messages": [("user", 'Say "x"')]})
    assert isinstance(state["messages"][-1], AIMessage)

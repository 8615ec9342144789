"""The same agents on every line of AgentChat: ``python agents.py``."""

from __future__ import annotations

import asyncio
import json
import os
from importlib.metadata import version
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import ModelClientStreamingChunkEvent, StructuredMessage
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat
from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_core.model_context import TokenLimitedChatCompletionContext
from pydantic import BaseModel

from autogen_llmaas import LLMaaSChatCompletionClient, LLMaaSMemory
from llmaas_sandbox import Sandbox

MODEL = "gpt-oss:120b"
CALL = {"name": "weather", "arguments": {"city": "Paris"}, "id": "call_1"}


class Report(BaseModel):
    """Structured output."""

    city: str
    degrees: int


def weather(city: str) -> str:
    """Weather of a city."""
    return f"{city}: 21 degrees"


async def main() -> None:
    """Run everything against one sandbox."""
    with Sandbox() as box:
        os.environ.update(LLMAAS_API_KEY=box.api_key, LLMAAS_BASE_URL=box.base_url)
        client = LLMaaSChatCompletionClient(MODEL)
        for step in (tools_and_reflection, teams, remembering, shapes, streaming):
            box.reset()
            await step(client, box)
        assert client.totals.cost_micro_eur > 0
    print(f"ok: autogen-agentchat {version('autogen-agentchat')}, openai {version('openai')}")


async def tools_and_reflection(client: Any, box: Sandbox) -> None:
    """A tool is called, and its reasoning goes back."""
    box.script([{"tool_calls": [CALL], "reasoning": "Look it up."}, {"content": "21 degrees."}])
    agent = AssistantAgent("a", client, tools=[weather], reflect_on_tool_use=True)
    result = await agent.run(task="Weather in Paris?")
    assert result.messages[-1].content == "21 degrees."
    assert list(box.requests)[-1].json["messages"][2]["reasoning_content"] == "Look it up."


async def teams(client: Any, box: Sandbox) -> None:
    """Round robin and selected; dumped, loaded, and their state as well."""
    agents = [AssistantAgent(name, client, description=name) for name in ("writer", "rédacteur")]
    robin = RoundRobinGroupChat(agents, max_turns=2)
    await robin.run(task='Say "Oui"')
    state = await robin.save_state()
    component = json.loads(robin.dump_component().model_dump_json())
    again = RoundRobinGroupChat.load_component(component)
    await again.load_state(state)
    assert {m.source for m in (await again.run(task="Go on")).messages} >= {"writer", "rédacteur"}
    selected = SelectorGroupChat(agents, client, max_turns=1)
    box.script([{"content": "rédacteur"}, {"content": "Voilà."}])
    assert (await selected.run(task="En français")).messages[-1].source == "rédacteur"


async def remembering(client: Any, box: Sandbox) -> None:
    """A memory that finds by meaning, and a context that is limited."""
    memory = LLMaaSMemory(k=1)
    for fact in ("Invoices are paid on Friday.", "The cat sleeps on the sofa."):
        await memory.add(MemoryContent(content=fact, mime_type=MemoryMimeType.TEXT))
    context = TokenLimitedChatCompletionContext(client, token_limit=500)
    agent = AssistantAgent("a", client, memory=[memory], model_context=context)
    result = await agent.run(task="When are invoices paid?")
    assert "Friday" in result.messages[-1].content
    head = list(box.requests)[-1].json["messages"][0]
    assert head["role"] == "system"
    assert "Friday" in head["content"]


async def shapes(client: Any, box: Sandbox) -> None:
    """Structured output beside a plain tool."""
    box.script([{"tool_calls": [CALL]}, {"content": '{"city": "Paris", "degrees": 21}'}])
    agent = AssistantAgent(
        "a", client, tools=[weather], output_content_type=Report, reflect_on_tool_use=True
    )
    message = (await agent.run(task="Weather in Paris?")).messages[-1]
    assert isinstance(message, StructuredMessage)
    assert message.content == Report(city="Paris", degrees=21)


async def streaming(client: Any, box: Sandbox) -> None:
    """Pieces as they come, and usage at the end."""
    agent = AssistantAgent("a", client, model_client_stream=True)
    seen = [event async for event in agent.run_stream(task='Say "Bonjour tout le monde"')]
    pieces = [e.content for e in seen if isinstance(e, ModelClientStreamingChunkEvent)]
    assert "".join(pieces) == "Bonjour tout le monde"
    assert seen[-1].messages[-1].models_usage.completion_tokens > 0


if __name__ == "__main__":
    asyncio.run(main())

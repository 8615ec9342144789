"""Teams of AG2 1.x for 20 turns on models with strict templates: the sandbox refuses none.

``python teams_ag2.py`` in an environment with ag2[openai].
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import ag2
from ag2 import Agent, MemoryStream
from ag2.knowledge import MemoryKnowledgeStore
from ag2.network import EV_CHANNEL_CLOSED, WORKFLOW_TYPE, Handoff, Hub, TransitionGraph

from autogen_llmaas import LLMaaSConfig
from llmaas_sandbox import Sandbox

MODELS = ("mistral-small4:119b", "qwen3.6:27b")
CALL = {"name": "weather", "arguments": {"city": "Paris"}}
TURNS = 20
began = asyncio.Event()


def weather(city: str) -> str:
    """Weather of a city."""
    return f"{city}: 21 degrees"


async def slow(city: str) -> str:
    """Weather of a city, slowly."""
    began.set()
    await asyncio.sleep(60)
    return city


def steps(n: int) -> list[dict[str, Any]]:
    """Return answers of which every second calls a tool, twice at once and with text beside it."""
    calling: list[dict[str, Any]] = [
        {"tool_calls": [CALL]},
        {"tool_calls": [CALL, CALL], "content": "I look."},
    ]
    return [calling[i // 2 % 2] if i % 2 else {"content": "So."} for i in range(n)]


async def main() -> None:
    """Run every team on every model, whole and streamed."""
    programs = (round_robin, handoffs, a_supervisor, a_stream_of_two, a_cancelled_turn)
    with Sandbox() as box:
        os.environ.update(LLMAAS_API_KEY=box.api_key, LLMAAS_BASE_URL=box.base_url)
        for model in MODELS:
            for streaming in (False, True):
                config = LLMaaSConfig(model, streaming=streaming)
                for program in programs:
                    await check(program, box, config)
    print(f"ok: teams of ag2 {ag2.__version__}")


async def check(
    program: Callable[[Sandbox, LLMaaSConfig], Awaitable[None]], box: Sandbox, config: LLMaaSConfig
) -> None:
    """Run a program; nothing of it is refused."""
    box.reset()
    await program(box, config)
    case = (program.__name__, config.model)
    refused = [request for request in box.requests if request.status == 400]
    assert not refused, (case, refused[0].json)
    assert len(box.requests) >= TURNS, (case, len(box.requests))


def agent(name: str, config: LLMaaSConfig, *tools: Any) -> Agent[Any]:
    """Return an agent that knows the weather."""
    return Agent(name, f"You are {name}.", config=config, tools=[weather, *tools])


async def workflow(graph: Callable[[list[str]], TransitionGraph], *agents: Agent[Any]) -> None:
    """Let agents talk until the channel is closed."""
    hub = await Hub.open(MemoryKnowledgeStore(), ttl_sweep_interval=0)
    clients = [await hub.register(each) for each in agents]
    ids = [client.agent_id for client in clients]
    knobs = {"graph": graph(ids).to_dict()}
    channel = await clients[0].open(type=WORKFLOW_TYPE, target=ids[1:], knobs=knobs)
    await channel.send("What is the weather?")
    await clients[0].wait_for_channel_event(
        channel_id=channel.channel_id,
        predicate=lambda event: event.event_type == EV_CHANNEL_CLOSED,
        timeout=60,
    )
    await hub.close()


async def round_robin(box: Sandbox, config: LLMaaSConfig) -> None:
    """Three agents in turn."""
    box.script(steps(4 * TURNS))
    agents = [agent(name, config) for name in ("ann", "bob", "eve")]
    await workflow(lambda ids: TransitionGraph.round_robin(ids, max_turns=TURNS), *agents)


async def handoffs(box: Sandbox, config: LLMaaSConfig) -> None:
    """Each agent names the one that goes on."""

    def transfer_to_ann() -> Handoff:
        """Let Ann go on."""
        return Handoff(target="ann", reason="She knows.")

    def transfer_to_bob() -> Handoff:
        """Let Bob go on."""
        return Handoff(target="bob", reason="He knows.")

    look, said = {"tool_calls": [CALL], "content": "I look."}, {"content": "Over to you."}
    passes = [
        {"tool_calls": [{"name": f"transfer_to_{name}", "arguments": {}}]}
        for name in ("ann", "bob")
    ]
    box.script([step for passed in passes * TURNS for step in (look, passed, said)])
    agents = (agent("ann", config, transfer_to_bob), agent("bob", config, transfer_to_ann))
    await workflow(lambda ids: TransitionGraph.round_robin(ids, max_turns=TURNS), *agents)


async def a_supervisor(box: Sandbox, config: LLMaaSConfig) -> None:
    """An agent whose tool is another agent."""
    worker = agent("bob", config)
    delegated = {"name": "task_bob", "arguments": {"objective": "Look it up."}}
    box.script(
        [
            {"tool_calls": [delegated], "content": "Bob knows."},
            {"tool_calls": [CALL, CALL]},
            {"content": "21."},
            {"content": "So."},
        ]
        * TURNS
    )
    supervisor = agent("ann", config, worker.as_tool(description="Knows the weather."))
    reply = await supervisor.ask("Turn 0")
    for turn in range(1, TURNS // 3):
        reply = await reply.ask(f"Turn {turn}")


async def a_stream_of_two(box: Sandbox, config: LLMaaSConfig) -> None:
    """Two agents by turns on one history, which is kept and read again in between."""
    box.script(steps(4 * TURNS))
    agents = (agent("ann", config), agent("bob", config))
    stream = MemoryStream()
    for turn in range(TURNS):
        kept = list(await stream.history.get_events())
        stream = MemoryStream()
        await stream.history.replace(kept)
        await agents[turn % 2].ask(f"Turn {turn}", stream=stream)


async def a_cancelled_turn(box: Sandbox, config: LLMaaSConfig) -> None:
    """The user goes on after a tool was cancelled."""
    stuck = {"tool_calls": [{"name": "slow", "arguments": {"city": "Paris"}}], "content": "Wait."}
    box.script([stuck, {"content": "Fine."}] * TURNS)
    speaker, stream = agent("ann", config, slow), MemoryStream()
    for turn in range(TURNS // 2):
        began.clear()
        run = asyncio.ensure_future(speaker.ask(f"Turn {turn}", stream=stream))
        await began.wait()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        reply = await speaker.ask("Never mind.", stream=stream)
        assert reply.body == "Fine."


if __name__ == "__main__":
    asyncio.run(main())

"""Agents of Haystack for 20 turns on models with strict templates: the sandbox refuses none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.agents.state import State
from haystack.core.errors import BreakpointException
from haystack.dataclasses import ChatMessage
from haystack.dataclasses.breakpoints import Breakpoint, PipelineSnapshot
from haystack.hooks import hook
from haystack.tools import AgentTool, tool

from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

MODELS = ["mistral-small4:119b", "qwen3.6:27b"]
CALL = {"name": "weather", "arguments": {"city": "Paris"}}
TURNS = 20
user, system = ChatMessage.from_user, ChatMessage.from_system


class TurnStoppedError(Exception):
    """Raised in the middle of a turn."""


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"21 degrees in {city}"


@tool
def transfer() -> str:
    """Let the other agent go on."""
    return "Transferred."


def steps(n: int) -> list[dict[str, Any]]:
    """Return answers of which every second calls a tool, twice at once and with text beside it."""
    calling = [{"tool_calls": [CALL]}, {"tool_calls": [CALL, CALL], "content": "I look."}]
    return [calling[i // 2 % 2] if i % 2 else {"content": "So."} for i in range(n)]


def agent(model: str, streaming: bool = False, **options: Any) -> Agent:
    options = {"tools": [weather], "system_prompt": "Be brief.", **options}
    callback = (lambda _: None) if streaming else None
    return Agent(
        chat_generator=LLMaaSChatGenerator(model=model), streaming_callback=callback, **options
    )


def refused(sandbox: Any) -> list[Any]:
    return [request for request in sandbox.requests if request.status == 400]


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_round_robin_of_agents_is_never_refused(
    sandbox: Any, run: Any, model: str, streaming: bool
) -> None:
    sandbox.script(steps(4 * TURNS))
    agents = [agent(model, streaming), agent(model, streaming, system_prompt="You are Bob.")]
    messages = [user("What is the weather?")]
    for turn in range(TURNS):
        late = [system("Also be kind."), user("Go on.")] if turn % 7 == 6 else []
        messages = run(agents[turn % 2], messages=[*messages, *late])["messages"]
    assert len(sandbox.requests) > TURNS
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
def test_agent_is_never_refused_when_it_is_interrupted_and_resumed(
    sandbox: Any, run: Any, model: str
) -> None:
    saved: list[ChatMessage] = []

    @hook
    def interrupt(state: State) -> None:
        saved[:] = state.get("messages")
        raise TurnStoppedError

    sandbox.script(steps(4 * TURNS))
    alone, stopped = agent(model), agent(model, hooks={"before_tool": [interrupt]})
    messages: list[ChatMessage] = []
    for turn in range(TURNS):
        try:
            chosen = alone if turn % 3 else stopped
            result = run(chosen, messages=[*messages, user(f"Turn {turn}")])
        except TurnStoppedError:  # the call has no result, and the user goes on
            messages = [ChatMessage.from_dict(message.to_dict()) for message in saved]
        else:
            messages = result["messages"]
    assert saved
    assert len(sandbox.requests) > TURNS
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
def test_agents_as_tools_of_a_supervisor_are_never_refused(
    sandbox: Any, run: Any, model: str
) -> None:
    workers = [AgentTool(agent(model), name=n, description=n) for n in ("ann", "bob")]
    asked = [
        {"name": name, "arguments": {"messages": [{"role": "user", "content": [{"text": "Go"}]}]}}
        for name in ("ann", "bob")
    ]
    rounds: list[dict[str, Any]] = [
        {"tool_calls": [asked[0]], "content": "Ann first."},
        {"tool_calls": [CALL]},
        {"content": "21."},
        {"tool_calls": [asked[1]]},
        {"tool_calls": [CALL, CALL], "content": "I look."},
        {"content": "So."},
    ]
    sandbox.script([*rounds * 4, *steps(8)])
    supervisor = agent(model, tools=workers, system_prompt="Delegate.")
    messages: list[ChatMessage] = []
    for turn in range(4):
        messages = run(supervisor, messages=[*messages, user(f"Turn {turn}")])["messages"]
    assert len(sandbox.requests) > TURNS
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
def test_handoffs_are_never_refused(sandbox: Any, run: Any, model: str) -> None:
    pass_on = {"tool_calls": [{"name": "transfer", "arguments": {}}], "content": "Over to you."}
    sandbox.script([{"tool_calls": [CALL]}, pass_on] * TURNS)
    agents = [agent(model, tools=[weather, transfer], exit_conditions=["text", "transfer"],
                    system_prompt=f"You are {name}.") for name in ("Ann", "Bob")]  # fmt: skip
    messages = [user("What is the weather?")]
    for turn in range(TURNS):
        messages = run(agents[turn % 2], messages=messages)["messages"]
    assert len(sandbox.requests) > TURNS
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
def test_pipeline_of_agents_is_never_refused_when_it_resumes_from_a_snapshot(
    sandbox: Any, model: str
) -> None:
    sandbox.script(steps(4 * TURNS))
    pipeline = Pipeline()
    pipeline.add_component("ann", agent(model))
    pipeline.add_component("bob", agent(model, system_prompt="You are Bob."))
    pipeline.connect("ann.messages", "bob.messages")
    messages: list[ChatMessage] = []
    for turn in range(TURNS // 2):
        data = {"ann": {"messages": [*messages, user(f"Turn {turn}")]}}
        with pytest.raises(BreakpointException) as stopped:
            pipeline.run(data, break_point=Breakpoint("bob"))
        assert stopped.value.pipeline_snapshot is not None
        kept = json.dumps(stopped.value.pipeline_snapshot.to_dict())
        snapshot = PipelineSnapshot.from_dict(json.loads(kept))
        resumed = pipeline.run({}, pipeline_snapshot=snapshot)
        messages = resumed["bob"]["messages"]
    assert len(sandbox.requests) > TURNS
    assert refused(sandbox) == []

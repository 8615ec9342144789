"""Agents of LangGraph for 20 turns on models with strict templates: the sandbox refuses none."""

from typing import Annotated

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState
from langgraph.types import Command, interrupt

from langchain_llmaas import ChatLLMaaS

MODELS = ["mistral-small4:119b", "qwen3.6:27b"]
CALL = {"name": "weather", "arguments": {"city": "Paris"}}


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"21 degrees in {city}"


def steps(n):
    """Return answers of which every second calls a tool, twice at once and with text beside it."""
    calling = [{"tool_calls": [CALL]}, {"tool_calls": [CALL, CALL], "content": "I look."}]
    return [calling[i // 2 % 2] if i % 2 else {"content": "So."} for i in range(n)]


def refused(sandbox):
    return [request for request in sandbox.requests if request.status == 400]


@pytest.mark.parametrize("model", MODELS)
def test_agent_is_never_refused_when_it_is_interrupted_and_resumed(sandbox, model):
    agent = create_agent(
        ChatLLMaaS(model=model),
        [weather],
        checkpointer=InMemorySaver(),
        system_prompt="Be brief.",
        interrupt_before=["tools"],
    )
    thread = {"configurable": {"thread_id": "1"}}
    sandbox.script(steps(60))
    for turn in range(20):
        late = [SystemMessage("Also be kind.")] if turn % 5 == 4 else []
        agent.invoke({"messages": [*late, HumanMessage(f"Turn {turn}")]}, thread)
        if turn % 3 and agent.get_state(thread).next:  # else the user goes on without the result
            agent.invoke(None, thread)
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
def test_workers_of_a_supervisor_are_never_refused(sandbox, model):
    workers = {n: create_agent(ChatLLMaaS(model=model), [weather], name=n) for n in ("ann", "bob")}
    graph = StateGraph(MessagesState)

    def turn(name):
        def work(state):
            return {"messages": workers[name].invoke(state)["messages"][len(state["messages"]) :]}

        return work

    def supervisor(state):
        if len(state["messages"]) > 60:
            return "__end__"
        return ("ann", "bob")[len(state["messages"]) % 2]

    for name in workers:
        graph.add_node(name, turn(name))
        graph.add_conditional_edges(name, supervisor)
    graph.add_conditional_edges(START, supervisor)
    sandbox.script(steps(120))
    state = graph.compile().invoke({"messages": "Weather?"}, {"recursion_limit": 200})
    assert sum(isinstance(m, AIMessage) for m in state["messages"]) > 20
    assert refused(sandbox) == []


def transfer_to(name):
    @tool(f"transfer_to_{name}")
    def transfer(
        state: Annotated[dict, InjectedState], call_id: Annotated[str, InjectedToolCallId]
    ) -> Command:
        """Let another agent go on, with all messages: the way of LangGraph's swarms."""
        done = ToolMessage(f"Transferred to {name}.", tool_call_id=call_id)
        messages = [*state["messages"], done]
        update = {"messages": messages, "active": name}
        return Command(goto=name, graph=Command.PARENT, update=update)

    return transfer


class SwarmState(MessagesState):
    """Messages, and the agent that goes on with them."""

    active: str


@pytest.mark.parametrize("model", MODELS)
async def test_swarm_is_never_refused_when_it_is_resumed(sandbox, model):
    graph = StateGraph(SwarmState)
    for name, other in (("ann", "bob"), ("bob", "ann")):
        tools, prompt = [weather, transfer_to(other)], f"You are {name}."
        chat = ChatLLMaaS(model=model)
        graph.add_node(name, create_agent(chat, tools, name=name, system_prompt=prompt))
    graph.add_conditional_edges(START, lambda state: state.get("active", "ann"), ["ann", "bob"])
    swarm = graph.compile(checkpointer=InMemorySaver())
    passes = [{"name": f"transfer_to_{n}", "arguments": {}} for n in ("bob", "ann")]
    rounds = [
        {"tool_calls": [CALL]},
        {"tool_calls": [passes[0]], "content": "Over to Bob."},
        {"content": "So."},
        {"tool_calls": [CALL, passes[1]]},  # the other call never gets its result
        {"content": "So."},
    ]
    sandbox.script(rounds * 10)
    thread = {"configurable": {"thread_id": "1"}}
    for turn in range(20):
        said = {"messages": [HumanMessage(f"Turn {turn}")]}
        async for _ in swarm.astream(said, thread, stream_mode="messages", subgraphs=True):
            pass
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []


@tool
def ask_human(question: str) -> str:
    """Ask a human."""
    return interrupt(question)


@pytest.mark.parametrize("model", MODELS)
def test_supervisor_is_never_refused_when_its_worker_waits_for_a_human(sandbox, model):
    ask = {"name": "ask_human", "arguments": {"question": "Sure?"}}
    worker = create_agent(ChatLLMaaS(model=model), [weather, ask_human], system_prompt="Work.")

    @tool
    def delegate(task: str) -> str:
        """Let the worker do it."""
        return worker.invoke({"messages": [HumanMessage(task)]})["messages"][-1].content

    supervisor = create_agent(
        ChatLLMaaS(model=model, streaming=True),
        [delegate],
        checkpointer=InMemorySaver(),
        system_prompt="Delegate.",
    )
    delegated = {"name": "delegate", "arguments": {"task": "Weather?"}}
    sandbox.script(
        [
            {"tool_calls": [delegated], "content": "I delegate."},
            {"tool_calls": [CALL, ask]},
            {"content": "21."},
        ]
        * 40
    )
    thread = {"configurable": {"thread_id": "1"}}
    for turn in range(20):
        supervisor.invoke({"messages": [HumanMessage(f"Turn {turn}")]}, thread)
        if turn % 2 and supervisor.get_state(thread).next:  # else the user does not answer
            supervisor.invoke(Command(resume="Yes."), thread)
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []

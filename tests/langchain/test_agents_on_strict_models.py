"""Agents of LangGraph for 20 turns on models with strict templates: the sandbox refuses none."""

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

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

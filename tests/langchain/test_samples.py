"""Agents in the shape of LangChain's official tutorials: quickstart, retrieval, sub-agents."""

from dataclasses import dataclass

from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain.tools import ToolRuntime, tool
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.checkpoint.memory import InMemorySaver

from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings


def call(name, **arguments):
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


@dataclass
class User:
    id: str


@dataclass
class Forecast:
    """Answer with a pun."""

    punny_response: str
    weather_conditions: str | None = None


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It's always sunny in {city}!"


@tool
def get_user_location(runtime: ToolRuntime[User]) -> str:
    """Get the location of the user."""
    return "Florida" if runtime.context.id == "1" else "SF"


def test_quickstart_agent_has_context_memory_and_a_typed_answer(sandbox):
    agent = create_agent(
        ChatLLMaaS(model="gpt-oss:120b", temperature=0),
        system_prompt="You speak in puns.",
        tools=[get_user_location, get_weather],
        context_schema=User,
        response_format=ToolStrategy(Forecast),
        checkpointer=InMemorySaver(),
    )
    sandbox.script(
        [
            call("get_user_location"),
            call("get_weather", city="Florida"),
            call("Forecast", punny_response="Sun-sational!", weather_conditions="sunny"),
            call("Forecast", punny_response="You're welcome!"),
        ]
    )
    thread = {"configurable": {"thread_id": "1"}}
    asked = {"messages": [("user", "what is the weather outside?")]}
    answer = agent.invoke(asked, thread, context=User("1"))["structured_response"]
    assert answer == Forecast("Sun-sational!", "sunny")
    thanked = {"messages": [("user", "thank you!")]}
    again = agent.invoke(thanked, thread, context=User("1"))
    assert again["structured_response"].punny_response == "You're welcome!"
    assert {request.status for request in sandbox.requests} == {200}


async def test_retrieval_agent_streams_its_steps(sandbox):
    store = InMemoryVectorStore(LLMaaSEmbeddings(model="bge-m3:567m"))
    store.add_documents([Document("Task decomposition splits a task.", metadata={"source": "a"})])

    @tool(response_format="content_and_artifact")
    def retrieve_context(query: str):
        """Retrieve passages about a query."""
        found = store.similarity_search(query, k=2)
        return "\n\n".join(f"{d.metadata}: {d.page_content}" for d in found), found

    agent = create_agent(ChatLLMaaS(model="gpt-oss:120b"), [retrieve_context])
    sandbox.script(
        [
            {**call("retrieve_context", query="decomposition"), "path": "/v1/chat/completions"},
            {"content": "It splits a task.", "path": "/v1/chat/completions"},
        ]
    )
    steps = agent.astream({"messages": [("user", "What is it?")]}, stream_mode="values")
    messages = [step["messages"][-1] async for step in steps]
    assert [message.type for message in messages] == ["human", "ai", "tool", "ai"]
    assert messages[2].artifact[0].metadata == {"source": "a"}
    assert messages[-1].text == "It splits a task."


def test_supervisor_calls_a_sub_agent_as_a_tool(sandbox):
    calendar = create_agent(ChatLLMaaS(model="mistral-small4:119b"), [get_weather])

    @tool
    def schedule_event(request: str) -> str:
        """Schedule an event from words."""
        return calendar.invoke({"messages": [("user", request)]})["messages"][-1].text

    supervisor = create_agent(ChatLLMaaS(model="gpt-oss:120b"), [schedule_event])
    sandbox.script(
        [
            call("schedule_event", request="Meet on Monday"),
            call("get_weather", city="Nice"),
            {"content": "Monday at 9."},
            {"content": "Done: Monday at 9."},
        ]
    )
    result = supervisor.invoke({"messages": [("user", "Plan a meeting")]})
    assert result["messages"][-1].text == "Done: Monday at 9."
    models = [request.json["model"] for request in sandbox.requests]
    assert models == ["gpt-oss:120b", *["mistral-small4:119b"] * 2, "gpt-oss:120b"]

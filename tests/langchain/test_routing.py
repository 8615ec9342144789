"""Models chosen for agents: from the catalog, and by a decision model."""

import asyncio
import json

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from langchain_llmaas import get_cost_callback
from langchain_llmaas.middleware import CatalogRouterMiddleware
from llmaas import catalog

PNG = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}."


def invoke(agent, message):
    return agent.invoke({"messages": [message]})


def ainvoke(agent, message):
    return asyncio.run(agent.ainvoke({"messages": [message]}))


@pytest.fixture(params=[invoke, ainvoke])
def run(request):
    return request.param


def test_router_selects_a_model_with_what_the_call_needs(chat, sandbox, run):
    sandbox.script([{"content": "Oui."}] * 2)
    agent = create_agent(chat(), [], middleware=[CatalogRouterMiddleware(prefer="speed")])
    run(agent, HumanMessage("Hi"))
    run(agent, HumanMessage([{"type": "text", "text": "What is it?"}, PNG]))
    plain, seeing = (catalog.get(request.json["model"]) for request in sandbox.requests)
    assert plain.id == catalog.choose(prefer="speed").model.id
    assert seeing.vision


def test_router_keeps_the_turn_on_models_with_tools(chat, sandbox, run):
    calls = [{"name": "get_weather", "arguments": {"city": "Nice"}}]
    sandbox.script([{"tool_calls": calls}, {"content": "Sunny."}])
    router = CatalogRouterMiddleware(prefer="energy", task="chat")
    state = run(create_agent(chat(), [get_weather], middleware=[router]), HumanMessage("?"))
    models = {request.json["model"] for request in sandbox.requests}
    assert len(models) == 1
    assert catalog.get(models.pop()).tools
    assert state["messages"][-1].text == "Sunny."


def test_router_falls_back_to_the_next_best_model(chat, sandbox, run):
    best = catalog.choose_for_request("Hi", prefer="quality").runners_up[0]
    sandbox.script([{"status": 503, "json": {}}, {"content": "Oui."}])
    agent = create_agent(chat(), [], middleware=[CatalogRouterMiddleware()])
    message = run(agent, HumanMessage("Hi"))["messages"][-1]
    first, second = (request.json["model"] for request in sandbox.requests)
    assert first == catalog.choose(prefer="quality").model.id
    assert second == best
    assert message.text == "Oui."
    assert [attempt["model"] for attempt in message.response_metadata["attempts"]]


def test_router_leaves_the_model_of_the_agent_alone(chat, sandbox):
    model = chat(model="llama3.3:70b")
    sandbox.script([{"content": "Oui."}])
    router = CatalogRouterMiddleware(prefer="speed", fallbacks=0)
    create_agent(model, [], middleware=[router]).invoke({"messages": "Hi"})
    assert sandbox.requests[-1].json["model"] != model.model_name == "llama3.3:70b"
    assert model.fallbacks is None


def test_router_raises_when_no_model_is_large_enough(chat, sandbox, run):
    agent = create_agent(chat(), [], middleware=[CatalogRouterMiddleware(needs=["lts"])])
    with pytest.raises(catalog.NoSuchModelError, match="holds"):
        run(agent, HumanMessage("x" * 9_000_000))
    assert not sandbox.requests


def test_router_refuses_other_models_and_unknown_preferences(sandbox):
    stock = ChatOpenAI(model="m", api_key="k", base_url=sandbox.base_url)
    agent = create_agent(stock, [], middleware=[CatalogRouterMiddleware()])
    with pytest.raises(TypeError, match="got ChatOpenAI"):
        agent.invoke({"messages": "Hi"})
    with pytest.raises(ValueError, match="beauty"):
        CatalogRouterMiddleware(prefer="beauty")


@pytest.fixture
def decisions():
    """The decision types of langchain-core 1.8."""
    return pytest.importorskip("langchain_core.decisions")


@pytest.fixture
def decide(decisions, sandbox):
    """Ask a decision model, both ways, and return its response."""
    from langchain_llmaas.decisions import LLMaaSDecisionModel

    def decide(answers, state, **questions):
        sandbox.script([{"content": json.dumps(answers)}] * 2)
        model = LLMaaSDecisionModel(model="gemma4:31b", max_retries=0)
        given = {"state": state, "questions": questions}
        one, other = model.invoke(given), asyncio.run(model.ainvoke(given))
        assert one.answers == other.answers
        return one

    return decide


def test_decision_model_answers_every_kind_of_question(decisions, decide, sandbox):
    answers = {
        "bug": 0.9,
        "fix": 75,
        "team": {"billing": 0.3, "sales": 0.1},
        "anger": {"0": 1, "1": 3},
        "where": {"top": 0, "bottom": 0.5, "left": 0.25, "right": 1.2},
    }
    with get_cost_callback() as cost:
        found = decide(
            answers,
            [HumanMessage("It crashed."), {"screen": PNG}],
            bug=decisions.Noul(instructions="Is it a bug?"),
            fix=decisions.Noul(instructions="Is there a fix?"),
            team=decisions.Choice(instructions="Whose?", criteria={"billing": None, "sales": None}),
            anger=decisions.Score(instructions="How angry?", criteria=["calm", "angry"]),
            where=decisions.Box(instructions="The crash"),
        )
    assert found.nouls["bug"].noul == 0.9
    assert found.nouls["fix"].noul == 0.75
    assert found.choices["team"].choice == "billing"
    assert found.choices["team"].probabilities == pytest.approx({"billing": 0.75, "sales": 0.25})
    assert found.choices["team"].confidence == pytest.approx(0.75)
    assert found.scores["anger"].score == pytest.approx(0.75)
    assert found.scores["anger"].legend == {0: "calm", 1: "angry"}
    assert found.boxes["where"].box.right == 1
    assert found.usage["input_tokens"] > 0
    assert found.request_id
    assert cost.calls == 2
    assert cost.cost_micro_eur > 0


def test_decision_model_sends_state_as_data_with_its_media(decisions, decide, sandbox):
    asked = decisions.Noul(instructions="Is it red?")
    decide({"red": 1}, [{"screen": PNG}, "as json"], red=asked)
    body = sandbox.requests[-1].json
    text, image = body["messages"][-1]["content"]
    assert json.loads(text["text"])["state"] == [{"screen": "[attachment 1]"}, "as json"]
    assert image["type"] == "image_url"
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"] == {"red": {"type": "number"}}


def test_decision_model_raises_when_the_answer_stays_invalid(decisions, decide, sandbox):
    with pytest.raises(Exception, match="does not match the schema"):
        decide("?", "text", red=decisions.Noul(instructions="Is it red?"))


@pytest.mark.filterwarnings("ignore:.*beta")
def test_decision_model_routes_an_agent(decisions, chat, sandbox, run):
    middleware = pytest.importorskip("langchain.agents.middleware")
    from langchain_llmaas.decisions import LLMaaSDecisionModel

    choices = {
        "fast": middleware.ModelChoice(chat(model="gemma4:31b"), "Simple tasks."),
        "strong": middleware.ModelChoice(chat(model="gpt-oss:120b"), "Hard tasks."),
    }
    router = middleware.ModelRouterMiddleware(
        choices=choices,
        instructions="Choose the least costly model that suits the task.",
        classifier=LLMaaSDecisionModel(model="gemma4:31b"),
    )
    routed = {"model_route": {"fast": 0.2, "strong": 0.8}}
    sandbox.script([{"content": json.dumps(routed)}, {"content": "42"}])
    state = run(create_agent(chat(), [], middleware=[router]), HumanMessage("Prove it."))
    assert state["messages"][-1].text == "42"
    assert [r.json["model"] for r in sandbox.requests] == ["gemma4:31b", "gpt-oss:120b"]


@pytest.mark.filterwarnings("ignore:.*beta")
def test_decision_model_blocks_a_risky_tool(decisions, chat, sandbox, run):
    middleware = pytest.importorskip("langchain.agents.middleware")
    from langchain_llmaas.decisions import LLMaaSDecisionModel

    guard = middleware.AutoModeMiddleware(
        tools=[get_weather], classifier=LLMaaSDecisionModel(model="gemma4:31b")
    )
    calls = [{"name": "get_weather", "arguments": {"city": "Nice"}}]
    sandbox.script(
        [{"tool_calls": calls}, {"content": '{"is_risky": 0.97}'}, {"content": "I may not."}]
    )
    run(create_agent(chat(), [get_weather], middleware=[guard]), HumanMessage("?"))
    assert "classified as risky" in sandbox.requests[-1].json["messages"][-1]["content"]

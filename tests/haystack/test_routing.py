"""Models that the router chooses, for generators and Agents."""

from __future__ import annotations

from typing import Any

import pytest
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.tools import Tool
from haystack.utils import Secret

from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from haystack_integrations.components.routers.llmaas import LLMaaSModelRouter
from llmaas import catalog

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
IMAGE = ImageContent("iVBORw0KGgo=", mime_type="image/png", validation=False)


def weather(city: str) -> str:
    return f"Soleil à {city}"


TOOL = Tool(name="weather", description="weather of a city", parameters=CITY, function=weather)


def pipeline(router: LLMaaSModelRouter, answerer: Any) -> Pipeline:
    built = Pipeline()
    built.add_component("router", router)
    built.add_component("answerer", answerer)
    built.connect("router.messages", "answerer.messages")
    built.connect("router.generation_kwargs", "answerer.generation_kwargs")
    return built


def models(sandbox: Any) -> list[str]:
    return [request.json["model"] for request in sandbox.requests]


def user(*parts: Any) -> list[ChatMessage]:
    return [ChatMessage.from_user(content_parts=list(parts) or ["?"])]


def test_router_names_model_reasons_and_fallbacks() -> None:
    route = LLMaaSModelRouter(prefer="speed", generation_kwargs={"top_p": 0.5}).run("Bonjour")
    expected = catalog.choose_for_request("Bonjour", prefer="speed")
    assert route["model"] == expected.model.id
    assert route["reasons"] == [*expected.reasons]
    assert route["generation_kwargs"] == {
        "top_p": 0.5,
        "model": expected.model.id,
        "fallbacks": [*expected.runners_up[:2]],
    }
    assert route["messages"] == [ChatMessage.from_user("Bonjour")]


@pytest.mark.parametrize(
    ("parts", "tools", "flag"),
    [([IMAGE, "?"], None, "vision"), (["?"], [TOOL], "tools")],
    ids=["image", "tools"],
)
def test_router_selects_a_model_with_what_the_conversation_needs(
    parts: Any, tools: Any, flag: str
) -> None:
    route = LLMaaSModelRouter(prefer="support").run(user(*parts), tools=tools)
    assert getattr(catalog.get(route["model"]), flag)
    assert any(reason.startswith(f"has {flag}") for reason in route["reasons"])


def test_generator_behind_the_router_uses_its_model(sandbox: Any) -> None:
    sandbox.script([{"content": "Oui."}])
    built = pipeline(LLMaaSModelRouter(prefer="speed"), LLMaaSChatGenerator(model="llama3.3:70b"))
    answered = built.run({"router": {"messages": user()}})
    assert answered["answerer"]["replies"][0].text == "Oui."
    assert models(sandbox) == [catalog.choose(prefer="speed").model.id]


def test_generator_behind_the_router_falls_back(sandbox: Any) -> None:
    sandbox.script([{"status": 503, "json": {}}, {"content": "Oui."}])
    built = pipeline(LLMaaSModelRouter(), LLMaaSChatGenerator(max_retries=0))
    (reply,) = built.run({"router": {"messages": user()}})["answerer"]["replies"]
    choice = catalog.choose_for_request("?", prefer="quality")
    assert models(sandbox) == [choice.model.id, choice.runners_up[0]]
    assert len(reply.meta["attempts"]) == 2


def test_agent_behind_the_router_keeps_its_model_for_the_turn(sandbox: Any) -> None:
    calls = [{"name": "weather", "arguments": {"city": "Nice"}}]
    sandbox.script([{"tool_calls": calls}, {"content": "Soleil."}])
    agent = Agent(chat_generator=LLMaaSChatGenerator(model="llama3.3:70b"), tools=[TOOL])
    router = LLMaaSModelRouter(prefer="energy", tools=[TOOL])
    answered = pipeline(router, agent).run({"router": {"messages": user()}})
    assert answered["answerer"]["last_message"].text == "Soleil."
    expected = catalog.choose_for_request("?", tools=[TOOL.tool_spec], prefer="energy")
    assert models(sandbox) == [expected.model.id] * 2


def test_model_in_generation_kwargs_wins_as_in_the_stock_generator(sandbox: Any, ask: Any) -> None:
    key, kwargs = Secret.from_token(sandbox.api_key), {"model": "gemma4:31b"}
    stock = OpenAIChatGenerator(key, "llama3.3:70b", api_base_url=sandbox.base_url)
    stock.run("?", generation_kwargs=kwargs)
    ask(generation_kwargs=kwargs)
    assert models(sandbox) == ["gemma4:31b"] * 2


def test_router_survives_yaml() -> None:
    router = LLMaaSModelRouter("speed", ["lts"], "code", 1, [TOOL], {"top_p": 0.5})
    built = pipeline(router, LLMaaSChatGenerator())
    again = Pipeline.loads(built.dumps()).get_component("router")
    assert again.to_dict() == router.to_dict()


def test_router_raises_when_no_model_fits() -> None:
    with pytest.raises(catalog.NoSuchModelError, match="holds"):
        LLMaaSModelRouter().run("x" * 9_000_000)
    with pytest.raises(ValueError, match="beauty"):
        LLMaaSModelRouter(prefer="beauty")

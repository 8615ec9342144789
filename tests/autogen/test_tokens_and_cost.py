"""Token estimates without a vocabulary, and cost in EUR."""

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core.model_context import TokenLimitedChatCompletionContext
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    UserMessage,
)
from autogen_core.tools import FunctionTool

from autogen_llmaas import LLMaaSChatCompletionClient
from autogen_llmaas.client import UNKNOWN_CONTEXT
from llmaas import catalog


def user(text):
    return UserMessage(content=text, source="user")


def weather(city: str) -> str:
    """Weather of a city."""
    return city


def test_tokens_are_counted_offline(client):
    assert client.count_tokens([]) == 0
    short, long = client.count_tokens([user("a" * 40)]), client.count_tokens([user("a" * 400)])
    assert short == 4 + 10
    assert long == 4 + 100
    tool = FunctionTool(weather, description="Weather of a city")
    assert client.count_tokens([user("Hi")], tools=[tool]) > 20


def test_every_kind_of_message_counts(client):
    call = {"id": "1", "name": "weather", "arguments": '{"city": "Paris"}'}
    messages = [
        AssistantMessage(content=[call], source="a", thought="Let me see."),
        AssistantMessage(content="It is warm.", source="a"),
        FunctionExecutionResultMessage(
            content=[FunctionExecutionResult(content="21 degrees", name="w", call_id="1")]
        ),
    ]
    assert all(client.count_tokens([message]) > 5 for message in messages)


def test_remaining_tokens_come_from_the_context(client):
    assert client.remaining_tokens([user("a" * 40)]) == 131_072 - 14


async def test_refresh_overrides_the_catalog(sandbox):
    listing = [
        {"id": "brand-new:9b", "object": "model", "max_model_len": 5_000},
        {"id": "secretive:9b", "object": "model", "max_model_len": 0},
    ]
    sandbox.script([{"status": 200, "json": {"object": "list", "data": listing}}])
    new = LLMaaSChatCompletionClient("brand-new:9b")
    assert new.remaining_tokens([]) == UNKNOWN_CONTEXT
    try:
        await new.refresh()
        assert new.remaining_tokens([]) == 5_000
        assert LLMaaSChatCompletionClient("secretive:9b").remaining_tokens([]) == UNKNOWN_CONTEXT
    finally:
        catalog.reset()


async def test_token_limited_context_works_offline(client, sandbox):
    context = TokenLimitedChatCompletionContext(client, token_limit=200)
    agent = AssistantAgent("a", client, model_context=context)
    for number in range(6):
        await agent.run(task=f"Question {number}: " + "blah " * 40)
    sent = [m for m in list(sandbox.requests)[-1].json["messages"] if m["role"] != "system"]
    assert 0 < len(sent) < 6


async def test_context_without_limit_asks_the_model(client):
    context = TokenLimitedChatCompletionContext(client)
    for number in range(20):
        await context.add_message(user(f"{number}"))
    assert len(await context.get_messages()) == 20


async def test_totals_include_cost_and_reasoning(ask, client, sandbox):
    usage = {
        "prompt_tokens": 1_000,
        "completion_tokens": 500,
        "total_tokens": 1_500,
        "reasoning_tokens": 200,
    }
    sandbox.script([{"content": "Oui.", "usage": usage}] * 2)
    await ask(client, "Hi")
    await ask(client, "Hi")
    totals = client.totals
    assert (totals.requests, totals.prompt_tokens, totals.completion_tokens) == (2, 2_000, 1_000)
    assert totals.reasoning_tokens == 400
    assert client.cost_eur == pytest.approx(2 * (1_000 * 1.8e-6 + 500 * 8e-6))
    assert str(totals) == "2 answers, 2000 + 1000 tokens (400 of reasoning), 0.011600 EUR"

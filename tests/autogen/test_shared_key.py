"""Fifty agents that share one rate-limited key."""

import asyncio
import time

import pytest
from autogen_agentchat.agents import AssistantAgent

from autogen_llmaas import LLMaaSChatCompletionClient
from tests.helpers.servers.rate_limited import KEY, limited

MODEL = "gpt-oss:120b"
AGENTS, TURNS, PER_SECOND = 50, 3, 15
"""Far less than a busy machine does in a second, so that the limit is what slows them."""
LEAST = 0.75
"""Of what the limit allows in the seconds that were touched, the first and last included."""


async def crowd(make):
    """Let all agents do their turns; return the errors, and what the limit allowed meanwhile."""

    async def one(number):
        client = make()
        agent = AssistantAgent(f"agent_{number}", client)
        try:
            for turn in range(TURNS):
                await agent.run(task=f'Say "{number}.{turn}"')
        finally:
            await client.close()

    began = int(time.time())
    done = await asyncio.gather(*(one(n) for n in range(AGENTS)), return_exceptions=True)
    errors = [error for error in done if error]
    return errors, PER_SECOND * (int(time.time()) - began + 1)


def test_agents_share_the_rate_limit_without_errors():
    with limited(PER_SECOND) as (limiter, base_url):
        errors, allowed = asyncio.run(
            crowd(lambda: LLMaaSChatCompletionClient(MODEL, api_key=KEY, base_url=base_url))
        )
    assert errors == []
    assert limiter.passed == AGENTS * TURNS
    assert limiter.refused > 0  # there was a limit to feel
    share = limiter.passed / allowed
    print(f"ours: {share:.0%} of the limit, {limiter.refused} refusals, no error")
    assert share >= LEAST


@pytest.mark.filterwarnings("ignore")
def test_stock_agents_fail_at_the_rate_limit():
    stock = pytest.importorskip(
        "autogen_ext.models.openai",
        reason="autogen-ext[openai], the stock client, is not installed",
        exc_type=ImportError,
    )
    info = LLMaaSChatCompletionClient(MODEL).model_info

    def make():
        return stock.OpenAIChatCompletionClient(
            model=MODEL, api_key=KEY, base_url=base_url, model_info=info
        )

    with limited(PER_SECOND) as (limiter, base_url):
        errors, allowed = asyncio.run(crowd(make))
    share = limiter.passed / allowed
    print(f"stock: {share:.0%}, {limiter.refused} refusals, {len(errors)} of {AGENTS} agents fail")
    assert errors

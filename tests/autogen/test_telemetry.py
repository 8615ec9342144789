"""Our telemetry together with AutoGen's spans: tokens are counted once."""

from __future__ import annotations

from typing import Any

from autogen_agentchat.agents import AssistantAgent
from opentelemetry import trace

from autogen_llmaas import LLMaaSChatCompletionClient
from llmaas import telemetry
from tests.helpers.telemetry import Seen


async def test_tokens_are_counted_once(sandbox: Any, monkeypatch: Any) -> None:
    seen = Seen()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: seen.traces)
    seen.watch()
    try:
        client = LLMaaSChatCompletionClient("llama3.3:70b")
        await AssistantAgent("helper", client).run(task="Bonjour ?")
        used = client.total_usage()
        await client.close()
    finally:
        telemetry.uninstrument()
    assert seen.input_tokens() == seen.counted() == used.prompt_tokens > 0

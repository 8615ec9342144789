"""Differences from the stock connector, as listed in the README."""

import copy
import gc
import json
from contextlib import suppress

import pytest
from openai import AsyncOpenAI
from pydantic import ValidationError
from semantic_kernel.connectors.ai.open_ai import (
    OpenAIChatCompletion,
    OpenAIChatPromptExecutionSettings,
)
from semantic_kernel.contents import (
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
    TextContent,
)

import llmaas

Settings = OpenAIChatPromptExecutionSettings


@pytest.fixture
async def stock(sandbox):
    address = {"base_url": sandbox.base_url, "api_key": sandbox.api_key}
    async with AsyncOpenAI(**address, max_retries=0) as client:
        yield OpenAIChatCompletion("gemma4:31b", async_client=client)


def asking(*messages):
    question = ChatMessageContent(role="user", content="?")
    return ChatHistory(messages=[question, *messages])


async def test_it_drops_text_beside_calls_and_all_results_but_one(sandbox, stock):
    call = FunctionCallContent(id="a", name="f", arguments="{}")
    results = [FunctionResultContent(id=i, name="f", result=i) for i in "ab"]
    said = ChatMessageContent(role="assistant", items=[TextContent(text="I look."), call])
    sandbox.script([{"content": "ok"}])
    with suppress(Exception):  # a stricter service says no
        await stock.get_chat_message_content(
            asking(said, ChatMessageContent(role="tool", items=results)), Settings()
        )
    written = sandbox.requests[-1].json["messages"]
    assert "I look." not in json.dumps(written)
    assert [m["tool_call_id"] for m in written if m["role"] == "tool"] == ["a"]


async def test_it_keeps_reasoning_to_itself(sandbox, stock):
    sandbox.script([{"content": "Yes.", "reasoning": "Hm.", "fault": "reasoning_content"}])
    answer = await stock.get_chat_message_content(asking(), Settings())
    assert "Hm." not in f"{answer.metadata} {answer.items}"


async def test_it_drops_what_it_does_not_know(sandbox, stock):
    await stock.get_chat_message_content(asking(), Settings(top_k=3))
    assert "top_k" not in sandbox.requests[-1].json
    with pytest.raises(ValidationError):
        Settings(reasoning_effort="none")


async def test_it_fails_on_an_unknown_finish_reason(sandbox, stock):
    sandbox.script([{"content": "Yes.", "finish_reason": "eos_token"}])
    with pytest.raises(ValueError, match="eos_token"):
        await stock.get_chat_message_content(asking(), Settings())


@pytest.mark.shows_key("the SDK's errors hold the request, and that its header")
async def test_its_errors_say_little(sandbox, stock):
    step = {"status": 429, "headers": {"retry-after": "7"}, "json": {"detail": "slow down"}}
    sandbox.script([step, {"sse": [{"choices": []}, {"error": {"message": "engine died"}}]}])
    with pytest.raises(Exception, match="429") as caught:
        await stock.get_chat_message_content(asking(), Settings())
    assert not hasattr(caught.value, "retry_after")
    with pytest.raises(Exception, match="engine died") as caught:
        async for _ in stock.get_streaming_chat_message_content(asking(), Settings()):
            pass
    assert type(caught.value).__module__.startswith("openai")
    assert not isinstance(caught.value, llmaas.LLMaaSError)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_its_dump_holds_the_key_and_it_cannot_be_copied(sandbox, stock, monkeypatch):
    assert sandbox.api_key in str(stock.to_dict())
    with pytest.raises(TypeError):
        copy.deepcopy(stock)
    gc.collect()  # the half-made copy complains when it goes
    monkeypatch.setenv("OPENAI_CHAT_MODEL_ID", "leaked")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert OpenAIChatCompletion().ai_model_id == "leaked"

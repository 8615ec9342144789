"""An answer as the next message of its conversation."""

import pytest

from llmaas import AsyncLLMaaS, LLMaaS

MODEL = "gemma4:31b"  # a family that takes text beside tool calls
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CALL = {"name": "weather", "arguments": {"city": "Paris"}, "id": "call_1"}


def chat(messages):
    with LLMaaS() as client:
        return client.chat(messages, model=MODEL, tools=[TOOL])


def stream(messages):
    with LLMaaS() as client:
        return client.stream(messages, model=MODEL, tools=[TOOL]).until_done()


each_way = pytest.mark.parametrize("ask", [chat, stream])


@each_way
def test_message_continues_a_tool_turn(sandbox, ask):
    sandbox.script(
        [{"content": "I look.", "reasoning": "Hm.", "tool_calls": [CALL]}, {"content": "Sunny."}]
    )
    messages = [{"role": "user", "content": "Weather?"}]
    answer = ask(messages)
    messages += [
        answer.to_message(),
        {"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "sunny"},
    ]
    assert ask(messages).text == "Sunny."
    [_, said, result] = sandbox.requests[-1].json["messages"]
    assert said["content"] == "I look."
    assert said["reasoning_content"] == "Hm."
    assert said["tool_calls"][0]["function"] == {
        "name": "weather",
        "arguments": '{"city": "Paris"}',
    }
    assert said["tool_calls"][0]["id"] == result["tool_call_id"]


async def test_message_of_async_answer_is_the_same(sandbox):
    sandbox.script([{"tool_calls": [CALL]}] * 2)
    async with AsyncLLMaaS() as client:
        message = (await client.chat("Weather?", model=MODEL, tools=[TOOL])).to_message()
    assert message == chat("Weather?").to_message()


def test_message_has_text_only_when_no_tool_is_called(sandbox):
    sandbox.script([{"content": "Oui.", "reasoning": "Hm."}])
    assert chat("?").to_message() == {"role": "assistant", "content": "Oui."}


@each_way
def test_message_leaves_cut_calls_out(sandbox, ask):
    cut = {**CALL, "arguments": '{"city": "Pa'}
    sandbox.script([{"content": "I look.", "tool_calls": [cut], "finish_reason": "length"}])
    answer = ask("?")
    assert answer.tool_calls[0].cut
    assert answer.to_message() == {"role": "assistant", "content": "I look."}

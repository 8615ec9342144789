"""Reasoning in answers and in later requests."""

import pytest
from agent_framework import Agent, Content, Message, tool

THOUGHT = "Je réfléchis."


@pytest.mark.parametrize("shape", ["reasoning_content", "reasoning", "think", "reasoning-both"])
async def test_reasoning_of_every_shape(sandbox, client, af, stream, shape):
    sandbox.script([{"content": "Oui.", "reasoning": THOUGHT, "fault": shape}])
    response = await af.ask(client, stream=stream)
    found = [(kind, text.strip()) for kind, text in af.kinds(response)]
    assert found == [("text_reasoning", THOUGHT), ("text", "Oui.")]
    assert response.text == "Oui."


async def test_updates_carry_reasoning_apart_from_text(sandbox, client, af):
    sandbox.script([{"content": "Oui, oui.", "reasoning": THOUGHT}])
    updates = await af.updates(client)
    types = [content.type for update in updates for content in update.contents]
    assert types.index("text_reasoning") < types.index("text") < types.index("usage")
    assert {u.role for u in updates} == {"assistant"}
    assert {u.response_id for u in updates} == {updates[0].response_id} != {None}


async def test_assembled_response_equals_the_whole_one(sandbox, client, af):
    step = {"content": "Oui, oui.", "reasoning": THOUGHT, "backend": {"machine_name": "ma02"}}
    sandbox.script([step, step])
    whole, streamed = await af.ask(client), await af.ask(client, stream=True)
    assert af.kinds(whole) == af.kinds(streamed)
    for name in ("text", "model", "finish_reason", "usage_details"):
        assert getattr(whole, name) == getattr(streamed, name), name
    same = [p.additional_properties["backend"] for p in (whole, streamed)]
    assert same[0] == same[1]


def history():
    call = Content.from_function_call("c1", "get_weather", arguments='{"city": "Paris"}')
    return [
        Message("user", ["Quel temps ?"]),
        Message("assistant", [Content.from_text_reasoning(text=THOUGHT), call]),
        Message("tool", [Content.from_function_result("c1", result="Il pleut.")]),
        Message(
            "assistant", [Content.from_text_reasoning(text="Donc."), Content.from_text("Pluie.")]
        ),
        Message("user", ["Merci."]),
    ]


async def test_reasoning_does_not_come_back_as_text(sandbox, client, af, stream):
    await af.ask(client, history(), stream=stream)
    messages = af.sent(sandbox)["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "assistant", "user"]
    assert THOUGHT not in str(messages)
    assert "Donc." not in str(messages)


async def test_turn_of_reasoning_alone_is_no_message(sandbox, client, af):
    thought = Message("assistant", [Content.from_text_reasoning(text=THOUGHT)])
    await af.ask(client, [Message("user", ["A"]), thought, Message("user", ["B"])])
    assert [m["role"] for m in af.sent(sandbox)["messages"]] == ["user", "user"]


async def test_reasoning_is_sent_back_with_its_message(sandbox, make_client, af, stream):
    await af.ask(make_client(send_reasoning=True), history(), stream=stream)
    messages = af.sent(sandbox)["messages"]
    assert messages[1]["reasoning_content"] == THOUGHT
    assert messages[1]["tool_calls"]
    assert messages[1]["content"] is None
    assert (messages[3]["reasoning_content"], messages[3]["content"]) == ("Donc.", "Pluie.")


@tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"Il pleut à {city}."


async def test_reasoning_is_sent_back_within_a_tool_chain(sandbox, make_client):
    call = {"name": "get_weather", "arguments": {"city": "Paris"}}
    sandbox.script([{"tool_calls": [call], "reasoning": THOUGHT}, {"content": "Pluie."}])
    agent = Agent(make_client(send_reasoning=True), tools=[get_weather])
    assert (await agent.run("Quel temps ?")).text == "Pluie."
    assert sandbox.requests[-1].json["messages"][-2]["reasoning_content"] == THOUGHT

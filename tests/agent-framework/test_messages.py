"""Conversion of messages."""

from datetime import date

import pytest
from agent_framework import Agent, Content, Message
from agent_framework.exceptions import ChatClientInvalidRequestException

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


async def test_text_and_image_are_one_message(sandbox, make_client, af, stream):
    picture = Content.from_data(PNG, "image/png", additional_properties={"detail": "low"})
    messages = af.turns(("user", Content.from_text("Que vois-tu ?"), picture))
    await af.ask(make_client("gemma4:31b"), messages, stream=stream)
    (message,) = af.sent(sandbox)["messages"]
    text, image = message["content"]
    assert text == {"type": "text", "text": "Que vois-tu ?"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert image["image_url"]["detail"] == "low"


async def test_image_by_address(sandbox, make_client, af):
    picture = Content.from_uri("https://example.org/x.png", media_type="image/png")
    sandbox.script([{"content": "Un chat."}])
    await af.ask(make_client("gemma4:31b"), af.turns(("user", "Quoi ?", picture)))
    (message,) = af.sent(sandbox)["messages"]
    assert message["content"][1] == {
        "type": "image_url",
        "image_url": {"url": "https://example.org/x.png"},
    }


async def test_unsupported_content_is_rejected_before_sending(sandbox, client, af, stream):
    pdf = Content.from_data(b"%PDF", "application/pdf")
    with pytest.raises(ChatClientInvalidRequestException, match="application/pdf"):
        await af.ask(client, af.turns(("user", "Lis.", pdf)), stream=stream)
    assert not sandbox.requests


async def test_unnamed_agent_has_no_name_on_the_wire(sandbox, client):
    agent = Agent(client)
    session = agent.create_session()
    await agent.run("Un", session=session)
    await agent.run("Deux", session=session)
    messages = sandbox.requests[-1].json["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "user"]
    assert not any("name" in message for message in messages)


async def test_names_with_accents_are_sent_in_ascii(sandbox, client, af):
    reply = Message("assistant", ["Voilà."], author_name="Rédacteur en chef")
    await af.ask(client, [Message("user", ["A"]), reply, Message("user", ["B"])])
    assert af.sent(sandbox)["messages"][1]["name"] == "Redacteur_en_chef"


async def test_text_beside_tool_calls_is_kept(sandbox, client, af):
    call = Content.from_function_call("c1", "f", arguments={"ville": "Orléans"})
    result = Content.from_function_result("c1", result={"temps": "été"})
    messages = af.turns(
        ("user", "Quel temps ?"), ("assistant", "Je regarde.", call), ("tool", result)
    )
    await af.ask(client, messages)
    _, text, assistant, answer = af.sent(sandbox)["messages"]  # the template of gpt-oss
    assert text == {"role": "assistant", "content": "Je regarde."}
    function = {"name": "f", "arguments": '{"ville": "Orléans"}'}
    assert assistant["tool_calls"] == [{"id": "c1", "type": "function", "function": function}]
    assert answer["tool_call_id"] == "c1"


async def test_arguments_that_are_no_json_are_their_text(sandbox, client, af):
    call = Content.from_function_call("c1", "f", arguments={"day": date(2026, 1, 2)})
    result = Content.from_function_result("c1", result="r")
    await af.ask(client, af.turns(("user", "?"), ("assistant", call), ("tool", result)))
    function = af.sent(sandbox)["messages"][1]["tool_calls"][0]["function"]
    assert function["arguments"] == '{"day": "2026-01-02"}'


async def test_unsendable_assistant_content_is_logged(sandbox, client, af, caplog):
    drawn = Content.from_data(PNG, "image/png")
    await af.ask(client, af.turns(("user", "?"), ("assistant", "Voici.", drawn), ("user", "!")))
    assert af.sent(sandbox)["messages"][1] == {"role": "assistant", "content": "Voici."}
    assert "image/png" in caplog.text


async def test_several_results_have_their_ids(sandbox, client, af):
    calls = [Content.from_function_call(f"c{n}", "f", arguments="") for n in (1, 2)]
    results = [Content.from_function_result(f"c{n}", result=f"r{n}") for n in (1, 2)]
    await af.ask(client, af.turns(("user", "?"), ("assistant", *calls), ("tool", *results)))
    messages = af.sent(sandbox)["messages"]
    assert [(m["tool_call_id"], m["content"]) for m in messages[2:]] == [("c1", "r1"), ("c2", "r2")]
    assert [c["function"]["arguments"] for c in messages[1]["tool_calls"]] == ["{}", "{}"]


@pytest.mark.parametrize("role", ["user", "tool"])
async def test_text_beside_results_follows_them(sandbox, client, af, role):
    call = Content.from_function_call("c1", "f", arguments="{}")
    result = Content.from_function_result("c1", result="r")
    messages = af.turns(("user", "?"), ("assistant", call), (role, Content.from_text("!"), result))
    await af.ask(client, messages)
    assert [(m["role"], m["content"]) for m in af.sent(sandbox)["messages"][2:]] == [
        ("tool", "r"),
        ("user", "!"),
    ]


async def test_picture_in_a_tool_result_reaches_a_model_that_sees(sandbox, make_client, af):
    call = Content.from_function_call("c1", "draw", arguments="{}")
    made = [Content.from_text("Voici :"), Content.from_data(PNG, "image/png")]
    result = Content.from_function_result("c1", result=made)
    turns = af.turns(("user", "?"), ("assistant", call), ("tool", result))
    await af.ask(make_client("gemma4:31b"), turns)
    answer, shown = af.sent(sandbox)["messages"][-2:]
    assert answer["content"] == "Voici :"
    assert shown["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


async def test_picture_in_a_tool_result_is_named_to_a_blind_model(sandbox, client, af):
    call = Content.from_function_call("c1", "draw", arguments="{}")
    made = [Content.from_text("Voici :"), Content.from_data(PNG, "image/png")]
    result = Content.from_function_result("c1", result=made)
    await af.ask(client, af.turns(("user", "?"), ("assistant", call), ("tool", result)))
    assert af.sent(sandbox)["messages"][-1]["content"] == "Voici :\n[image/png]"


async def test_system_messages_come_first_and_as_one(sandbox, client, af, stream):
    messages = af.turns(("system", "A"), ("user", "?"), ("developer", "B"), ("user", "!"))
    await af.ask(client, messages, stream=stream, instructions="I")
    assert af.sent(sandbox)["messages"] == [
        {"role": "system", "content": "I\n\nA\n\nB"},
        {"role": "user", "content": "?"},
        {"role": "user", "content": "!"},
    ]

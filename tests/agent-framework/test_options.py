"""Conversion of options."""

import json

import pytest
from agent_framework import Message, tool
from agent_framework.exceptions import ChatClientInvalidRequestException
from pydantic import BaseModel


class Weather(BaseModel):
    city: str
    degrees: int


ANSWER = '{"city": "Paris", "degrees": 3}'


@tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"Il pleut à {city}."


@tool
def get_time(city: str) -> str:
    """Return the time of a city."""
    return f"Midi à {city}."


async def test_max_tokens_keeps_its_name(sandbox, client, af, stream):
    await af.ask(client, stream=stream, max_tokens=77)
    assert af.sent(sandbox)["max_tokens"] == 77
    assert "max_completion_tokens" not in af.sent(sandbox)


async def test_without_it_the_small_default_of_the_service_is_not_met(sandbox, client, af):
    await af.ask(client)
    assert af.sent(sandbox)["max_tokens"] > 1024


async def test_unknown_options_are_sent(sandbox, client, af, stream):
    options = {"top_k": 5, "chat_template_kwargs": {"thinking": True}, "reasoning_effort": "max"}
    await af.ask(client, stream=stream, **options)
    assert options.items() <= af.sent(sandbox).items()


async def test_every_documented_option_arrives(sandbox, client, af):
    options = {
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["fin"],
        "seed": 7,
        "logit_bias": {"1": 2},
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "user": "moi",
        "metadata": {"a": "b"},
        "store": False,
    }
    await af.ask(client, **options, conversation_id="here", model="gemma4:31b")
    body = af.sent(sandbox)
    assert options.items() <= body.items()
    assert body["model"] == "gemma4:31b"
    assert "conversation_id" not in body


async def test_client_kwargs_apply_to_one_call(sandbox, client):
    kwargs = {"extra_headers": {"x-trace": "abc"}, "extra_body": {"top_k": 3}, "session": None}
    await client.get_response([Message("user", ["?"])], client_kwargs=kwargs)
    assert sandbox.requests[-1].headers["x-trace"] == "abc"
    assert sandbox.requests[-1].json["top_k"] == 3
    assert "session" not in sandbox.requests[-1].json


async def test_options_out_of_range_are_refused_by_the_framework(client, af):
    with pytest.raises(ValueError, match="temperature"):
        await af.ask(client, temperature=3)


async def test_missing_model_raises_error(make_client, af, stream):
    with pytest.raises(ChatClientInvalidRequestException, match="model is missing"):
        await af.ask(make_client(None), stream=stream)


@pytest.mark.parametrize("text", [ANSWER, f"```json\n{ANSWER}\n```"], ids=["plain", "fenced"])
async def test_pydantic_class_becomes_a_schema_and_a_value(sandbox, client, af, stream, text):
    sandbox.script([{"content": text}])
    response = await af.ask(client, stream=stream, response_format=Weather)
    assert response.value == Weather(city="Paris", degrees=3)
    wire = af.sent(sandbox)["response_format"]
    assert wire["type"] == "json_schema"
    assert wire["json_schema"]["schema"]["required"] == ["city", "degrees"]


async def test_bare_schema_is_wrapped(sandbox, client, af, stream):
    sandbox.script([{"content": ANSWER}])
    schema = Weather.model_json_schema()
    response = await af.ask(client, stream=stream, response_format=schema)
    assert response.value == json.loads(ANSWER)
    assert af.sent(sandbox)["response_format"]["json_schema"]["name"] == "Weather"


async def test_json_has_no_fence_in_the_text_either(sandbox, client, af, stream):
    sandbox.script([{"content": '```json\n{"a": 1}\n```'}])
    response = await af.ask(client, stream=stream, response_format={"type": "json_object"})
    assert (response.text, response.value) == ('{"a": 1}', {"a": 1})


async def test_fence_is_kept_when_format_is_plain_text(sandbox, client, af, stream):
    fenced = "```python\nprint(1)\n```"
    sandbox.script([{"content": fenced}])
    response = await af.ask(client, stream=stream, response_format={"type": "text"})
    assert response.text == fenced


async def test_invalid_output_is_retried_once(sandbox, client, af):
    sandbox.script([{"content": '{"city": "Paris"'}, {"content": ANSWER}])
    assert (await af.ask(client, response_format=Weather)).value.degrees == 3
    assert len(sandbox.requests) == 2


async def test_invalid_output_keeps_its_text_after_the_retry(sandbox, client, af, stream):
    sandbox.script([{"content": "Aucune idée."}] * 2)
    response = await af.ask(client, stream=stream, response_format=Weather)
    assert response.text == "Aucune idée."
    with pytest.raises(ValueError, match="Weather"):
        _ = response.value


async def test_schema_is_sent_as_instruction_when_formats_are_rejected(sandbox, client, af):
    sandbox.script([{"fault": "no-response-format"}, {"content": ANSWER}])
    assert (await af.ask(client, response_format=Weather)).value.city == "Paris"


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"mode": "auto"}, "auto"),
        (
            {"mode": "required", "required_function_name": "get_time"},
            {"type": "function", "function": {"name": "get_time"}},
        ),
        (
            {"type": "function", "function": {"name": "get_time"}},
            {"type": "function", "function": {"name": "get_time"}},
        ),
    ],
)
async def test_tool_choice(sandbox, make_client, af, choice, wire):
    client = make_client(function_invocation_configuration={"enabled": False})
    sandbox.script([{"content": "Oui."}])
    await af.ask(client, tools=[get_weather, get_time], tool_choice=choice)
    assert af.sent(sandbox)["tool_choice"] == wire


async def test_required_names_the_only_tool(sandbox, make_client, af):
    client = make_client(function_invocation_configuration={"enabled": False})
    await af.ask(client, tools=[get_weather], tool_choice="required")
    assert af.sent(sandbox)["tool_choice"]["function"] == {"name": "get_weather"}


async def test_only_allowed_tools_are_sent(sandbox, client, af):
    sandbox.script([{"content": "Oui."}])
    choice = {"mode": "auto", "allowed_tools": ["get_time"]}
    await af.ask(client, tools=[get_weather, get_time], tool_choice=choice)
    assert [t["function"]["name"] for t in af.sent(sandbox)["tools"]] == ["get_time"]
    assert af.sent(sandbox)["tool_choice"] == "auto"


async def test_parallel_tool_calls_is_sent_only_with_tools(sandbox, client, af):
    await af.ask(client, allow_multiple_tool_calls=False)
    assert "parallel_tool_calls" not in af.sent(sandbox)
    sandbox.script([{"content": "Oui."}])
    await af.ask(client, allow_multiple_tool_calls=False, tools=[get_weather])
    assert af.sent(sandbox)["parallel_tool_calls"] is False


async def test_text_around_json_is_removed(sandbox, client, af, stream):
    sandbox.script([{"content": f"As [1] says: {ANSWER}\nAnything else?"}])
    response = await af.ask(client, stream=stream, response_format=Weather)
    assert json.loads(response.text) == json.loads(ANSWER)
    assert response.value == Weather.model_validate_json(ANSWER)


async def test_cut_json_is_never_a_value(sandbox, client, af, stream):
    sandbox.script([{"content": f"{ANSWER[:-1]}", "finish_reason": "length"}])
    response = await af.ask(client, stream=stream, response_format=Weather, max_tokens=9)
    with pytest.raises(ValueError, match="Weather"):
        _ = response.value
    assert len(sandbox.requests) == 1

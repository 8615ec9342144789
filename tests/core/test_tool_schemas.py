"""Tools have names that engines take, and forced ones are strict where their schema allows it."""

from __future__ import annotations

import re
from typing import Any

import pytest

MODEL = "gpt-oss:120b"
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def function(name: str, parameters: Any = CITY, **rest: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters, **rest}}


def ask(client: Any, messages: Any, *, stream: bool, **options: Any) -> Any:
    if stream:
        return client.events(messages, model=MODEL, **options)
    return [client.do("chat", messages, model=MODEL, **options)]


NAMES = ["météo", "Page[int]", "server.tool", "城市", "x" * 70, "élève", "eleve", "plain"]


@STREAMED
def test_names_are_sent_in_a_valid_form_and_answered_as_given(
    sandbox: Any, api: Any, stream: bool
) -> None:
    call = {"id": "abc123456", "type": "function"}
    history = [
        {"role": "user", "content": "?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{**call, "function": {"name": "météo", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "abc123456", "content": "21", "name": "météo"},
    ]
    tools = [function(name) for name in NAMES]
    for name in NAMES:
        sandbox.script([{"content": "", "tool_calls": [{"name": "plain", "arguments": "{}"}]}])
        ask(api(), history, stream=stream, tools=tools)
        sent = sandbox.requests[-1].json
        wire = [tool["function"]["name"] for tool in sent["tools"]]
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", told) for told in wire)
        assert len(set(wire)) == len(NAMES)
        assert sent["messages"][1]["tool_calls"][0]["function"]["name"] == wire[0]
        called = {"name": wire[NAMES.index(name)], "arguments": '{"city": "Lyon"}'}
        sandbox.script([{"content": "", "tool_calls": [called]}])
        last = ask(api(), history, stream=stream, tools=tools)
        completion = last[-1].completion if stream else last[0]
        assert [each.name for each in completion.tool_calls] == [name]
        if stream:
            assert next(event.name for event in last if event.type == "tool_call") == name
    assert tools == [function(name) for name in NAMES]


@pytest.mark.parametrize("model", [MODEL, "mistral-small4:119b"])
@pytest.mark.parametrize("name", ["météo.fr 1", "城市", "x" * 70, "server.tool"])
def test_history_calls_the_tool_that_is_offered(
    sandbox: Any, api: Any, model: str, name: str
) -> None:
    call = {"id": "abc123456", "type": "function", "function": {"name": name, "arguments": "{}"}}
    history = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "abc123456", "content": "21", "name": name},
    ]
    api().do("chat", history, model=model, tools=[function("plain"), function(name)])
    sent = sandbox.requests[-1].json
    offered = sent["tools"][1]["function"]["name"]
    assert sent["messages"][1]["tool_calls"][0]["function"]["name"] == offered
    assert sent["messages"][2].get("name", offered) == offered


def test_forced_choice_follows_the_name(sandbox: Any, api: Any) -> None:
    sandbox.script([{"tool_calls": [{"name": "meteo", "arguments": '{"city": "Lyon"}'}]}])
    tools = [function("météo"), function("autre")]
    (got,) = ask(api(), "?", stream=False, tools=tools, tool_choice="météo")
    sent = sandbox.requests[-1].json
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "meteo"}}
    assert got.tool_calls[0].name == "météo"


def test_forced_function_is_strict(sandbox: Any, api: Any) -> None:
    sandbox.script([{"tool_calls": [{"name": "weather", "arguments": '{"city": "Lyon"}'}]}] * 2)
    tools = [function("weather"), function("other")]
    for choice in ("weather", {"type": "function", "function": {"name": "weather"}}):
        ask(api(), "?", stream=False, tools=tools, tool_choice=choice)
        weather, other = (tool["function"] for tool in sandbox.requests[-1].json["tools"])
        assert weather["strict"] is True
        assert weather["parameters"] == {**CITY, "additionalProperties": False}
        assert "strict" not in other


@pytest.mark.parametrize(
    "parameters",
    [
        {**CITY, "required": []},
        {"type": "object", "properties": {"m": {"type": "object"}}, "required": ["m"]},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
    ids=["optional", "map", "open"],
)
def test_forced_function_is_not_strict_when_that_would_change_it(
    sandbox: Any, api: Any, parameters: Any
) -> None:
    sandbox.script([{"tool_calls": [{"name": "f", "arguments": "{}"}]}])
    ask(api(), "?", stream=False, tools=[function("f", parameters)], tool_choice="f")
    assert sandbox.requests[-1].json["tools"] == [function("f", parameters)]


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_free_functions_are_sent_as_they_are(sandbox: Any, api: Any, choice: Any) -> None:
    sandbox.script([{"content": "Non."}])
    ask(api(), "?", stream=False, tools=[function("f")], tool_choice=choice)
    assert sandbox.requests[-1].json["tools"] == [function("f")]


def test_nothing_is_changed_when_conform_is_off(sandbox: Any, api: Any) -> None:
    sandbox.script([{"tool_calls": [{"name": "f", "arguments": '{"city": "Lyon"}'}]}])
    ask(api(conform=False), "?", stream=False, tools=[function("f")], tool_choice="f")
    assert sandbox.requests[-1].json["tools"] == [function("f")]


def test_json_object_is_mentioned_where_nothing_does(sandbox: Any, api: Any) -> None:
    wanted = {"type": "json_object"}
    for text, added in (("Où ?", 1), ("Réponds en Json.", 0)):
        sandbox.script([{"content": "{}"}])
        ask(api(), text, stream=False, response_format=wanted)
        sent = sandbox.requests[-1].json["messages"]
        assert len(sent) == 1 + added
        assert "json" in sent[0]["content"].lower()

"""Tools beside ``response_format``, on an engine that calls no tool while it enforces a schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

import llmaas
from llmaas.quota import Budget
from tests.helpers.servers.constraining_engine import constraining_engine

MODEL = "gpt-oss:120b"


class Report(BaseModel):
    """A report."""

    city: str
    celsius: int


TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
QUESTION = [{"role": "user", "content": "Weather in Paris?"}]
CALL = {"id": "abc123456", "type": "function"}
CALL["function"] = {"name": "weather", "arguments": '{"city": "Paris"}'}  # type: ignore[assignment]
AFTER_CALL = [
    *QUESTION,
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "abc123456", "content": "21 degrees in Paris"},
]
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def ask(client: Any, messages: Any, *, stream: bool, **options: Any) -> Any:
    told = {"model": MODEL, "tools": [TOOL], "response_format": Report, **options}
    if stream:
        return client.events(messages, **told)[-1].completion
    return client.do("chat", messages, **told)


@STREAMED
def test_tool_is_called_before_the_schema_is_enforced(api: Any, stream: bool) -> None:
    with constraining_engine() as engine:
        got = ask(api(api_key="sk-test", base_url=engine.base_url), QUESTION, stream=stream)
    assert [call.name for call in got.tool_calls] == ["weather"]
    assert got.adjustments == ()
    (body,) = engine.bodies
    assert "response_format" not in body
    assert '"celsius"' in body["messages"][0]["content"]


@STREAMED
def test_answer_that_matches_needs_no_second_request(api: Any, stream: bool) -> None:
    with constraining_engine() as engine:
        got = ask(api(api_key="sk-test", base_url=engine.base_url), AFTER_CALL, stream=stream)
    assert got.parsed == Report(city="Paris", celsius=21)
    assert len(engine.bodies) == 1


@STREAMED
def test_schema_is_enforced_once_the_model_calls_no_tool(api: Any, stream: bool) -> None:
    with constraining_engine(draft="It is 21 degrees.") as engine:
        got = ask(api(api_key="sk-test", base_url=engine.base_url), AFTER_CALL, stream=stream)
    assert got.parsed == Report(city="Paris", celsius=21)
    assert got.text == '{"city": "Paris", "celsius": 21}'
    assert [note.kind for note in got.adjustments] == ["schema_after_tools"]
    assert got.usage.total_tokens == 2 * 15
    first, second = engine.bodies
    assert (first.get("tool_choice"), second["tool_choice"]) == (None, "none")
    assert "response_format" not in first
    assert second["response_format"]["type"] == "json_schema"
    assert second["tools"] == first["tools"]
    assert second["messages"][:-2] == AFTER_CALL
    assert second["messages"][-2] == {"role": "assistant", "content": "It is 21 degrees."}


def test_stream_hands_out_no_text_that_is_not_the_answer(api: Any) -> None:
    with constraining_engine(draft="It is 21 degrees.", reasoning="I think.") as engine:
        events = api(api_key="sk-test", base_url=engine.base_url).events(
            AFTER_CALL, model=MODEL, tools=[TOOL], response_format=Report
        )
    text = "".join(event.text for event in events if event.type == "text")
    assert json.loads(text) == {"city": "Paris", "celsius": 21}
    thought = "".join(event.text for event in events if event.type == "reasoning")
    assert thought == events[-1].completion.reasoning
    assert [event.type for event in events].count("done") == 1


def test_stream_hands_out_text_beside_a_call(api: Any) -> None:
    with constraining_engine(beside="Let me see.") as engine:
        events = api(api_key="sk-test", base_url=engine.base_url).events(
            QUESTION, model=MODEL, tools=[TOOL], response_format=Report
        )
    kinds = [event.type for event in events]
    assert kinds.index("text") < kinds.index("tool_call")
    assert events[-1].completion.text == "Let me see."


@STREAMED
@pytest.mark.parametrize("options", [{"tool_choice": "none"}, {"tools": []}], ids=str)
def test_schema_is_sent_at_once_when_no_tool_may_be_called(
    api: Any, stream: bool, options: Any
) -> None:
    with constraining_engine() as engine:
        got = ask(
            api(api_key="sk-test", base_url=engine.base_url), AFTER_CALL, stream=stream, **options
        )
    assert got.parsed.celsius == 21
    assert "response_format" in engine.bodies[0]


@STREAMED
def test_draft_is_counted_when_the_second_request_fails(api: Any, stream: bool) -> None:
    budget = Budget(1)
    with (
        constraining_engine(draft="It is 21 degrees.", fails=True) as engine,
        pytest.raises(llmaas.APIError) as caught,
    ):
        ask(
            api(api_key="sk-test", base_url=engine.base_url, hooks=[budget]),
            AFTER_CALL,
            stream=stream,
        )
    assert caught.value.completion.text == "It is 21 degrees."
    assert budget.spent > 0


@STREAMED
def test_cut_draft_is_not_followed_by_another_request(api: Any, stream: bool) -> None:
    with constraining_engine(draft='{"city": "Pa', finish="length") as engine:
        client = api(api_key="sk-test", base_url=engine.base_url)
        if stream:
            assert ask(client, AFTER_CALL, stream=True, max_tokens=9).parsed is None
        else:
            with pytest.raises(llmaas.StructuredOutputError, match="truncated"):
                ask(client, AFTER_CALL, stream=False, max_tokens=9)
    assert len(engine.bodies) == 1


def test_cut_answer_is_asked_for_with_more_room_when_the_budget_is_ours(
    sandbox: Any, api: Any
) -> None:
    sandbox.script(
        [
            {"content": '{"city": "Pa', "finish_reason": "length"},
            {"content": '{"city": "Paris", "celsius": 21}'},
        ]
    )
    got = api().do("chat", "?", model=MODEL, response_format=Report)
    assert got.parsed.celsius == 21
    first, second = (request.json for request in sandbox.requests)
    assert second["max_tokens"] == 2 * first["max_tokens"]
    assert second["messages"] == first["messages"]
    assert [note.kind for note in got.adjustments] == ["max_tokens"]


def test_answer_that_ends_in_white_space_is_not_asked_for_again(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": '{"city": "Pa"' + "\n" * 500, "finish_reason": "length"}])
    with pytest.raises(llmaas.StructuredOutputError, match="truncated"):
        api().do("chat", "?", model=MODEL, response_format=Report)

"""Structured answers as engines really send them: whole and streamed, from threads and asyncio."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

import pytest
from pydantic import BaseModel

import llmaas

MODEL = "gpt-oss:120b"
T = TypeVar("T")


class City(BaseModel):
    """A city."""

    name: str


class Node(BaseModel):
    """A tree."""

    name: str
    children: list[Node] = []


class Page(BaseModel, Generic[T]):
    """A page."""

    item: T


@dataclass
class Country:
    """A country."""

    name: str


class Place(TypedDict):
    """A place."""

    name: str


class River:
    """A river."""

    name: str


STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def ask(client: Any, *, stream: bool = False, **options: Any) -> Any:
    options = {"model": MODEL, "response_format": City, **options}
    if stream:
        return client.events("?", **options)[-1].completion
    return client.do("chat", "?", **options)


def sent_format(sandbox: Any) -> Any:
    return sandbox.requests[-1].json["response_format"]["json_schema"]


@pytest.mark.parametrize("kind", [City, Country, Place, River])
@STREAMED
def test_every_kind_of_class_is_sent_and_parsed_alike(
    sandbox: Any, api: Any, kind: Any, stream: bool
) -> None:
    sandbox.script([{"content": '{"name": "Lyon"}'}])
    parsed = ask(api(), stream=stream, response_format=kind).parsed
    assert (parsed["name"] if kind is Place else parsed.name) == "Lyon"
    assert isinstance(parsed, dict if kind is Place else kind)
    sent = sent_format(sandbox)
    assert (sent["name"], sent["strict"]) == (kind.__name__, True)
    assert sent["schema"]["properties"] == {"name": {"title": "Name", "type": "string"}}
    assert (sent["schema"]["required"], sent["schema"]["additionalProperties"]) == (["name"], False)


def test_name_of_a_generic_class_is_sent_in_a_valid_form(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": '{"item": 3}'}])
    assert ask(api(), response_format=Page[int]).parsed == Page[int](item=3)
    assert sent_format(sandbox)["name"] == "Page_int"


def test_name_of_a_schema_is_sent_in_a_valid_form(sandbox: Any, api: Any) -> None:
    schema = {"title": "Fiche d'identité", "type": "object", "properties": {"a": {"type": "null"}}}
    for given in (
        schema,
        {"type": "json_schema", "json_schema": {"schema": schema}},
        {"type": "json_schema", "json_schema": {"name": "Fiche d'identité", "schema": schema}},
    ):
        sandbox.script([{"content": '{"a": null}'}])
        assert ask(api(), response_format=given).parsed == {"a": None}
        assert sent_format(sandbox)["name"] == "Fiche_d_identite"


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        ({"type": "array", "items": {"type": "string"}}, ["a"]),
        ({"type": "object"}, {"a": 1}),
        ({"type": ["string", "null"]}, "a"),
        ({"title": "My answer", "type": "integer"}, 3),
    ],
)
@STREAMED
def test_any_json_schema_is_sent_as_one(
    sandbox: Any, api: Any, schema: Any, answer: Any, stream: bool
) -> None:
    sandbox.script([{"content": json.dumps(answer)}])
    found = ask(api(), stream=stream, response_format=schema)
    assert found.parsed == answer
    assert sent_format(sandbox)["schema"]["type"] == schema["type"]


def test_recursive_class_keeps_what_its_children_are(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": '{"name": "a", "children": [{"name": "b", "children": []}]}'}])
    assert ask(api(), response_format=Node).parsed.children[0].name == "b"
    schema = sent_format(sandbox)["schema"]
    assert schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert schema["$defs"]["Node"]["properties"].keys() == {"name", "children"}


def test_map_stays_open_and_is_not_strict(sandbox: Any, api: Any) -> None:
    class Tags(BaseModel):
        tags: dict[str, str]

    sandbox.script([{"content": '{"tags": {"a": "b"}}'}])
    assert ask(api(), response_format=Tags).parsed.tags == {"a": "b"}
    sent = sent_format(sandbox)
    assert "strict" not in sent
    assert sent["schema"]["properties"]["tags"]["additionalProperties"] == {"type": "string"}


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize(
    "thought", ['{"name": "Lyon"}', 'They ask [1].\n\n```json\n{"name": "Lyon"}\n```']
)
@STREAMED
def test_json_in_the_reasoning_is_the_answer_when_the_text_is_empty(
    sandbox: Any, api: Any, field: str, thought: str, stream: bool
) -> None:
    sandbox.script([{"content": "", "reasoning": thought, "fault": field}])
    got = ask(api(), stream=stream)
    assert got.parsed == City(name="Lyon")
    assert got.text == '{"name": "Lyon"}'
    assert len(sandbox.requests) == 1


def test_streamed_json_from_the_reasoning_has_a_text_event(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": "", "reasoning": '{"name": "Lyon"}'}])
    events = api().events("?", model=MODEL, response_format=City)
    assert [event.text for event in events if event.type == "text"] == ['{"name": "Lyon"}']


def test_reasoning_stays_reasoning_when_it_does_not_match(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": "", "reasoning": 'Perhaps {"city": "Lyon"}'}])
    with pytest.warns(llmaas.warnings.EmptyAnswerWarning):
        got = ask(api(), repair=False)
    assert (got.text, got.parsed) == ("", None)
    assert got.reasoning == 'Perhaps {"city": "Lyon"}'


@pytest.mark.parametrize(
    "text",
    [
        'As [1] says: {"name": "Lyon"}',
        '\ufeff{"name": "Lyon"}',
        '{\u200b"name": "Lyon"}\x00',
        'Not {"city": "x"} but {"name": "Lyon"}, see {"page": 3}.',
        '```json\n{"name": "Lyon"}\n```\nVoilà.',
    ],
)
@STREAMED
def test_json_is_found_in_the_text(sandbox: Any, api: Any, text: str, stream: bool) -> None:
    sandbox.script([{"content": text}])
    got = ask(api(), stream=stream)
    assert got.parsed == City(name="Lyon")
    if not stream:  # what was handed out stays
        assert got.text == '{"name": "Lyon"}' or "\u200b" in text
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("text", ['{"name": "Ly', 'First {"name": "x"}, then {"name": "Ly'])
@STREAMED
def test_cut_json_is_never_a_value(sandbox: Any, api: Any, text: str, stream: bool) -> None:
    sandbox.script([{"content": text, "finish_reason": "length"}])
    if stream:
        assert ask(api(), stream=True, max_tokens=9).parsed is None
    else:
        with pytest.raises(llmaas.StructuredOutputError, match="max_tokens") as caught:
            ask(api(), max_tokens=9)
        assert caught.value.completion.text == text
    assert len(sandbox.requests) == 1


@STREAMED
def test_number_that_was_cut_is_never_a_value(sandbox: Any, api: Any, stream: bool) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "integer"}}}
    sandbox.script([{"content": "12", "finish_reason": "length"}])
    options = {"response_format": schema, "repair": False, "max_tokens": 9}
    assert ask(api(), stream=stream, **options).parsed is None


@pytest.mark.parametrize(
    "refusal",
    [
        (400, "response_format is not supported"),
        (422, "Input should be a valid grammar"),
        (500, "Failed to convert the JSON schema to a grammar"),
        (500, "structured output is not available for this model"),
    ],
    ids=str,
)
@STREAMED
def test_refused_response_format_is_replaced_by_an_instruction(
    sandbox: Any, api: Any, refusal: Any, stream: bool
) -> None:
    status, message = refusal
    sandbox.script(
        [
            {"status": status, "json": {"error": {"message": message, "type": "x"}}},
            {"content": '{"name": "Lyon"}'},
        ]
    )
    assert ask(api(), stream=stream).parsed == City(name="Lyon")
    body = sandbox.requests[-1].json
    assert "response_format" not in body
    assert '"name"' in body["messages"][0]["content"]


@STREAMED
def test_other_failure_is_raised_as_it_is(sandbox: Any, api: Any, stream: bool) -> None:
    sandbox.script([{"status": 500, "json": {"error": {"message": "out of memory"}}}])
    with pytest.raises(llmaas.InternalServerError):
        ask(api(), stream=stream)
    assert len(sandbox.requests) == 1


@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
@pytest.mark.parametrize("first", ["non", ""])
def test_correction_differs_from_the_first_request(sandbox: Any, api: Any, first: str) -> None:
    sandbox.script([{"content": first}, {"content": '{"name": "Lyon"}'}])
    assert ask(api()).parsed == City(name="Lyon")
    one, two = (request.json["messages"] for request in sandbox.requests)
    assert two != one
    assert all(str(message["content"]).strip() for message in two)


def test_pattern_of_a_schema_takes_bounded_time(sandbox: Any, api: Any) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(b+)+$"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "b", "schema": schema}}
    sandbox.script([{"content": '{"a": "' + "b" * 5_000 + '!"}'}])
    assert ask(api(), response_format=wanted, repair=False).parsed is None


def test_refusal_is_raised_when_the_model_refuses_and_is_not_paid_twice(
    sandbox: Any, api: Any
) -> None:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": None, "refusal": "I cannot do that."},
        "finish_reason": "stop",
    }
    sandbox.script([{"json": {"id": "x", "choices": [choice]}}])
    with pytest.raises(llmaas.StructuredOutputError, match="refused to answer: I cannot do that"):
        ask(api())
    assert len(list(sandbox.requests)) == 1

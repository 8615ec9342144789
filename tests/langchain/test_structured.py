"""Answers as values, by all three methods, of all kinds of schema."""

import asyncio
from typing import TypedDict

import pytest
from langchain_core.exceptions import OutputParserException
from pydantic import BaseModel, Field


class City(BaseModel):
    """A city."""

    name: str = Field(description="The city's name")
    country: str


class CityDict(TypedDict):
    """A city."""

    name: str
    country: str


SCHEMA = {
    "title": "city",
    "description": "A city.",
    "type": "object",
    "properties": {"name": {"type": "string"}, "country": {"type": "string"}},
    "required": ["name", "country"],
}
VALUE = {"name": "Paris", "country": "France"}
TEXT = '{"name": "Paris", "country": "France"}'


def step(method, name, text=TEXT):
    if method == "function_calling":
        return {"tool_calls": [{"name": name, "arguments": text}]}
    return {"content": text}


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
@pytest.mark.parametrize("schema", [City, CityDict, SCHEMA])
def test_every_method_and_kind_of_schema(chat, ask, sandbox, method, schema):
    name = schema["title"] if isinstance(schema, dict) else schema.__name__
    sandbox.script([step(method, name)])
    chain = chat().with_structured_output(schema, method=method)
    if "stream" in ask.__name__:
        *_, value = chain.stream("Where?")
    else:
        value = ask(chain, "Where?")
    assert value == (City(**VALUE) if schema is City else VALUE)


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "Here it is:\n```\n{}\n```"])
def test_fences_are_taken_off(chat, sandbox, fence):
    sandbox.script([{"content": fence.format(TEXT)}])
    assert chat().with_structured_output(City, method="json_schema").invoke("?") == City(**VALUE)


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
def test_raw_parsed_and_error_side_by_side(chat, ask, sandbox, method):
    chain = chat().with_structured_output(City, method=method, include_raw=True)
    sandbox.script([step(method, "City"), step(method, "City", '{"name": 1}')])
    good, bad = chain.invoke("?"), chain.invoke("?")
    assert good["parsed"] == City(**VALUE)
    assert good["parsing_error"] is None
    assert good["raw"].usage_metadata
    assert bad["parsed"] is None
    assert bad["parsing_error"] is not None


def test_what_does_not_fit_raises(chat, sandbox):
    sandbox.script([{"content": "no json at all"}])
    with pytest.raises(OutputParserException):
        chat().with_structured_output(City, method="json_mode").invoke("?")


def test_a_response_that_does_not_fit_may_be_repaired_by_the_core(chat, sandbox):
    sandbox.script([{"content": '{"name": 1}'}, {"content": TEXT}])
    chain = chat().with_structured_output(City, method="json_schema", repair=True)
    assert chain.invoke("?") == City(**VALUE)
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize(("strict", "wire"), [(None, True), (True, True), (False, False)])
def test_json_schema_on_the_wire(chat, sandbox, strict, wire):
    sandbox.script([{"content": TEXT}])
    chat().with_structured_output(SCHEMA, method="json_schema", strict=strict).invoke("?")
    form = sandbox.requests[-1].json["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["name"] == "city"
    assert form["json_schema"]["strict"] is wire
    assert form["json_schema"]["schema"]["required"] == ["name", "country"]


def test_the_tool_is_forced_by_its_name(chat, sandbox):
    sandbox.script([step("function_calling", "City")])
    chat().with_structured_output(City).invoke("?")
    choice = {"type": "function", "function": {"name": "City"}}
    assert sandbox.requests[-1].json["tool_choice"] == choice


def test_nonsense_is_refused(chat):
    with pytest.raises(ValueError, match="method must be"):
        chat().with_structured_output(City, method="magic")
    with pytest.raises(ValueError, match="strict means nothing"):
        chat().with_structured_output(City, method="json_mode", strict=True)


def pieces_of(chain):
    return [*chain.stream("?")]


def apieces_of(chain):
    async def read():
        return [piece async for piece in chain.astream("?")]

    return asyncio.run(read())


@pytest.fixture(params=[pieces_of, apieces_of], ids=["sync", "async"])
def pieces(request):
    return request.param


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
@pytest.mark.parametrize("schema", [CityDict, SCHEMA])
def test_a_stream_gives_what_there_is_of_a_value(chat, sandbox, pieces, method, schema):
    sandbox.script([step(method, schema["title"] if schema is SCHEMA else "CityDict")])
    values = pieces(chat().with_structured_output(schema, method=method))
    assert len(values) > 1
    assert values[-1] == VALUE


@pytest.mark.parametrize("schema", [City, SCHEMA])
def test_a_stream_that_holds_no_value_raises(chat, sandbox, pieces, schema):
    sandbox.script([{"content": "no json at all"}])
    with pytest.raises(OutputParserException):
        pieces(chat().with_structured_output(schema, method="json_mode"))


def test_a_streamed_refusal_raises(chat, sandbox, pieces):
    refused = {"choices": [{"index": 0, "delta": {"refusal": "I must not."}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    sandbox.script([{"sse": [refused, end, "[DONE]"]}])
    with pytest.raises(Exception, match="I must not"):
        pieces(chat().with_structured_output(SCHEMA))


def test_a_stream_without_a_call_gives_none(chat, sandbox, pieces):
    sandbox.script([{"content": "Paris."}])
    assert pieces(chat().with_structured_output(SCHEMA)) == [None]

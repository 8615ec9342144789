"""Answers as values, by all three methods, of all kinds of schema."""

import asyncio
from dataclasses import dataclass
from typing import Generic, TypedDict, TypeVar

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.tools import tool
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
def test_code_fences_are_removed(chat, sandbox, fence):
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


def test_invalid_output_raises(chat, sandbox):
    sandbox.script([{"content": "no json at all"}])
    with pytest.raises(OutputParserException):
        chat().with_structured_output(City, method="json_mode").invoke("?")


def test_invalid_output_may_be_repaired_by_core(chat, sandbox):
    sandbox.script([{"content": '{"name": 1}'}, {"content": TEXT}])
    chain = chat().with_structured_output(City, method="json_schema", repair=True)
    assert chain.invoke("?") == City(**VALUE)
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize(("strict", "wire"), [(None, True), (True, True), (False, False)])
def test_json_schema_is_sent(chat, sandbox, strict, wire):
    sandbox.script([{"content": TEXT}])
    chat().with_structured_output(SCHEMA, method="json_schema", strict=strict).invoke("?")
    form = sandbox.requests[-1].json["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["name"] == "city"
    assert form["json_schema"]["strict"] is wire
    assert form["json_schema"]["schema"]["required"] == ["name", "country"]


def test_tool_is_forced_by_its_name(chat, sandbox):
    sandbox.script([step("function_calling", "City")])
    chat().with_structured_output(City).invoke("?")
    choice = {"type": "function", "function": {"name": "City"}}
    assert sandbox.requests[-1].json["tool_choice"] == choice


def test_invalid_method_raises(chat):
    with pytest.raises(ValueError, match="method must be"):
        chat().with_structured_output(City, method="magic")
    with pytest.raises(ValueError, match="strict must be None"):
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
def test_structured_stream_yields_partial_values(chat, sandbox, pieces, method, schema):
    sandbox.script([step(method, schema["title"] if schema is SCHEMA else "CityDict")])
    values = pieces(chat().with_structured_output(schema, method=method))
    assert len(values) > 1
    assert values[-1] == VALUE


@pytest.mark.parametrize("schema", [City, SCHEMA])
def test_structured_stream_raises_without_value(chat, sandbox, pieces, schema):
    sandbox.script([{"content": "no json at all"}])
    with pytest.raises(OutputParserException):
        pieces(chat().with_structured_output(schema, method="json_mode"))


def test_streamed_refusal_raises(chat, sandbox, pieces):
    refused = {"choices": [{"index": 0, "delta": {"refusal": "I must not."}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    sandbox.script([{"sse": [refused, end, "[DONE]"]}])
    with pytest.raises(Exception, match="I must not"):
        pieces(chat().with_structured_output(SCHEMA))


def test_answer_without_the_forced_call_is_an_error_with_the_text(chat, sandbox, pieces):
    sandbox.script([{"content": "Paris."}])
    with pytest.raises(OutputParserException, match="did not call 'city'") as caught:
        pieces(chat().with_structured_output(SCHEMA))
    assert caught.value.llm_output == "Paris."


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
def test_unknown_tool_call_is_an_error_when_no_tools_are_offered(chat, sandbox, pieces, method):
    sandbox.script([{"tool_calls": [{"name": "guess", "arguments": {"a": 1}}]}])
    with pytest.raises(OutputParserException):
        pieces(chat().with_structured_output(City, method=method))


def test_streamed_raw_answer_has_its_error_beside_it(chat, sandbox, pieces):
    sandbox.script([{"content": "Paris and Lyon.", "reasoning": ""}])
    items = pieces(chat().with_structured_output(City, include_raw=True))
    *chunks, parsed, failed = items
    assert "".join(chunk["raw"].text for chunk in chunks) == "Paris and Lyon."
    assert len(chunks) > 2  # as they arrive
    assert parsed == {"parsed": None}
    assert isinstance(failed["parsing_error"], OutputParserException)


UNTITLED = {key: value for key, value in SCHEMA.items() if key != "title"}
WRAPPED = {"type": "json_schema", "json_schema": {"name": "city", "schema": UNTITLED}}


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
@pytest.mark.parametrize("schema", [UNTITLED, WRAPPED], ids=["untitled", "response_format"])
def test_json_schema_needs_no_title(chat, ask, sandbox, method, schema):
    sandbox.script([step(method, "city" if schema is WRAPPED else "answer")])
    assert ask_value(ask, chat().with_structured_output(schema, method=method)) == VALUE


class Tree(BaseModel):
    """A tree."""

    name: str
    children: list["Tree"] = []


@dataclass
class Town:
    """A town."""

    name: str
    country: str


class Village:
    """A village."""

    name: str
    country: str


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A page."""

    item: T


METHODS = pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])


@METHODS
@pytest.mark.parametrize("schema", [Town, Village])
def test_every_kind_of_class_is_parsed(chat, ask, sandbox, method, schema):
    sandbox.script([step(method, schema.__name__)])
    value = ask_value(ask, chat().with_structured_output(schema, method=method))
    assert isinstance(value, schema)
    assert vars(value) == VALUE


@METHODS
def test_recursive_schema_keeps_what_its_children_are(chat, sandbox, method):
    text = '{"name": "a", "children": [{"name": "b", "children": []}]}'
    sandbox.script([step(method, "Tree", text)])
    chain = chat().with_structured_output(Tree, method=method)
    assert chain.invoke("?").children[0].name == "b"
    if method == "json_mode":
        return
    body = sandbox.requests[-1].json
    schema = (
        body["tools"][0]["function"]["parameters"]
        if method == "function_calling"
        else body["response_format"]["json_schema"]["schema"]
    )
    assert schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}
    assert schema["$defs"]["Tree"]["properties"].keys() == {"name", "children"}


def plant(tree: Tree) -> str:
    """Plant a tree."""
    return tree.name


@pytest.mark.parametrize("kind", [plant, tool(plant)], ids=["function", "tool"])
def test_tool_with_a_recursive_parameter_keeps_it(chat, sandbox, kind):
    sandbox.script([{"content": "Done."}])
    chat().bind_tools([kind]).invoke("?")
    function = sandbox.requests[-1].json["tools"][0]["function"]
    assert function["name"] == "plant"
    assert function["description"] == "Plant a tree."
    tree = function["parameters"]["properties"]["tree"]
    assert tree["$ref"] in {f"#/$defs/{name}" for name in function["parameters"]["$defs"]}


@METHODS
def test_invalid_function_name_is_replaced(chat, ask, sandbox, method):
    sandbox.script([step(method, "Page_int", '{"item": 1}')])
    value = ask_value(ask, chat().with_structured_output(Page[int], method=method))
    assert value == Page[int](item=1)


def test_strict_is_left_out_where_a_map_would_have_to_stay_empty(chat, sandbox):
    class Tags(BaseModel):
        """Tags."""

        tags: dict[str, str]

    sandbox.script([step("function_calling", "Tags", '{"tags": {"a": "b"}}')])
    assert chat().with_structured_output(Tags, strict=True).invoke("?").tags == {"a": "b"}
    function = sandbox.requests[-1].json["tools"][0]["function"]
    assert "strict" not in function
    tags = function["parameters"]["properties"]["tags"]
    assert tags["additionalProperties"] == {"type": "string"}


@METHODS
@pytest.mark.parametrize("schema", [City, SCHEMA], ids=["class", "dict"])
def test_cut_answer_is_never_a_value(chat, ask, sandbox, method, schema):
    name = "City" if schema is City else "city"
    cut = '{"name": "Pa", "country": "Fra'
    sandbox.script([{**step(method, name, cut), "finish_reason": "length"}])
    chain = chat(max_tokens=9).with_structured_output(schema, method=method)
    with pytest.raises(OutputParserException, match=r"cut off|truncated"):
        ask_value(ask, chain)
    assert len(sandbox.requests) == 1


def test_tool_call_in_text_is_parsed(chat, ask, sandbox):
    sandbox.script([{"content": f"Sure: {TEXT}"}])
    assert ask_value(ask, chat().with_structured_output(City)) == City(**VALUE)


def test_json_mode_describes_the_schema_when_nothing_mentions_json(chat, sandbox):
    sandbox.script([{"content": TEXT}, {"content": TEXT}])
    chain = chat().with_structured_output(City, method="json_mode")
    chain.invoke("Where?")
    first = sandbox.requests[-1].json
    assert first["response_format"] == {"type": "json_object"}
    assert "JSON" in first["messages"][0]["content"]
    assert '"country"' in first["messages"][0]["content"]
    chain.invoke("Where? Answer as json: name and country.")
    assert len(sandbox.requests[-1].json["messages"]) == 1


@METHODS
def test_tools_may_be_called_before_the_answer(chat, sandbox, method):
    call = {"tool_calls": [{"name": "plant", "arguments": '{"tree": {"name": "a"}}'}]}
    sandbox.script([call, step(method, "City")])
    chain = chat().with_structured_output(
        City, method=method, tools=[tool(plant)], include_raw=True
    )
    first, second = chain.invoke("?"), chain.invoke("?")
    assert first["parsing_error"] is None
    assert first["parsed"] is None
    assert first["raw"].tool_calls[0]["name"] == "plant"
    assert second["parsed"] == City(**VALUE)
    assert "plant" in {tool["function"]["name"] for tool in sandbox.requests[0].json["tools"]}


def ask_value(ask, chain):
    """Return a value, of a stream the last one."""
    if "stream" not in ask.__name__:
        return ask(chain, "?")
    return (apieces_of if "astream" in ask.__name__ else pieces_of)(chain)[-1]

import json
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from llmaas_sandbox.responder.schema import fill


def function(name: str, description: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema},
    }


NUMBER = {"type": "number"}
TEXT = {"type": "string"}
ADD = function("add", "Add two numbers", a=NUMBER, b=NUMBER)
SEARCH = function("search_documents", "Search the documents for a query", query=TEXT)
MAIL = function(
    "send_email", "Send an e-mail", to={"type": "string", "format": "email"}, subject=TEXT
)


def called(heard: Any) -> list[tuple[str, dict[str, Any]]]:
    found = heard.json["choices"][0]["message"].get("tool_calls") or ()
    return [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in found]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Quel temps fait-il à Paris ?", [("get_weather", {"city": "Paris"})]),
        (
            "What is the weather in New York in celsius?",
            [("get_weather", {"city": "New York", "unit": "celsius"})],
        ),
        ("Add 2 and 40", [("add", {"a": 2, "b": 40})]),
        ("What is 3 plus 4.5?", [("add", {"a": 3, "b": 4.5})]),
        (
            "Add 1 and 2 and tell me the weather in Nice",
            [("add", {"a": 1, "b": 2}), ("get_weather", {"city": "Nice"})],
        ),
        (
            'Search the documents for "durée de conservation"',
            [("search_documents", {"query": "durée de conservation"})],
        ),
        (
            'Send an email to ada@example.org with subject "Facture"',
            [("send_email", {"to": "ada@example.org", "subject": "Facture"})],
        ),
        ("Hello, who are you?", []),
    ],
)
def test_the_question_calls_the_tools_it_needs(
    chat: Any, weather: Any, question: str, expected: list[Any]
) -> None:
    heard = chat(question, tools=[weather, ADD, SEARCH, MAIL])
    assert called(heard) == expected
    assert heard.json["choices"][0]["finish_reason"] == ("tool_calls" if expected else "stop")


def test_tool_choice_is_honoured(chat: Any, weather: Any) -> None:
    tools, question = [weather, ADD], "What is the weather in Paris?"
    assert called(chat(question, tools=tools, tool_choice="none")) == []
    assert len(called(chat("Bonjour", tools=tools, tool_choice="required"))) == 1
    named = {"type": "function", "function": {"name": "add"}}
    assert [name for name, _ in called(chat(question, tools=tools, tool_choice=named))] == ["add"]


def test_one_call_at_a_time_on_demand(chat: Any, weather: Any) -> None:
    question = "What is the weather in Paris and Lyon?"
    assert len(called(chat(question, tools=[weather], parallel_tool_calls=False))) == 1


def test_a_result_is_answered_with(chat: Any, weather: Any) -> None:
    asked = chat("What is the weather in Paris?", tools=[weather]).json["choices"][0]["message"]
    result = {
        "role": "tool",
        "tool_call_id": asked["tool_calls"][0]["id"],
        "content": "Sunny, 21 °C",
    }
    turns = [{"role": "user", "content": "What is the weather in Paris?"}, asked, result]
    heard = chat(turns, tools=[weather])
    assert heard.json["choices"][0]["message"]["content"] == "Sunny, 21 °C"


def test_what_a_search_found_is_read_like_a_context(chat: Any) -> None:
    call = {
        "id": "abc123456",
        "type": "function",
        "function": {"name": "search", "arguments": "{}"},
    }
    passages = "[1] The heron eats fish.\n\n[2] The ranking costs four euros."
    turns = [
        {"role": "user", "content": "What does the ranking cost?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "abc123456", "content": passages},
    ]
    heard = chat(turns, tools=[SEARCH])
    answer = heard.json["choices"][0]["message"]["content"]
    assert answer == "The ranking costs four euros. [2]"


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    city: str
    postcode: Annotated[str, Field(pattern=r"^\d{5}$")]


class Person(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    age: Annotated[int, Field(ge=0, le=150)]
    score: Annotated[float, Field(gt=0, lt=1)]
    colour: Colour
    kind: Literal["human", "robot"]
    born: date
    address: Address
    tags: Annotated[list[str], Field(min_length=2, max_length=4)]
    friends: list["Person"]
    nickname: str | None = None
    extra: dict[str, int] = {}
    pair: tuple[int, str] = (1, "a")
    active: bool = True
    step: Annotated[int, Field(multiple_of=5)] = 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Marie is 30 years old and lives in Lyon, 69001; her favourite colour is blue.",
        'Les nombres 12, 700 et -3 ; « cité » et "citée" ; le 2024-02-29 à Paris',
        "x" * 500,
    ],
)
def test_a_filled_schema_is_always_valid(text: str) -> None:
    Person.model_validate_json(json.dumps(fill(Person.model_json_schema(), text)))


def test_a_filled_schema_says_what_the_text_says() -> None:
    text = "Marie is 30 years old and lives in Lyon, 69001; her favourite colour is blue."
    filled = Person.model_validate_json(json.dumps(fill(Person.model_json_schema(), text)))
    assert (filled.name, filled.age, filled.colour) == ("Marie", 30, Colour.BLUE)
    assert (filled.address.city, filled.address.postcode) == ("Lyon", "69001")


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"type": "array", "items": NUMBER}, "1, 2 et 3", [1, 2, 3]),
        ({"enum": ["low", "high"]}, "a HIGH priority", "high"),
        ({"const": 7}, "x", 7),
        ({"type": ["null", "integer"]}, "12 apples", 12),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, '"oui"', "oui"),
        ({"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"}, "order AB-123 please", "AB-123"),
        ({"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"}, "nothing", "AA-000"),
        ({"type": "integer", "minimum": 10, "maximum": 20}, "99", 20),
        ({"type": "boolean"}, "", False),
        ({}, "hello", "hello"),
    ],
)
def test_single_schemas(schema: dict[str, Any], text: str, expected: Any) -> None:
    assert fill(schema, text) == expected

"""Agents come to an end, and the prompt formats of frameworks are answered usefully."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

MODEL = "gemma4:31b"
FINAL = {
    "type": "function",
    "function": {
        "name": "final_result",
        "description": "The final response which ends this conversation",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "celsius": {"type": "integer"}},
            "required": ["city", "celsius"],
        },
    },
}


def message(heard: Any) -> dict[str, Any]:
    found: dict[str, Any] = heard.json["choices"][0]["message"]
    return found


def run(chat: Any, question: str, tools: list[Any], results: dict[str, str], **options: Any) -> Any:
    """Play an agent's loop; return the names of the calls and the last message."""
    turns: list[dict[str, Any]] = [{"role": "user", "content": question}]
    names: list[str] = []
    for _ in range(6):
        said = message(chat(turns, model=MODEL, tools=tools, **options))
        turns.append(said)
        calls = said.get("tool_calls") or []
        names += [call["function"]["name"] for call in calls]
        if not calls or calls[0]["function"]["name"] not in results:
            return names, said
        for call in calls:
            text = results[call["function"]["name"]]
            turns.append({"role": "tool", "tool_call_id": call["id"], "content": text})
    return names, None


@pytest.mark.parametrize("order", [1, -1])
def test_required_tool_ends_with_the_answer_tool(chat: Any, weather: Any, order: int) -> None:
    """pydantic-ai and LangChain's ToolStrategy require a call in every turn."""
    tools = [weather, FINAL][::order]
    names, last = run(
        chat,
        "What is the weather in Paris?",
        tools,
        {"get_weather": "21 degrees in Paris"},
        tool_choice="required",
    )
    assert names == ["get_weather", "final_result"]
    arguments = json.loads(last["tool_calls"][0]["function"]["arguments"])
    assert arguments == {"city": "Paris", "celsius": 21}


def test_tool_is_not_called_again_with_the_same_arguments(chat: Any, weather: Any) -> None:
    names, _ = run(chat, "Weather in Paris?", [weather], {"get_weather": "21 degrees"})
    assert names == ["get_weather"]


def test_tool_is_not_called_again_when_a_client_rewrites_its_arguments(
    chat: Any, weather: Any
) -> None:
    """pydantic-ai 2 sends arguments back without spaces."""
    turns: list[dict[str, Any]] = [{"role": "user", "content": "What is the weather in Paris?"}]
    said = message(chat(turns, model=MODEL, tools=[weather, FINAL], tool_choice="required"))
    call = said["tool_calls"][0]
    values = json.loads(call["function"]["arguments"])
    call["function"]["arguments"] = json.dumps(values, separators=(",", ":"), indent=1)
    turns += [said, {"role": "tool", "tool_call_id": call["id"], "content": "Sunny"}]
    again = message(chat(turns, model=MODEL, tools=[weather, FINAL], tool_choice="required"))
    assert [c["function"]["name"] for c in again["tool_calls"]] == ["final_result"]


def test_only_tool_that_is_required_does_not_repeat_itself_for_ever(
    chat: Any, weather: Any
) -> None:
    names, last = run(
        chat, "Weather in Paris?", [weather], {"get_weather": "21"}, tool_choice="required"
    )
    assert last is None
    assert len(names) == 6  # nothing else may be called; that is the agent's limit to end


def test_next_question_calls_the_tool_again(chat: Any, weather: Any) -> None:
    first = message(chat("Weather in Paris?", model=MODEL, tools=[weather]))
    call = first["tool_calls"][0]
    turns = [
        {"role": "user", "content": "Weather in Paris?"},
        first,
        {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"},
        {"role": "assistant", "content": "21 degrees."},
        {"role": "user", "content": "Weather in Paris?"},
    ]
    assert message(chat(turns, model=MODEL, tools=[weather]))["tool_calls"]


DSPY = """Your input fields are:
1. `question` (str):
Your output fields are:
1. `reasoning` (str):
2. `answer` (str):
All interactions will be structured in the following way, with the appropriate values filled in.

[[ ## question ## ]]
{question}

[[ ## reasoning ## ]]
{reasoning}

[[ ## answer ## ]]
{answer}

[[ ## completed ## ]]"""
DSPY_TURN = """[[ ## question ## ]]
What does the heron eat? The heron eats fish.

Respond with the corresponding output fields, starting with the field `[[ ## reasoning ## ]]`, \
then `[[ ## answer ## ]]`, and then ending with the marker for `[[ ## completed ## ]]`."""


def test_dspy_prompt_is_answered_in_its_fields(chat: Any) -> None:
    turns = [{"role": "system", "content": DSPY}, {"role": "user", "content": DSPY_TURN}]
    said = message(chat(turns, model=MODEL))["content"]
    fields = re.findall(r"\[\[ ## (\w+) ## \]\]\n?([^\[]*)", said)
    assert [name for name, _ in fields] == ["reasoning", "answer", "completed"]
    assert "fish" in dict(fields)["answer"]


DSPY_JSON = """Inputs will have the following structure:

[[ ## text ## ]]
{text}

Outputs will be a JSON object with the following fields.

{
%s
}
In adhering to this structure, your objective is: produce the fields."""
PEOPLE = (
    '"people": "{people}        # note: the value you produce must adhere to the JSON schema: '
    '{\\"type\\": \\"array\\", \\"$defs\\": {\\"Person\\": {\\"type\\": \\"object\\", '
    '\\"properties\\": {\\"age\\": {\\"type\\": \\"integer\\"}, \\"name\\": {\\"type\\": '
    '\\"string\\"}}, \\"required\\": [\\"name\\", \\"age\\"]}}, '
    '\\"items\\": {\\"$ref\\": \\"#/$defs/Person\\"}}"'
)


@pytest.mark.parametrize("form", [{}, {"response_format": {"type": "json_object"}}])
@pytest.mark.parametrize(
    ("note", "names", "text", "wanted"),
    [
        (
            '"reasoning": "{reasoning}",\n"answer": "{answer}"',
            "`reasoning`, then `answer`",
            "The heron eats fish.\n\n[[ ## question ## ]]\nWhat does the heron eat?",
            {"answer": "The heron eats fish."},
        ),
        (
            '"age": "{age}        # note: the value you produce must be a single int value"',
            "`age` (must be formatted as a valid Python int)",
            "Ada is 36 years old.",
            {"age": 36},
        ),
        (
            '"mood": "{mood}        # note: the value you produce must exactly match '
            '(no extra characters) one of: happy; sad"',
            "`mood` (must be formatted as a valid Python Literal['happy', 'sad'])",
            "They are sad.",
            {"mood": "sad"},
        ),
        (
            PEOPLE,
            "`people` (must be formatted as a valid Python list[Person])",
            "Ada is 36 and Bob is 40.",
            {"people": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 40}]},
        ),
    ],
)
def test_dspy_json_prompt_is_answered_with_an_object_of_its_fields(
    chat: Any, form: dict[str, Any], note: str, names: str, text: str, wanted: dict[str, Any]
) -> None:
    asked = (
        f"[[ ## text ## ]]\n{text}\n\n"
        f"Respond with a JSON object in the following order of fields: {names}."
    )
    system = {"role": "system", "content": DSPY_JSON % note}
    heard = chat([system, {"role": "user", "content": asked}], model=MODEL, **form)
    told = json.loads(message(heard)["content"])
    assert set(told) == {"reasoning", *wanted} - (
        {"reasoning"} if "answer" not in wanted else set()
    )
    assert {name: told[name] for name in wanted} == wanted


DSPY_REACT = """You are an Agent. The tool must be one of:

(1) get_weather, whose description is <desc>Weather of a city.</desc>. \
It takes arguments {'city': {'type': 'string'}}.
(2) finish, whose description is <desc>Marks the task as complete.</desc>. It takes arguments {}.
(3) odd, whose description is <desc>Odd.</desc>. It takes arguments {'a': {'type': 5}, 'b': 7}."""
DSPY_ACT = """[[ ## question ## ]]
{question}

[[ ## trajectory ## ]]
{trajectory}

Respond with the corresponding output fields, starting with the field `[[ ## next_thought ## ]]`, \
then `[[ ## next_tool_name ## ]]` (must be formatted as a valid Python Literal['get_weather', \
'finish', 'odd']), then `[[ ## next_tool_args ## ]]` (must be formatted as a valid Python \
dict[str, Any]), and then ending with the marker for `[[ ## completed ## ]]`."""
OBSERVED = "[[ ## tool_name_0 ## ]]\nget_weather\n\n[[ ## observation_0 ## ]]\nSunny."


@pytest.mark.parametrize(
    ("question", "trajectory", "name", "arguments"),
    [
        ("What is the weather in Paris?", "", "get_weather", {"city": "Paris"}),
        ("What is the weather in Paris?", OBSERVED, "finish", {}),
        ("Call something odd.", "", "odd", {}),
    ],
)
def test_dspy_react_prompt_is_answered_with_a_tool_until_it_has_a_result(
    chat: Any, question: str, trajectory: str, name: str, arguments: dict[str, str]
) -> None:
    asked = DSPY_ACT.format(question=question, trajectory=trajectory)
    turns = [{"role": "system", "content": DSPY_REACT}, {"role": "user", "content": asked}]
    said = message(chat(turns, model=MODEL))["content"]
    told = dict(re.findall(r"\[\[ ## (\w+) ## \]\]\n([^\[]*)", said))
    assert told["next_tool_name"].strip() == name
    assert json.loads(told["next_tool_args"]) == arguments


REACT = """You are designed to help with a variety of tasks.

## Tools
You have access to the following tools:
> Tool Name: get_weather
Tool Description: get_weather(city: str) -> str
Weather of a city
Tool Args: {"properties": {"city": {"title": "City", "type": "string"}}, "required": ["city"], \
"type": "object"}

## Output Format
Please answer in the same language as the question and use the following format:

Thought: The current language of the user is: (user's language). I need to use a tool.
Action: tool name (one of get_weather) if using a tool.
Action Input: the input to the tool, in a JSON format (e.g. {"input": "hello world"})
"""


def test_react_prompt_is_answered_with_an_action_then_an_answer(chat: Any) -> None:
    turns = [
        {"role": "system", "content": REACT},
        {"role": "user", "content": "What is the weather in Paris?"},
    ]
    said = message(chat(turns, model=MODEL))["content"]
    assert "Action: get_weather" in said
    written = said.rpartition("Action Input: ")[2]
    assert json.loads(written) == {"city": "Paris"}
    turns += [
        {"role": "assistant", "content": said},
        {"role": "user", "content": "Observation: 21 degrees in Paris"},
    ]
    assert "Answer: 21 degrees in Paris" in message(chat(turns, model=MODEL))["content"]


def test_react_prompt_with_schemas_of_tools_is_not_answered_with_json(chat: Any) -> None:
    turns = [
        {"role": "system", "content": REACT},
        {"role": "user", "content": "What is the weather in Paris?"},
    ]
    assert "Action: get_weather" in message(chat(turns, model=MODEL))["content"]


@pytest.mark.parametrize(
    "prompt",
    [
        "Answer in JSON with the keys name and age. Ada is 36.",
        "Return a JSON object with keys: name, age.\n\nAda is 36.",
        'Reply in JSON like {"name": "...", "age": 0}.\n\nAda is 36.',
        "Réponds en JSON avec les clés name et age. Ada a 36 ans.",
    ],
)
def test_json_object_has_the_keys_of_the_prompt(chat: Any, prompt: str) -> None:
    heard = chat(prompt, model=MODEL, response_format={"type": "json_object"})
    told = json.loads(message(heard)["content"])
    assert set(told) == {"name", "age"}
    assert told["name"] == "Ada"
    assert str(told["age"]) == "36"


def test_list_holds_several_objects(chat: Any) -> None:
    person = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    }
    schema = {
        "type": "object",
        "properties": {"people": {"type": "array", "items": person}},
        "required": ["people"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "people", "schema": schema}}
    heard = chat("Ada is 36 and Grace is 85.", model=MODEL, response_format=form)
    people = json.loads(message(heard)["content"])["people"]
    assert people == [{"name": "Ada", "age": 36}, {"name": "Grace", "age": 85}]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Ada is 36, Grace is 85, Alan is 41.", [("Ada", 36), ("Grace", 85), ("Alan", 41)]),
        ("Ada a 36 ans et Grace a 85 ans.", [("Ada", 36), ("Grace", 85)]),
        ("Names: Ada (36), Grace (85).", [("Ada", 36), ("Grace", 85)]),
    ],
)
@pytest.mark.parametrize("as_tool", [False, True])
def test_list_holds_an_object_for_each_that_a_text_names(
    chat: Any, text: str, people: list[tuple[str, int]], as_tool: bool
) -> None:
    person = {"type": "object", "properties": {"name": {"type": "string"}}}
    person["properties"]["age"] = {"type": "integer"}  # type: ignore[index]
    person["required"] = ["name", "age"]
    schema = {"type": "object", "properties": {"people": {"type": "array", "items": person}}}
    schema["required"] = ["people"]
    if as_tool:
        tool = {"type": "function", "function": {"name": "keep_people", "parameters": schema}}
        said = message(chat(text, model=MODEL, tools=[tool], tool_choice="required"))
        written = said["tool_calls"][0]["function"]["arguments"]
    else:
        form = {"type": "json_schema", "json_schema": {"name": "people", "schema": schema}}
        written = message(chat(text, model=MODEL, response_format=form))["content"]
    told = [(p["name"], p["age"]) for p in json.loads(written)["people"]]
    assert told == people

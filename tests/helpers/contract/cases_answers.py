"""Contract cases about answers in all response variants."""

from __future__ import annotations

from tests.helpers.contract.driver import WEATHER, Harness
from tests.helpers.contract.registry import (
    CALLS,
    THOUGHT,
    City,
    Contract,
    ModeFilter,
    any_mode,
    streamed,
)

contract = Contract()
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


@contract.case("text")
async def text(harness: Harness) -> None:
    harness.box.script([{"content": "Été à Orléans."}])
    assert (await harness.ask()).text == "Été à Orléans."


def reasoning(shape: str) -> None:
    @contract.case(f"reasoning kept apart from the text: `{shape}`")
    async def check(harness: Harness) -> None:
        harness.box.script([{"content": "Oui.", "reasoning": THOUGHT, "fault": shape}])
        answer = await harness.ask()
        assert answer.text.strip() == "Oui."
        assert (answer.reasoning or "").strip() == THOUGHT


for _shape in ("reasoning_content", "reasoning", "think"):
    reasoning(_shape)


@contract.case("a tool call")
async def tool_call(harness: Harness) -> None:
    harness.box.script([{"tool_calls": CALLS[:1]}])
    assert list((await harness.ask(tools=[WEATHER])).calls) == [("get_weather", {"city": "Paris"})]


def two_calls(dialect: str, title: str, applies: ModeFilter = any_mode) -> None:
    @contract.case(title, applies)
    async def check(harness: Harness) -> None:
        harness.box.script([{"tool_calls": CALLS, "fault": dialect}])
        answer = await harness.ask(tools=[WEATHER])
        assert [arguments["city"] for _, arguments in answer.calls] == ["Paris", "Lyon"]


two_calls("", "several tool calls at once")
two_calls("tool-object-args", "tool calls whose arguments are an object")
two_calls("tool-same-index", "several tool calls on one delta index", streamed)
two_calls("tool-no-index", "tool calls without index and id", streamed)


@contract.case("text beside a tool call")
async def text_and_call(harness: Harness) -> None:
    step = {"content": "Je regarde.", "tool_calls": CALLS[:1], "fault": "text-and-tool"}
    harness.box.script([step])
    answer = await harness.ask(tools=[WEATHER])
    assert answer.text == "Je regarde."
    assert len(answer.calls) == 1


@contract.case("a structured answer as an object")
async def structured(harness: Harness) -> None:
    harness.box.script([{"content": '{"name": "Paris"}'}])
    assert (await harness.ask(schema=City)).value == City(name="Paris")


@contract.case("a structured answer inside a Markdown fence")
async def fenced(harness: Harness) -> None:
    harness.box.script([{"content": '```json\n{"name": "Paris"}\n```'}])
    assert (await harness.ask(schema=City)).value == City(name="Paris")


@contract.case("a structured answer among text, brackets and invisible characters")
async def among_words(harness: Harness) -> None:
    harness.box.script([{"content": 'As [1] says:\ufeff {"name": "Paris"}\nVoilà [2].'}])
    assert (await harness.ask(schema=City)).value == City(name="Paris")


@contract.case("a structured answer sent as reasoning")
async def in_reasoning(harness: Harness) -> None:
    harness.box.script([{"content": "", "reasoning": '{"name": "Paris"}'}])
    assert (await harness.ask(schema=City)).value == City(name="Paris")


@contract.case("a truncated structured answer is not a value")
async def cut_json(harness: Harness) -> None:
    text = 'Example: {"name": "Lyon"}. Answer: {"name": "Par'
    harness.box.script([{"content": text, "finish_reason": "length"}])
    asked = {"schema": City, "options": {"max_tokens": 9}}
    try:
        answer = await harness.ask(**asked)
    except ValueError:  # StructuredOutputError, or what the framework raises
        answer = None
    assert answer is None or answer.value is None
    assert len(harness.box.requests) == 1


@contract.case("text and image as one message")
async def image(harness: Harness) -> None:
    harness.box.script([{"content": "Un chat."}])
    await harness.ask(harness.connect(model="gemma4:31b"), text="Quoi ?", image=PNG)
    (message,) = harness.box.requests[-1].json["messages"]
    assert {part["type"] for part in message["content"]} == {"text", "image_url"}


@contract.case("usage")
async def usage(harness: Harness) -> None:
    harness.box.script([{"content": "Oui.", "usage": USAGE}])
    assert (await harness.ask()).tokens == 8


@contract.case("usage counted once when every chunk has it", streamed)
async def usage_every(harness: Harness) -> None:
    harness.box.script([{"content": "Un deux trois.", "usage": USAGE, "fault": "usage-every"}])
    assert (await harness.ask()).tokens == 8


@contract.case("cost in EUR")
async def cost(harness: Harness) -> None:
    harness.box.script([{"content": "Oui.", "usage": USAGE}])
    assert ((await harness.ask()).cost or 0) > 0


@contract.case("the machine that answered")
async def machine(harness: Harness) -> None:
    harness.box.script([{"content": "Oui.", "backend": {"machine_name": "ma02"}}])
    assert (await harness.ask()).machine == "ma02"


@contract.case("unknown parameters are sent")
async def unknown_parameter(harness: Harness) -> None:
    await harness.ask(options={"top_k": 5})
    assert harness.box.requests[-1].json["top_k"] == 5


@contract.case("`max_tokens` keeps its name")
async def max_tokens(harness: Harness) -> None:
    await harness.ask(options={"max_tokens": 77})
    assert harness.box.requests[-1].json.get("max_tokens") == 77

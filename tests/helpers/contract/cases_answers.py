"""The contract's rows about answers: nothing of them is lost, however it is written."""

from __future__ import annotations

from tests.helpers.contract.driver import WEATHER, Bench
from tests.helpers.contract.registry import CALLS, THOUGHT, City, Fits, Rows, every, streamed

ROWS = Rows()
row = ROWS.row
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


@row("text")
async def text(bench: Bench) -> None:
    bench.box.script([{"content": "Été à Orléans."}])
    assert (await bench.ask()).text == "Été à Orléans."


def reasoning(shape: str) -> None:
    @row(f"reasoning kept apart from the text: `{shape}`")
    async def check(bench: Bench) -> None:
        bench.box.script([{"content": "Oui.", "reasoning": THOUGHT, "fault": shape}])
        answer = await bench.ask()
        assert answer.text.strip() == "Oui."
        assert (answer.reasoning or "").strip() == THOUGHT


for _shape in ("reasoning_content", "reasoning", "think"):
    reasoning(_shape)


@row("a tool call")
async def tool_call(bench: Bench) -> None:
    bench.box.script([{"tool_calls": CALLS[:1]}])
    assert list((await bench.ask(tools=[WEATHER])).calls) == [("get_weather", {"city": "Paris"})]


def two_calls(dialect: str, says: str, fits: Fits = every) -> None:
    @row(says, fits)
    async def check(bench: Bench) -> None:
        bench.box.script([{"tool_calls": CALLS, "fault": dialect}])
        answer = await bench.ask(tools=[WEATHER])
        assert [arguments["city"] for _, arguments in answer.calls] == ["Paris", "Lyon"]


two_calls("", "several tool calls at once")
two_calls("tool-object-args", "tool calls whose arguments are an object")
two_calls("tool-same-index", "several tool calls on one delta index", streamed)
two_calls("tool-no-index", "tool calls without index and id", streamed)


@row("text beside a tool call")
async def text_and_call(bench: Bench) -> None:
    step = {"content": "Je regarde.", "tool_calls": CALLS[:1], "fault": "text-and-tool"}
    bench.box.script([step])
    answer = await bench.ask(tools=[WEATHER])
    assert answer.text == "Je regarde."
    assert len(answer.calls) == 1


@row("a structured answer as an object")
async def structured(bench: Bench) -> None:
    bench.box.script([{"content": '{"name": "Paris"}'}])
    assert (await bench.ask(schema=City)).value == City(name="Paris")


@row("a structured answer inside a Markdown fence")
async def fenced(bench: Bench) -> None:
    bench.box.script([{"content": '```json\n{"name": "Paris"}\n```'}])
    assert (await bench.ask(schema=City)).value == City(name="Paris")


@row("a structured answer among words, brackets and invisible characters")
async def among_words(bench: Bench) -> None:
    bench.box.script([{"content": 'As [1] says:\ufeff {"name": "Paris"}\nVoilà [2].'}])
    assert (await bench.ask(schema=City)).value == City(name="Paris")


@row("a structured answer that came as reasoning")
async def in_reasoning(bench: Bench) -> None:
    bench.box.script([{"content": "", "reasoning": '{"name": "Paris"}'}])
    assert (await bench.ask(schema=City)).value == City(name="Paris")


@row("a structured answer that was cut is never a value")
async def cut_json(bench: Bench) -> None:
    text = 'Example: {"name": "Lyon"}. Answer: {"name": "Par'
    bench.box.script([{"content": text, "finish_reason": "length"}])
    asked = {"schema": City, "options": {"max_tokens": 9}}
    try:
        answer = await bench.ask(**asked)
    except ValueError:  # StructuredOutputError, or what the framework raises
        answer = None
    assert answer is None or answer.value is None
    assert len(bench.box.requests) == 1


@row("text and image as one message")
async def image(bench: Bench) -> None:
    bench.box.script([{"content": "Un chat."}])
    await bench.ask(bench.connect(model="gemma4:31b"), text="Quoi ?", image=PNG)
    (message,) = bench.box.requests[-1].json["messages"]
    assert {part["type"] for part in message["content"]} == {"text", "image_url"}


@row("usage")
async def usage(bench: Bench) -> None:
    bench.box.script([{"content": "Oui.", "usage": USAGE}])
    assert (await bench.ask()).tokens == 8


@row("usage counted once when every chunk tells it", streamed)
async def usage_every(bench: Bench) -> None:
    bench.box.script([{"content": "Un deux trois.", "usage": USAGE, "fault": "usage-every"}])
    assert (await bench.ask()).tokens == 8


@row("cost in EUR")
async def cost(bench: Bench) -> None:
    bench.box.script([{"content": "Oui.", "usage": USAGE}])
    assert ((await bench.ask()).cost or 0) > 0


@row("the machine that answered")
async def machine(bench: Bench) -> None:
    bench.box.script([{"content": "Oui.", "backend": {"machine_name": "ma02"}}])
    assert (await bench.ask()).machine == "ma02"


@row("unknown parameters are sent")
async def unknown_parameter(bench: Bench) -> None:
    await bench.ask(options={"top_k": 5})
    assert bench.box.requests[-1].json["top_k"] == 5


@row("`max_tokens` keeps its name")
async def max_tokens(bench: Bench) -> None:
    await bench.ask(options={"max_tokens": 77})
    assert bench.box.requests[-1].json.get("max_tokens") == 77

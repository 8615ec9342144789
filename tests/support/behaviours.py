"""The rows of the contract: each a sentence, and how it is checked."""

from __future__ import annotations

import asyncio
import logging
import pickle
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import BaseModel

from contract import WEATHER, Behaviour, Bench, Check

BEHAVIOURS: list[Behaviour] = []
THOUGHT = "Je pèse le pour et le contre."
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in ("Paris", "Lyon")]
CODED = {"error": {"message": "non", "type": "t", "code": "c"}}
BLOCKED = {"detail": "Prompt blocked for security reasons"}
RETIRED = "qwen3:14b"


class Ear(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(record.getMessage())


class City(BaseModel):
    """What a structured answer must look like."""

    name: str


def row(says: str, *, only: bool | None = None) -> Callable[[Check], Check]:
    """Enter a check under a sentence; ``only`` False: whole answers, True: streams."""

    def enter(check: Check) -> Check:
        BEHAVIOURS.append(Behaviour(says, check, (False, True) if only is None else (only,)))
        return check

    return enter


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


def two_calls(dialect: str, says: str, *, only: bool | None = None) -> None:
    @row(says, only=only)
    async def check(bench: Bench) -> None:
        bench.box.script([{"tool_calls": CALLS, "fault": dialect}])
        answer = await bench.ask(tools=[WEATHER])
        assert [arguments["city"] for _, arguments in answer.calls] == ["Paris", "Lyon"]


two_calls("", "several tool calls at once")
two_calls("tool-same-index", "several tool calls on one delta index", only=True)
two_calls("tool-no-index", "tool calls without index and id", only=True)


@row("text beside a tool call")
async def text_and_call(bench: Bench) -> None:
    step = {"content": "Je regarde.", "tool_calls": CALLS[:1], "fault": "text-and-tool"}
    bench.box.script([step])
    answer = await bench.ask(tools=[WEATHER])
    assert answer.text == "Je regarde."
    assert len(answer.calls) == 1


@row("a structured answer as an object", only=False)
async def structured(bench: Bench) -> None:
    bench.box.script([{"content": '{"name": "Paris"}'}])
    assert (await bench.ask(schema=City)).value == City(name="Paris")


@row("a structured answer inside a Markdown fence", only=False)
async def fenced(bench: Bench) -> None:
    bench.box.script([{"content": '```json\n{"name": "Paris"}\n```'}])
    assert (await bench.ask(schema=City)).value == City(name="Paris")


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


@row("usage counted once when every chunk tells it", only=True)
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


def refused(says: str, status: int, body: Any, **headers: str) -> None:
    @row(says)
    async def check(bench: Bench) -> None:
        bench.box.script([{"status": status, "json": body, "headers": headers}])
        error = await bench.fails()
        assert error.status_code == status
        if "retry-after" in headers:
            assert error.retry_after == float(headers["retry-after"])


refused("a blocked prompt: an error with its status", 403, BLOCKED)
refused("a wrong key: an error with its status", 401, CODED)
refused("a limit reached: an error with its status", 429, CODED)
refused("a limit reached: `retry_after` on the error", 429, CODED, **{"retry-after": "7"})


@row("an unknown model: the error names what may be used")
async def unknown_model(bench: Bench) -> None:
    error = await bench.fails(bench.connect(model="no-such-model"))
    assert "llmaas models" in str(error)


@row("a 5xx is retried")
async def retried(bench: Bench) -> None:
    failure = {"status": 503, "headers": {"retry-after": "0.01"}}
    bench.box.script([failure, {"content": "Oui."}])
    assert (await bench.ask(bench.connect(retries=2))).text == "Oui."


def broken(says: str, fault: str, *, only: bool | None = True) -> None:
    @row(says, only=only)
    async def check(bench: Bench) -> None:
        # Twice: a connection that dies before its first byte may rightly be tried again.
        bench.box.script([{"content": "Un deux trois quatre cinq.", "fault": fault}] * 2)
        await bench.fails()


broken("a stream that breaks off is an error", "cut:4:rst")
broken("a stream that ends early is an error", "cut:4:fin")
broken("an error event in mid-stream is an error", "error-event")
broken("a web page instead of an answer is an error", "html-200", only=None)


@row("an answer that is empty for lack of budget is explained")
async def empty(bench: Bench) -> None:
    step = {"content": "", "reasoning": THOUGHT, "finish_reason": "length"}
    bench.box.script([step])
    heard = Ear()
    logging.getLogger().addHandler(heard)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await bench.ask()
    logging.getLogger().removeHandler(heard)
    told = [str(one.message) for one in caught] + heard.lines
    assert any("max_tokens" in line or "max_completion_tokens" in line for line in told)


@row("cancelling closes the connection")
async def cancelled(bench: Bench) -> None:
    bench.box.script([{"content": "Oui.", "delay": 30}])
    task = asyncio.ensure_future(bench.ask())
    for _ in range(100):
        await asyncio.sleep(0.02)
        if bench.box.requests:
            break
    task.cancel()
    await asyncio.wait({task}, timeout=3)
    assert task.cancelled()


@row("one object in three event loops")
async def loops(bench: Bench) -> None:
    client = bench.connect()

    def run(_: int) -> str:
        return asyncio.run(bench.ask(client, text='Say "Oui"')).text

    with ThreadPoolExecutor(1) as pool:
        found = await asyncio.wrap_future(pool.submit(lambda: [run(n) for n in range(3)]))
    assert found == ["Oui"] * 3


@row("one object in four threads at once")
async def threads(bench: Bench) -> None:
    client = bench.connect()

    def run() -> str:
        return asyncio.run(bench.ask(client, text='Say "Oui"')).text

    with ThreadPoolExecutor(4) as pool:
        tasks = [asyncio.wrap_future(pool.submit(run)) for _ in range(8)]
        assert set(await asyncio.gather(*tasks)) == {"Oui"}


@row("a pickled object answers, and holds no key")
async def pickled(bench: Bench) -> None:
    data = pickle.dumps(bench.connect())
    assert bench.box.api_key.encode() not in data
    assert (await bench.ask(pickle.loads(data), text='Say "Oui"')).text == "Oui"


@row("the key in no repr and no error, even if the service echoes it")
async def secret(bench: Bench) -> None:
    key = "sk-canary-0123456789"
    client = bench.connect(key=key)
    body = {"error": {"message": f"Incorrect key: {key}", "code": "invalid_api_key"}}
    bench.box.script([{"status": 401, "json": body}])
    error = await bench.fails(client)
    shown = [repr(client), str(client), repr(error), str(error)]
    assert not any(key in text for text in shown)


@row("unknown parameters are sent")
async def unknown_parameter(bench: Bench) -> None:
    await bench.ask(options={"top_k": 5})
    assert bench.box.requests[-1].json["top_k"] == 5


@row("`max_tokens` keeps its name")
async def max_tokens(bench: Bench) -> None:
    await bench.ask(options={"max_tokens": 77})
    assert bench.box.requests[-1].json.get("max_tokens") == 77

"""Contract cases about errors as real engines send them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.helpers.contract.cases_engines import HEAD, script
from tests.helpers.contract.driver import Harness
from tests.helpers.contract.registry import City, Contract, streamed

contract = Contract()
ROLE = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
BEGUN = {"index": 0, "delta": {"content": "Ou"}, "finish_reason": None}
SICK = {"message": "the engine died", "type": "server_error", "code": 500}


def event(**chunk: Any) -> str:
    """One event of a stream."""
    return f"data: {json.dumps({**HEAD, **chunk})}\n\n"


@contract.case("an error after a chunk with only the role is retried", streamed)
async def after_the_role(harness: Harness) -> None:
    harness.box.script(
        [{"sse": [event(choices=[ROLE]), f"data: {json.dumps({'error': SICK})}\n\n"]}]
    )
    harness.box.script([{"content": "Oui."}])
    assert (await harness.ask(harness.connect(retries=1))).text == "Oui."


ERRORS: dict[str, Sequence[str]] = {
    "in a field `error:`": [f"error: {json.dumps(SICK)}\n\n"],
    "in an event named `error`": [f"event: error\ndata: {json.dumps(SICK)}\n\n"],
    "beside an empty choice": [
        event(choices=[{"index": 0, "delta": {}, "finish_reason": "error"}], error=SICK)
    ],
    "inside a choice": [
        event(choices=[{"index": 0, "delta": {}, "finish_reason": "error", "error": SICK}])
    ],
}


def error_row(where: str, events: Sequence[str]) -> None:
    """Enter a row: an error that a stream ends with is an error, with the words it holds."""

    @contract.case(f"an error {where} is an error", streamed)
    async def check(harness: Harness) -> None:
        harness.box.script([{"sse": [event(choices=[BEGUN]), *events]}])
        assert "the engine died" in str(await harness.expect_error())


for _where, _events in ERRORS.items():
    error_row(_where, _events)

OVERFLOWS = {
    "vLLM": "This model's maximum context length is 8192 tokens. However, you requested 9000"
    " output tokens and your prompt contains at least 300 input tokens, for a total of at least"
    " 9300 tokens.",
    "llama.cpp": "the request exceeds the available context size (8192 tokens), try increasing it",
}


def overflow_row(engine: str, words: str) -> None:
    """Enter a row: the words in which an engine refuses a long prompt name its window."""

    @contract.case(f"a context overflow as reported by {engine}: the error names the window")
    async def check(harness: Harness) -> None:
        error = {"message": words, "type": "BadRequestError", "code": 400}
        harness.box.script([{"status": 400, "json": {"error": error}}] * 2)
        assert (await harness.expect_error(options={"max_tokens": 9000})).window == 8192


for _engine, _words in OVERFLOWS.items():
    overflow_row(_engine, _words)


@contract.case("an error that echoes the request is shortened and hides the prompt")
async def echo(harness: Harness) -> None:
    secret = "the patient is Mr Martin"
    told = [{"type": "x", "loc": ["body"], "msg": "too long", "input": secret * 50_000}]
    harness.box.script([{"status": 422, "json": {"detail": told}}])
    error = await harness.expect_error()
    assert len(str(error)) < 3_000
    assert secret not in str(error)


@contract.case("a schema refused with a 500 is described in the prompt")
async def refused_schema(harness: Harness) -> None:
    words = "response_format is not supported by this backend"
    harness.box.script([{"status": 500, "json": {"error": {"message": words}}}])
    harness.box.script([{"content": '{"name": "Paris"}'}])
    assert (await harness.ask(schema=City)).value == City(name="Paris")


@contract.case("half of a surrogate pair becomes a replacement character")
async def half(harness: Harness) -> None:
    deltas = [{"role": "assistant", "content": "a \ud83d"}, {"content": " b"}]
    script(harness, {"role": "assistant", "content": "a \ud83d b"}, deltas=deltas)
    text = (await harness.ask()).text
    assert text.encode() == "a \ufffd b".encode()

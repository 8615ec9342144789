"""Contract cases about answers as real engines send them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.helpers.contract.driver import WEATHER, Harness
from tests.helpers.contract.registry import Contract, ModeFilter, any_mode, streamed

contract = Contract()
HEAD = {"id": "c1", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
NAME = "get_weather"
PARIS = '{"city": "Paris"}'


def call(name: str | None = None, arguments: str | None = None, **rest: Any) -> dict[str, Any]:
    """An entry of ``tool_calls``, or a piece of one."""
    function = {k: v for k, v in (("name", name), ("arguments", arguments)) if v is not None}
    return {"type": "function", "function": function, **rest}


def calls(*entries: Mapping[str, Any]) -> dict[str, Any]:
    """A message, or a delta, with tool calls."""
    return {"role": "assistant", "content": None, "tool_calls": list(entries)}


def script(
    harness: Harness,
    message: Mapping[str, Any],
    *,
    deltas: Sequence[Mapping[str, Any]] = (),
    finish: str = "stop",
    usage: Mapping[str, Any] | None = USAGE,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Have the sandbox answer with a message, or with its deltas (the message alone if none)."""
    if not harness.mode.stream:
        choice = {"index": 0, "message": message, "finish_reason": finish}
        body = {**HEAD, "object": "chat.completion", "choices": [choice], "usage": usage}
        harness.box.script([{"json": body, "headers": headers or {}}])
        return
    ends: list[Any] = [(delta, None) for delta in deltas or [message]] + [({}, finish)]
    chunks = [
        {
            **HEAD,
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }
        for delta, reason in ends
    ]
    chunks.append({**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    events = [f"data: {data}\n\n" for data in [*map(json.dumps, chunks), "[DONE]"]]
    harness.box.script([{"sse": events, "headers": headers or {}}])


def calls_row(
    title: str,
    entries: Sequence[Mapping[str, Any]],
    *,
    pieces: Sequence[Mapping[str, Any]] = (),
    meant: Sequence[Any] = ((NAME, {"city": "Paris"}),),
    applies: ModeFilter = any_mode,
) -> None:
    """Enter a row: these entries (or pieces) of calls mean those calls."""

    @contract.case(title, applies)
    async def check(harness: Harness) -> None:
        indexed = [{"index": index, **entry} for index, entry in enumerate(entries)]
        deltas = [calls(piece) for piece in pieces] or [calls(*indexed)]
        script(harness, calls(*entries), deltas=deltas, finish="tool_calls")
        answer = await harness.ask(tools=[WEATHER])
        assert list(answer.calls) == list(meant)


calls_row(
    "two tool calls of one id",
    [call(NAME, PARIS, id="c1"), call(NAME, '{"city": "Lyon"}', id="c1")],
    meant=[(NAME, {"city": "Paris"}), (NAME, {"city": "Lyon"})],
)
calls_row("tool arguments `null`", [call(NAME, "null", id="c1")], meant=[(NAME, {})])
calls_row(
    "raw line feeds in tool arguments",
    [call(NAME, '{"city": "a\n\tb"}', id="c1")],
    meant=[(NAME, {"city": "a\n\tb"})],
)
calls_row(
    "template tokens in a tool's name", [call(f"{NAME}<|channel|>commentary", PARIS, id="c1")]
)
calls_row(
    "tool arguments sent twice",
    [],
    pieces=[
        call(NAME, PARIS[:5], index=0, id="c1"),
        call(None, PARIS[5:], index=0),
        call(None, PARIS, index=0),
    ],
    applies=streamed,
)
calls_row(
    "a new id with each piece of a tool call",
    [],
    pieces=[
        call(NAME, "", index=0, id="c1"),
        call("", PARIS[:5], index=0, id="c2"),
        call("", PARIS[5:], index=0, id="c3"),
    ],
    applies=streamed,
)

CUT = {
    "after its name": [call(NAME, index=0, id="c1")],
    "within its arguments": [call(NAME, PARIS[:12], index=0, id="c1")],
    "and closed by the engine": [call(NAME, "{}", index=0, id="c1")],
}


def cut_row(where: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Enter a row: a tool call that ``max_tokens`` cut is not a valid call."""

    @contract.case(f"no tool call that was truncated {where}")
    async def check(harness: Harness) -> None:
        script(harness, calls(*entries), finish="length")
        client = harness.connect()
        try:
            answer = await harness.ask(client, tools=[WEATHER])
        except Exception as error:  # the driver could not read the arguments
            if hasattr(error, "request_id"):
                raise
            return
        assert not [arguments for _, arguments in answer.calls if isinstance(arguments, dict)]


for _where, _entries in CUT.items():
    cut_row(_where, _entries)


@contract.case("a character split over two chunks", streamed)
async def halves(harness: Harness) -> None:
    deltas = [{"role": "assistant", "content": "a \ud83d"}, {"content": "\ude00 b"}]
    script(harness, {}, deltas=deltas)
    assert (await harness.ask()).text == "a \U0001f600 b"


@contract.case("a closing reasoning tag left by a parser")
async def stray_tag(harness: Harness) -> None:
    deltas = [{"reasoning_content": "Hm."}, {"content": "</think>"}, {"content": "\n\nOui."}]
    message = {"role": "assistant", "reasoning_content": "Hm.", "content": "</think>\n\nOui."}
    script(harness, message, deltas=deltas)
    assert (await harness.ask()).text.strip() == "Oui."


@contract.case("usage under other names")
async def other_usage(harness: Harness) -> None:
    usage = {"input_tokens": 3, "output_tokens": "5"}
    script(harness, {"role": "assistant", "content": "Oui."}, usage=usage)
    assert (await harness.ask()).tokens == 8


IN_TEXT = {
    "Hermes": '<tool_call>\n{"name": "NAME", "arguments": %s}\n</tool_call>',
    "gpt-oss": "<|channel|>commentary to=functions.NAME json<|message|>%s<|call|>",
}


def in_text_row(family: str, form: str) -> None:
    """Enter a row: text that is nothing but a call of an offered tool is that call."""

    @contract.case(f"a tool call left in the text by the engine, in the format of {family}")
    async def check(harness: Harness) -> None:
        said = (form % PARIS).replace("NAME", harness.driver.tool)
        pieces = [{"content": said[at : at + 5]} for at in range(0, len(said), 5)]
        script(harness, {"role": "assistant", "content": said}, deltas=pieces)
        answer = await harness.ask(tools=[WEATHER])
        assert [arguments for _, arguments in answer.calls] == [{"city": "Paris"}]
        assert not answer.text


for _family, _form in IN_TEXT.items():
    in_text_row(_family, _form)


@contract.case("a closing reasoning tag quoted in an answer")
async def quoted_tag(harness: Harness) -> None:
    said = "A template closes reasoning with </think> and goes on."
    deltas = [{"content": said[at : at + 4]} for at in range(0, len(said), 4)]
    script(harness, {"role": "assistant", "content": said}, deltas=deltas)
    assert (await harness.ask()).text == said

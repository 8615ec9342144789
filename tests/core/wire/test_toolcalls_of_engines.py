"""Tool calls as engines are on record to send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llmaas.types import ToolCall, ToolCallDelta
from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder
from tests.helpers.sse import chunk, sse, tool

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("get_weather", "wipe")]


def whole(*calls: Any, finish: str = "tool_calls", **rest: Any) -> bytes:
    """The body of an answer that holds calls."""
    message = {"role": "assistant", "content": None, "tool_calls": list(calls)}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"id": "x", "choices": [choice], **rest}).encode()


def entry(name: Any, arguments: Any = "{}", call_id: Any = "c1", **rest: Any) -> dict[str, Any]:
    """One entry of a whole message."""
    return {"id": call_id, "function": {"name": name, "arguments": arguments}, **rest}


def streamed(*pieces: Any, finish: str = "tool_calls", **rest: Any) -> bytes:
    return sse(*pieces, chunk({}, finish, **rest))


def read(data: bytes, **context: Any) -> tuple[ToolCall, ...]:
    """The calls of an answer; checks that the events add up to them."""
    decoder = ChatDecoder(Context(requested_model="m", seed="s", **context))
    events = [*decoder.feed(data), *decoder.end()]
    assert decoder.fault is None, decoder.fault
    calls: tuple[ToolCall, ...] = events[-1].completion.tool_calls  # type: ignore[union-attr]
    pieces = [event for event in events if isinstance(event, ToolCallDelta)]
    for position, call in enumerate(calls):
        mine = [piece for piece in pieces if piece.position == position]
        assert "".join(piece.arguments for piece in mine) == call.arguments
        assert (mine[0].id, mine[0].name) == (call.id, call.name)
    return calls


def plain(calls: tuple[ToolCall, ...]) -> list[tuple[str, Any]]:
    return [(call.name, call.parsed()) for call in calls]


@pytest.mark.parametrize("ids", [("c", "c"), (None, None), ("", ""), ("a", None), (0, 0)])
@pytest.mark.parametrize("names", [("f", "f"), ("f", "g")])
def test_entries_of_a_whole_message_are_calls_whatever_their_ids(ids: Any, names: Any) -> None:
    calls = read(whole(entry(names[0], "", ids[0]), entry(names[1], '{"x": 1}', ids[1])))
    assert plain(calls) == [(names[0], {}), (names[1], {"x": 1})]
    assert calls[0].id != calls[1].id


def test_identical_entries_of_a_whole_message_are_two_calls() -> None:
    assert len(read(whole(entry("f"), entry("f")))) == 2


def test_an_invented_id_is_nine_letters_and_digits() -> None:
    for call in read(whole(entry("f", call_id=None), entry("g", call_id=None))):
        assert len(call.id) == 9
        assert call.id.isalnum()


def test_equal_ids_on_two_indexes_become_unique() -> None:
    calls = read(
        streamed(
            tool(index=0, id="c", name="f", arguments='{"x":1}'),
            tool(index=1, id="c", name="f", arguments='{"x":2}'),
        )
    )
    assert [call.parsed()["x"] for call in calls] == [1, 2]
    assert (calls[0].id, len(calls[1].id)) == ("c", 9)


def test_a_new_id_on_each_fragment_is_one_call() -> None:
    """LM Studio: NousResearch/hermes-agent#5254."""
    pieces = [("a1", "run", ""), ("a2", "", '{"cmd"'), ("a3", "", ': "l'), ("a4", "", 's"}')]
    sent = [tool(index=0, id=i, name=n, arguments=a) for i, n, a in pieces]
    assert plain(read(streamed(*sent))) == [("run", {"cmd": "ls"})]


@pytest.mark.parametrize("ids", [("a", None, None), ("a", "a", "a"), ("a", "b", "c")])
def test_the_name_again_with_each_fragment_is_one_call(ids: Any) -> None:
    texts = ["", '{"x"', ":1}"]
    sent = [tool(index=0, id=i, name="f", arguments=a) for i, a in zip(ids, texts, strict=True)]
    assert plain(read(streamed(*sent))) == [("f", {"x": 1})]


@pytest.mark.parametrize("names", ["get_ weather", "get_ get_weather", "g et_weather"])
@pytest.mark.parametrize("tools", [TOOLS, []])
def test_a_name_in_pieces_is_put_together(names: str, tools: Any) -> None:
    first, second = names.split()
    sent = [
        tool(index=0, id="a", name=first, arguments=""),
        tool(index=0, name=second),
        tool(index=0, arguments="{}"),
    ]
    assert plain(read(streamed(*sent), tools=tools)) == [("get_weather", {})]


@pytest.mark.parametrize("again", ['{"x":"1"}', '{"x": "1"}', '"}', "}", " \n", '{"x":'])
def test_arguments_that_come_again_at_the_end_are_dropped(again: str) -> None:
    """vLLM's final flush (xlam, GLM, gpt-oss parsers)."""
    sent = [
        tool(index=0, id="a", name="f", arguments='{"x":'),
        tool(index=0, arguments='"1"}'),
        tool(index=0, arguments=again[:3]),
        tool(index=0, arguments=again[3:]),
    ]
    (call,) = read(streamed(*sent))
    assert call.arguments == '{"x":"1"}'


def test_other_text_after_the_arguments_makes_them_invalid() -> None:
    sent = [
        tool(index=0, id="a", name="f", arguments='{"x":1}'),
        tool(index=0, arguments='{"y":2}'),
    ]
    (call,) = read(streamed(*sent))
    with pytest.raises(ValueError, match="Extra data"):
        call.parsed()


def test_an_empty_object_before_the_arguments_is_a_placeholder() -> None:
    sent = [
        tool(index=0, id="a", name="f", arguments="{}"),
        tool(index=0, arguments='{"x"'),
        tool(index=0, arguments=":1}"),
    ]
    assert plain(read(streamed(*sent))) == [("f", {"x": 1})]


@pytest.mark.parametrize("text", [None, "", " ", "null", " null\n"])
def test_absent_arguments_are_an_empty_object(text: Any) -> None:
    assert plain(read(whole(entry("f", text)))) == [("f", {})]
    assert plain(read(streamed(tool(index=0, id="a", name="f", arguments=text)))) == [("f", {})]


TWICE = json.dumps(json.dumps({"city": "a\nb \u00e9"}))


@pytest.mark.parametrize("step", [1, 2, 7, 100])
def test_arguments_that_were_encoded_twice_are_the_object(step: int) -> None:
    """Templates and gateways that quote a quoted object."""
    pieces = [TWICE[at : at + step] for at in range(0, len(TWICE), step)]
    streamed_calls = read(
        streamed(*(tool(index=0, id="a", name="get_weather", arguments=piece) for piece in pieces))
    )
    for calls in (streamed_calls, read(whole(entry("get_weather", TWICE)))):
        assert plain(calls) == [("get_weather", {"city": "a\nb \u00e9"})]


@pytest.mark.parametrize("text", [TWICE[:-1], TWICE[:-4], '"', '"{'])
def test_string_of_arguments_that_was_cut_is_cut(text: str) -> None:
    [call] = read(
        streamed(tool(index=0, id="a", name="get_weather", arguments=text), finish="length")
    )
    assert call.cut
    with pytest.raises(ValueError, match="was truncated"):
        call.parsed()


@pytest.mark.parametrize("text", ['"Paris"', '"[1]"', '""'])
def test_string_without_an_object_stays_what_it_is(text: str) -> None:
    [call] = read(whole(entry("get_weather", text)))
    assert call.arguments == text


def test_null_in_fragments_is_an_empty_object_and_nullable_is_not() -> None:
    start = tool(index=0, id="a", name="f")
    pieces = [tool(index=0, arguments=text) for text in ("n", "ul", "l")]
    assert plain(read(streamed(start, *pieces))) == [("f", {})]
    (call,) = read(streamed(start, *pieces, tool(index=0, arguments="able")))
    assert call.arguments == "nullable"


@pytest.mark.parametrize("step", [1, 2, 5, 99])
def test_raw_control_characters_in_strings_are_read(step: int) -> None:
    text = '{"m": "a\n\n\tb \\n \\" c\x00",\n "n": {"o": "}"}}'
    want = {"m": 'a\n\n\tb \n " c\0', "n": {"o": "}"}}
    (call,) = read(whole(entry("f", text)))
    assert json.loads(call.arguments) == want
    pieces = [tool(index=0, arguments=text[i : i + step]) for i in range(0, len(text), step)]
    (call,) = read(streamed(tool(index=0, id="a", name="f"), *pieces))
    assert json.loads(call.arguments) == want


@pytest.mark.parametrize("step", [1, 2, 3, 6, 99])
def test_escaped_lone_surrogates_are_replaced(step: int) -> None:
    text = '{"t": "a\\ud83d b\\ud83d\\ude00c \\\\ud83d \\ude00"}'
    pieces = [tool(index=0, arguments=text[i : i + step]) for i in range(0, len(text), step)]
    (call,) = read(streamed(tool(index=0, id="a", name="f"), *pieces))
    assert call.parsed() == {"t": "a\ufffd b\U0001f600c \\ud83d \ufffd"}


@pytest.mark.parametrize(
    "name",
    [
        "get_weather<|channel|>commentary",
        "functions.get_weather",
        "get_weather<|constrain|>json",
        "<|python_tag|>get_weather",
        "to=functions.get_weather<|channel|>commentary",
        "functions.get_weather:0",
        "get_weather<|chan",
        " get_weather\n",
        "get_weather</function>",
        "function<｜tool▁sep｜>get_weather",
        "default_api.get_weather",
        "default_api:get_weather",
        "mcp/tools/get_weather",
    ],
)
def test_template_tokens_are_taken_off_names(name: str) -> None:
    """vllm-project/vllm#32587."""
    assert [c.name for c in read(whole(entry(name)), tools=TOOLS)] == ["get_weather"]
    sent = streamed(tool(index=0, id="a", name=name), tool(index=0, arguments="{}"))
    assert [c.name for c in read(sent, tools=TOOLS)] == ["get_weather"]


def test_names_are_cleaned_only_of_tokens_when_they_were_not_offered() -> None:
    names = ["other<|channel|>commentary", "functions.other", "mcp.server-1.other"]
    got = [call.name for call in read(whole(*map(entry, names)), tools=TOOLS)]
    assert got == ["other", "functions.other", "mcp.server-1.other"]


def test_an_offered_name_is_never_changed() -> None:
    tools = [{"function": {"name": name}} for name in ("functions.f", "f")]
    assert [c.name for c in read(whole(entry("functions.f")), tools=tools)] == ["functions.f"]


CUT_STREAMS = {
    "the name alone": [tool(index=0, id="a", name="wipe")],
    "empty arguments": [tool(index=0, id="a", name="wipe", arguments="")],
    "half of the arguments": [tool(index=0, id="a", name="wipe", arguments='{"path": "/srv')],
    "closed without what is missing": [tool(index=0, id="a", name="wipe", arguments="{}")],
}


@pytest.mark.parametrize("shape", CUT_STREAMS)
@pytest.mark.parametrize("how", ["length", "content_filter", "all tokens used"])
def test_a_call_at_the_end_of_a_truncated_answer_is_cut(shape: str, how: str) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 5, "total_tokens": 6}
    finish = "tool_calls" if " " in how else how
    data = streamed(*CUT_STREAMS[shape], finish=finish, usage=usage)
    (call,) = read(data, tools=TOOLS, max_tokens=5 if " " in how else 99)
    assert call.cut
    with pytest.raises(ValueError, match="truncated"):
        call.parsed()
    with pytest.raises(ValueError):  # noqa: PT011 - whoever parses it must fail
        json.loads(call.arguments)


@pytest.mark.parametrize("arguments", ["", '{"a": "b', "{}", '{"a": 1}', None])
def test_the_last_call_of_a_truncated_whole_answer_is_cut(arguments: Any) -> None:
    first, last = read(whole(entry("f"), entry("f", arguments), finish="length"))
    assert (first.cut, last.cut) == (False, True)


def test_a_call_before_text_is_whole_although_the_text_was_cut() -> None:
    pieces = [tool(index=0, id="a", name="f", arguments="{}"), chunk({"content": "and so"})]
    (call,) = read(streamed(*pieces, finish="length"))
    assert not call.cut


def test_unfinished_arguments_are_cut_whatever_the_finish_reason() -> None:
    (call,) = read(whole(entry("f", '{"path": "/srv'), finish="tool_calls"))
    assert call.cut


def test_a_call_without_a_name_is_cut() -> None:
    assert [call.cut for call in read(whole(entry(None), entry("f")))] == [True, False]


def test_calls_of_an_interrupted_stream_are_cut() -> None:
    decoder = ChatDecoder(Context(requested_model="m", seed="s"))
    decoder.feed(sse(tool(index=0, id="a", name="f", arguments="{}"), done=False))
    decoder.end()
    assert [call.cut for call in decoder.partial.tool_calls] == [True]


@pytest.mark.parametrize(
    "reason", ["MAX_TOKENS", "max_output_tokens", "MAX_OUTPUT_TOKENS", "repetition", "cancelled"]
)
def test_last_call_is_cut_for_finish_reasons_of_gateways(reason: str) -> None:
    assert [call.cut for call in read(whole(entry("wipe"), finish=reason))] == [True]
    (call,) = read(streamed(tool(index=0, id="c1", name="wipe", arguments="{}"), finish=reason))
    assert call.cut


@pytest.mark.parametrize(
    "surplus", ["null", "</tool_call>", "\n```", "<|call|>", "<|im_end|>", " \n</tool_call>\n"]
)
def test_tokens_behind_the_arguments_are_left_out(surplus: str) -> None:
    meant = [("wipe", {"a": 1})]
    assert plain(read(whole(entry("wipe", '{"a": 1}' + surplus)))) == meant
    first = tool(index=0, id="c1", name="wipe", arguments='{"a": 1}')
    assert plain(read(streamed(first, tool(index=0, arguments=surplus)))) == meant


def test_parentheses_behind_a_name_are_left_out() -> None:
    assert plain(read(whole(entry("get_weather()")), tools=TOOLS)) == [("get_weather", {})]

"""Tool calls that an engine left in the text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llmaas.types import Done
from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder
from tests.helpers.sse import chunk, joined, sse, text

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": SCHEMA}}
    for name in ("get_weather", "wipe")
]
BAR, GAP = "\uff5c", "\u2581"
CALL = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
PARIS = [("get_weather", {"city": "Paris"})]

FORMATS = {
    "hermes": (f"<tool_call>\n{CALL}\n</tool_call>", PARIS),
    "hermes, unclosed": (f"<tool_call>{CALL}", PARIS),
    "hermes, unopened": (f"{CALL}\n</tool_call>", PARIS),
    "hermes, two": (
        f"<tool_call>{CALL}</tool_call>\n"
        '<tool_call>{"name": "wipe", "arguments": {}}</tool_call>',
        [*PARIS, ("wipe", {})],
    ),
    "hermes, the same twice": (f"<tool_call>{CALL}</tool_call>" * 2, PARIS * 2),
    "hermes, arguments as text": (
        '<tool_call>{"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}</tool_call>',
        PARIS,
    ),
    "hermes, no arguments": ('<tool_call>{"name": "wipe"}</tool_call>', [("wipe", {})]),
    "hermes, raw line feed": (
        '<tool_call>{"name": "get_weather", "arguments": {"city": "a\nb"}}</tool_call>',
        [("get_weather", {"city": "a\nb"})],
    ),
    "qwen2.5": (f"<tools>\n{CALL}\n</tools>", PARIS),
    "qwen coder": (
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n"
        "<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>",
        [("get_weather", {"city": "Paris", "days": 3})],
    ),
    "qwen coder, alone": (
        "<function=get_weather><parameter=city>\n3 <b>\n\nx\n</parameter></function>",
        [("get_weather", {"city": "3 <b>\n\nx"})],
    ),
    "qwen coder, no parameters": ("<function=wipe>\n</function>", [("wipe", {})]),
    "llama 3": ('<function=get_weather>{"city": "Paris"}</function>', PARIS),
    "llama 3.1": (
        '<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}<|eom_id|>',
        PARIS,
    ),
    "glm": (
        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n"
        "<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>",
        [("get_weather", {"city": "Paris", "days": 3})],
    ),
    "glm, no arguments": ("<tool_call>wipe\n</tool_call>", [("wipe", {})]),
    "mistral": (f"[TOOL_CALLS][{CALL}]", PARIS),
    "mistral, v11": ('[TOOL_CALLS]get_weather{"city": "Paris"}', PARIS),
    "mistral, v13": ('[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}', PARIS),
    "mistral, two": (
        '[TOOL_CALLS]get_weather{"city": "Paris"}[TOOL_CALLS]wipe{}',
        [*PARIS, ("wipe", {})],
    ),
    "granite": (f"<|tool_call|>[{CALL}]", PARIS),
    "gemma 4": (
        '<|tool_call>call:get_weather{city:<|"|>Pa, "ris":<|"|>,days:3}<tool_call|>',
        [("get_weather", {"city": 'Pa, "ris":', "days": 3})],
    ),
    "kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0"
        '<|tool_call_argument_begin|>{"city": "Paris"}<|tool_call_end|><|tool_calls_section_end|>',
        PARIS,
    ),
    "deepseek r1": (
        f"<{BAR}tool{GAP}calls{GAP}begin{BAR}><{BAR}tool{GAP}call{GAP}begin{BAR}>function"
        f'<{BAR}tool{GAP}sep{BAR}>get_weather\n```json\n{{"city": "Paris"}}\n```'
        f"<{BAR}tool{GAP}call{GAP}end{BAR}><{BAR}tool{GAP}calls{GAP}end{BAR}>",
        PARIS,
    ),
    "deepseek 3.1": (
        f"<{BAR}tool{GAP}calls{GAP}begin{BAR}><{BAR}tool{GAP}call{GAP}begin{BAR}>get_weather"
        f'<{BAR}tool{GAP}sep{BAR}>{{"city": "Paris"}}<{BAR}tool{GAP}call{GAP}end{BAR}>',
        PARIS,
    ),
    "gpt-oss": (
        "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>"
        '{"city": "Paris"}<|call|>',
        PARIS,
    ),
    "gpt-oss, from its start": (
        "<|start|>assistant<|channel|>commentary to=functions.get_weather json<|message|>"
        '{"city": "Paris"}',
        PARIS,
    ),
    "gpt-oss, recipient first": (
        "<|start|>assistant to=functions.get_weather<|channel|>commentary <|constrain|>json"
        '<|message|>{"city": "Paris"}<|call|>',
        PARIS,
    ),
    "gpt-oss, without tokens": ('commentary to=functions.get_weather json{"city": "Paris"}', PARIS),
    "gpt-oss, role without tokens": (
        'assistantcommentary to=functions.get_weather json{"city": "Paris"}',
        PARIS,
    ),
}

TEXTS = {
    "no tool of this name": '<tool_call>{"name": "other", "arguments": {}}</tool_call>',
    "one of two unknown": f'<tool_call>{CALL}</tool_call><tool_call>{{"name": "x"}}</tool_call>',
    "words before": f"I call it: <tool_call>{CALL}</tool_call>",
    "words behind": f"<tool_call>{CALL}</tool_call> That is how.",
    "a fence": f"```\n<tool_call>{CALL}</tool_call>\n```",
    "broken JSON": "<tool_call>{'name': 'get_weather'}</tool_call>",
    "the tag alone": "<tool_call>",
    "the tag in a sentence": "<tool_call> is a token of Qwen.",
    "another key": '<tool_call>{"name": "wipe", "arguments": {}, "why": 1}</tool_call>',
    "arguments as a list": '<tool_call>{"name": "wipe", "arguments": [1]}</tool_call>',
    "bare JSON": CALL,
    "JSON data": '{"name": "get_weather", "degrees": 3}',
    "a list": '[{"name": "wipe"}, {"name": "get_weather"}]',
    "a word": "commentary to follow",
    "a bracket": "[TOOL] is missing",
    "HTML": "<function> is no element",
    "white space": "\n\n",
}


def read(said: str | list[str], finish: str = "stop", **context: Any) -> tuple[Any, list[Any]]:
    pieces = [said] if isinstance(said, str) else said
    chunks = [*(chunk({"content": piece}) for piece in pieces), chunk({}, finish)]
    return run(sse(*chunks), **context)


def run(data: bytes, **context: Any) -> tuple[Any, list[Any]]:
    told = {"tools": TOOLS, **context}
    decoder = ChatDecoder(Context(requested_model="m", seed="s", **told))
    events = [*decoder.feed(data), *decoder.end()]
    assert decoder.fault is None
    assert isinstance(events[-1], Done)
    return events[-1].completion, events


def plain(completion: Any) -> list[tuple[str, Any]]:
    return [(call.name, call.parsed()) for call in completion.tool_calls]


@pytest.mark.parametrize("form", FORMATS)
def test_text_of_calls_is_read_as_calls_whole(form: str) -> None:
    said, meant = FORMATS[form]
    message = {"role": "assistant", "content": said}
    body = {"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    completion, events = run(json.dumps(body).encode())
    assert plain(completion) == meant
    assert (completion.text, completion.finish_reason) == ("", "tool_calls")
    assert len({call.id for call in completion.tool_calls}) == len(meant)
    assert not joined(events, "text")


@pytest.mark.parametrize("form", FORMATS)
def test_text_of_calls_is_read_as_calls_wherever_a_stream_cuts_it(form: str) -> None:
    said, meant = FORMATS[form]
    for cut in range(len(said)):
        completion, events = read([said[:cut], said[cut:]])
        assert plain(completion) == meant, cut
        assert not joined(events, "text")
    assert plain(read(list(f"\n{said}\n"))[0]) == meant


@pytest.mark.parametrize("form", FORMATS)
def test_text_of_calls_is_read_as_calls_after_reasoning(form: str) -> None:
    said, meant = FORMATS[form]
    completion, _ = read([f"<think>hm</think>\n\n{said}"])
    assert (plain(completion), completion.reasoning) == (meant, "hm")
    completion, _ = run(sse(chunk({"reasoning": "hm"}), *text(*said)))
    assert (plain(completion), completion.reasoning) == (meant, "hm")


@pytest.mark.parametrize("form", FORMATS)
def test_text_of_calls_stays_text_when_it_may_be_cut(form: str) -> None:
    said, _ = FORMATS[form]
    for cut in (said[:-9], said):
        completion, events = read(list(cut), "length")
        assert (completion.text, completion.tool_calls) == (cut, ())
        assert joined(events, "text") == cut


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("context", [{"tools": ()}, {"tool_choice": "none"}])
def test_text_of_calls_stays_text_when_no_call_can_come(form: str, context: Any) -> None:
    said, _ = FORMATS[form]
    if said.startswith("<|"):
        return  # read as harmony's tokens, which are no text
    completion, _ = read(list(said), **context)
    assert (completion.text, completion.tool_calls) == (said, ())


@pytest.mark.parametrize("said", TEXTS.values(), ids=TEXTS)
def test_text_stays_text_when_it_is_not_only_calls(said: str) -> None:
    for pieces in ([said], list(said), *([said[:cut], said[cut:]] for cut in range(len(said)))):
        completion, events = read(pieces)
        assert (completion.text, completion.tool_calls) == (said, ())
        assert joined(events, "text") == said


def test_text_streams_at_once_when_it_begins_as_no_call_does() -> None:
    decoder = ChatDecoder(Context(requested_model="m", tools=TOOLS))
    for piece in ("\n", "So", " {", "<tool"):
        events = decoder.feed(f"data: {json.dumps(chunk({'content': piece}))}\n\n".encode())
        assert joined(events, "text").endswith(piece) or piece in "\n<tool"


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "get_weather"}}]
)
def test_bare_json_is_read_as_calls_when_a_call_is_forced(choice: Any) -> None:
    for said in (CALL, f"[{CALL}]", CALL.replace("arguments", "parameters")):
        assert plain(read(list(said), tool_choice=choice)[0]) == PARIS


def test_buffered_text_is_emitted_when_calls_follow() -> None:
    said = f"<tool_call>{CALL}</tool_call>"
    entry = {"index": 0, "id": "c1", "function": {"name": "wipe", "arguments": "{}"}}
    completion, _ = run(sse(chunk({"content": said}), chunk({"tool_calls": [entry]}), *text("")))
    assert (completion.text, plain(completion)) == (said, [("wipe", {})])


def test_held_text_is_in_the_partial_answer_when_the_stream_breaks() -> None:
    decoder = ChatDecoder(Context(requested_model="m", tools=TOOLS))
    decoder.feed(sse(chunk({"content": f"<tool_call>{CALL}"}), done=False))
    decoder.end()
    assert decoder.fault is not None
    assert decoder.partial.text == f"<tool_call>{CALL}"
    assert decoder.partial.tool_calls == ()

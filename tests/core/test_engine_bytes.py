"""Text and errors as engines are on record to send them, for threads and asyncio."""

from __future__ import annotations

import json
from typing import Any

import pytest

import llmaas
import llmaas.errors
from llmaas.types import ReasoningDelta, TextDelta

MODEL = "some-model"
DONE = b"data: [DONE]\n\n"


def event(delta: Any = None, finish: str | None = None, **rest: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish, **rest}
    return b"data: " + json.dumps({"id": "x", "choices": [choice]}).encode() + b"\n\n"


def whole(message: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **rest}],
    }


def streamed(sandbox: Any, api: Any, *deltas: Any) -> Any:
    """The completion of a stream; checks that the events add up to it and encode."""
    sandbox.script([{"sse": [*map(event, deltas), event({}, "stop"), DONE]}])
    *events, done = api().events("?", model=MODEL)
    texts = [e.text for e in events if isinstance(e, TextDelta)]
    thoughts = [e.text for e in events if isinstance(e, ReasoningDelta)]
    for text in (*texts, *thoughts):
        text.encode()
    completion = done.completion
    assert "".join(texts) == completion.text
    assert "".join(thoughts) == (completion.reasoning or "")
    return completion


HALVES = [
    (["a \ud83d", "\ude00 b"], "a \U0001f600 b"),
    (["a \ud83d", "", "\ude00 b"], "a \U0001f600 b"),
    (["a \ud83d", " b"], "a \ufffd b"),
    (["\ude00 b"], "\ufffd b"),
    (["a \ud83d"], "a \ufffd"),
    (["\ud83d", "\ud83d", "\ude00"], "\ufffd\U0001f600"),
]


@pytest.mark.parametrize(("pieces", "text"), HALVES)
@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
@pytest.mark.parametrize("field", ["content", "reasoning_content"])
def test_halves_of_characters_are_joined_or_replaced(
    sandbox: Any, api: Any, pieces: list[str], text: str, field: str
) -> None:
    got = streamed(sandbox, api, *({field: piece} for piece in pieces))
    assert (got.text or got.reasoning) == text
    message = {"role": "assistant", field: "".join(pieces)}
    sandbox.script([{"body": json.dumps(whole(message))}])
    answer = api().do("chat", "?", model=MODEL)
    assert (answer.text or answer.reasoning) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"caf\xc3 ok", "caf\ufffd ok"),
        (b"\xff ok", "\ufffd ok"),
        (b"\xed\xa0\xbd ok", "\ufffd ok"),
        (b"\xed\xa0\xbd\xed\xb8\x80 ok", "\U0001f600 ok"),
        (b"a\tb\x00 ok", "a\tb\x00 ok"),
    ],
)
def test_bytes_that_are_no_json_text_cost_a_character(
    sandbox: Any, api: Any, written: bytes, text: str
) -> None:
    body = json.dumps(whole({"content": "AB"})).encode().replace(b"AB", written)
    sandbox.script([{"body": body}])
    assert api().do("chat", "?", model=MODEL).text == text
    piece = event({"content": "AB"}).replace(b"AB", written)
    sandbox.script([{"sse": [event({"content": "un "}), piece, event({}, "stop"), DONE]}])
    assert api().events("?", model=MODEL)[-1].completion.text == f"un {text}"


def test_a_byte_order_mark_is_skipped(sandbox: Any, api: Any) -> None:
    mark = b"\xef\xbb\xbf"
    sandbox.script([{"body": mark + json.dumps(whole({"content": "Oui."})).encode()}])
    assert api().do("chat", "?", model=MODEL).text == "Oui."
    sandbox.script([{"sse": [mark + event({"content": "Oui."}), event({}, "stop"), DONE]}])
    assert api().events("?", model=MODEL)[-1].completion.text == "Oui."
    error = json.dumps({"error": {"message": "no", "code": "nope"}}).encode()
    sandbox.script([{"status": 400, "body": mark + error}])
    with pytest.raises(llmaas.BadRequestError) as caught:
        api().do("chat", "?", model=MODEL)
    assert caught.value.code == "nope"


HARMONY = (
    "<|channel|>analysis<|message|>hm<|end|>"
    "<|start|>assistant<|channel|>final<|message|>Oui.<|return|>"
)
INLINE = ["<think>hm</think>\n\nOui.", "<thinking>hm</thinking>Oui.", "[THINK]hm[/THINK]Oui.",
          "<seed:think>hm</seed:think>\nOui.", "◁think▷hm◁/think▷Oui.", HARMONY]  # fmt: skip


@pytest.mark.parametrize("text", INLINE)
@pytest.mark.parametrize("step", [1, 3, 200])
def test_reasoning_between_tags_is_told_apart(sandbox: Any, api: Any, text: str, step: int) -> None:
    pieces = [{"content": text[i : i + step]} for i in range(0, len(text), step)]
    got = streamed(sandbox, api, *pieces)
    assert (got.reasoning, got.text) == ("hm", "Oui.")
    sandbox.script([{"json": whole({"content": text})}])
    got = api().do("chat", "?", model=MODEL)
    assert (got.reasoning, got.text) == ("hm", "Oui.")


QUOTES = ['{"tag": "</think>"}', '["</think>"]', "`</think>` closes.", "[1] says </think>."]


@pytest.mark.parametrize("text", QUOTES)
def test_a_quoted_tag_in_json_or_code_is_text(sandbox: Any, api: Any, text: str) -> None:
    assert streamed(sandbox, api, *({"content": c} for c in text)).text == text
    sandbox.script([{"json": whole({"content": text})}])
    assert api().do("chat", "?", model=MODEL).text == text


def test_a_quoted_tag_is_text_after_reasoning_in_a_field(sandbox: Any, api: Any) -> None:
    client, text = api(), "It closes with </think> and goes on."
    sandbox.script([{"json": whole({"content": "A", "reasoning": "Hm."})}])
    client.do("chat", "?", model=MODEL)
    sandbox.script([{"json": whole({"content": text})}])
    assert client.do("chat", "?", model=MODEL).text == text


@pytest.mark.parametrize(
    "tag", ["</think>", "</thinking>", "[/THINK]", "<|channel|>final<|message|>"]
)
def test_a_tag_that_a_parser_left_is_dropped(sandbox: Any, api: Any, tag: str) -> None:
    got = streamed(sandbox, api, {"reasoning": "hm"}, {"content": tag}, {"content": "\n\nOui."})
    assert (got.reasoning, got.text.strip()) == ("hm", "Oui.")


SAID = {"code": 500, "message": "failed to decode the batch", "type": "server_error"}
DATA = json.dumps(SAID).encode()
ERRORS = {
    "error field": b"error: " + DATA + b"\n\n",
    "event error": b"event: error\ndata: " + DATA + b"\n\n",
    "event error with the key": b'event: error\ndata: {"error": ' + DATA + b"}\n\n",
    "event error as text": b"event: error\ndata: failed to decode the batch\n\n",
    "error key": b'data: {"error": ' + DATA + b"}\n\n",
    "error in a choice": event({}, "error", error=SAID),
    "error in a choice as text": event({}, None, error=SAID["message"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_in_mid_stream_keeps_what_came(sandbox: Any, api: Any, name: str) -> None:
    sandbox.script([{"sse": [event({"content": "a"}), ERRORS[name]]}])
    with pytest.raises(llmaas.StreamError, match="failed to decode") as caught:
        api().events("?", model=MODEL)
    assert caught.value.completion is not None
    assert caught.value.completion.text == "a"


@pytest.mark.parametrize("name", [name for name in ERRORS if "text" not in name])
@pytest.mark.parametrize("first", [[], [event({"role": "assistant", "content": ""})]])
def test_an_error_before_any_text_is_tried_again(
    sandbox: Any, api: Any, name: str, first: list[bytes]
) -> None:
    """vLLM sends the role before its engine has said anything."""
    good = [event({"role": "assistant", "content": "ok"}), event({}, "stop"), DONE]
    sandbox.script([{"sse": [*first, ERRORS[name], DONE]}, {"sse": good}])
    assert api(max_retries=1).events("?", model=MODEL)[-1].completion.text == "ok"


def test_an_error_in_a_whole_choice_is_an_error(sandbox: Any, api: Any) -> None:
    sandbox.script([{"json": whole({"content": "a"}, error=SAID, finish_reason="error")}])
    with pytest.raises(llmaas.StreamError, match="failed to decode"):
        api().do("chat", "?", model=MODEL)


PROMPT = "the secret prompt " * 200_000
WORDS = "Input should be a string"
FAULT = f"{{'type': 't', 'msg': '{WORDS}', 'input': '{PROMPT}'}}"
ECHOES = {
    "list": {"detail": [{"loc": ["body", "messages", 0], "msg": WORDS, "input": PROMPT}]},
    "dicts in words": {"error": {"message": f"1 validation error: {FAULT}"}},
    "pydantic": {"detail": f"1 error\n {WORDS} [type=t, input_value='{PROMPT}', input_type=str]"},
}


@pytest.mark.parametrize("name", ECHOES)
def test_an_error_does_not_repeat_the_prompt(sandbox: Any, api: Any, name: str) -> None:
    sandbox.script([{"status": 422, "json": ECHOES[name]}])
    with pytest.raises(
        llmaas.errors.UnprocessableEntityError, match="Input should be a string"
    ) as caught:
        api().do("chat", "?", model=MODEL)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 3_000


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "content_filter"])
@pytest.mark.parametrize("thought", ["Hm.", None])
def test_an_empty_answer_is_reported(sandbox: Any, api: Any, reason: str, thought: Any) -> None:
    message = {"content": None, "reasoning": thought}
    sandbox.script([{"json": whole(message, finish_reason=reason)}])
    with pytest.warns(llmaas.warnings.EmptyAnswerWarning, match=reason):
        api().do("chat", "?", model=MODEL)
    sandbox.script([{"sse": [event(message), event({}, reason), DONE]}])
    with pytest.warns(llmaas.warnings.EmptyAnswerWarning, match=reason):
        api().events("?", model=MODEL)


GATEWAY_ERRORS: dict[str, dict[str, Any]] = {
    "a list": {"errors": [{"message": "engine died", "code": 500}]},
    "a status": {"status": "error", "message": "engine died"},
    "no success": {"success": False, "message": "engine died"},
    "a code": {"code": 500, "message": "engine died"},
    "a type": {"type": "server_error", "message": "engine died"},
}


@pytest.mark.parametrize("name", GATEWAY_ERRORS)
def test_error_of_a_gateway_is_an_error_when_it_has_no_key_error(
    sandbox: Any, api: Any, name: str
) -> None:
    error = GATEWAY_ERRORS[name]
    sandbox.script([{"json": error}])
    with pytest.raises(llmaas.LLMaaSError, match="engine died"):
        api(max_retries=0).do("chat", "?", model=MODEL)
    data = b"data: " + json.dumps(error).encode() + b"\n\n"
    sandbox.script([{"sse": [event({"content": "a"}), data, DONE]}])
    with pytest.raises(llmaas.StreamError, match="engine died"):
        api(max_retries=0).events("?", model=MODEL)


def test_news_of_a_gateway_is_no_error(sandbox: Any, api: Any) -> None:
    news = b'data: {"status": "queued", "message": "please wait"}\n\n'
    sandbox.script([{"sse": [news, event({"content": "a"}), news, event({}, "stop"), DONE]}])
    assert api().events("?", model=MODEL)[-1].completion.text == "a"


def test_error_inside_a_delta_is_told_in_its_words(sandbox: Any, api: Any) -> None:
    sandbox.script([{"sse": [event({"content": "a"}), event({"error": SAID}, "error"), DONE]}])
    with pytest.raises(llmaas.StreamError, match="failed to decode"):
        api(max_retries=0).events("?", model=MODEL)


def test_json_in_the_reasoning_is_the_answer_when_the_text_is_white_space(
    sandbox: Any, api: Any
) -> None:
    message = {"content": "\n", "reasoning": '{"a": 1}'}
    wanted = {"type": "json_object"}
    sandbox.script([{"json": whole(message)}])
    assert api().do("chat", "?", model=MODEL, response_format=wanted).parsed == {"a": 1}
    sandbox.script([{"sse": [event(message), event({}, "stop"), DONE]}])
    done = api().events("?", model=MODEL, response_format=wanted)[-1]
    assert (done.completion.parsed, done.completion.text) == ({"a": 1}, '{"a": 1}')


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "max_output_tokens", "length"])
def test_empty_answer_without_room_names_max_tokens(sandbox: Any, api: Any, reason: str) -> None:
    sandbox.script([{"json": whole({"content": None}, finish_reason=reason)}])
    with pytest.warns(llmaas.warnings.EmptyAnswerWarning, match="Raise max_tokens"):
        api().do("chat", "?", model=MODEL)

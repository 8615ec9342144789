"""Frames, usage, ends and errors of streams (reference 3.4, 3.7, 9.2)."""

from __future__ import annotations

import json
import time

import pytest

from llmaas.types import Backend
from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder
from llmaas.wire.failures import ErrorEvent, InvalidBody, TruncatedResponse
from tests.helpers.sse import HEAD, answer, chunk, decode, joined, sse, text

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
TAIL = {**HEAD, "choices": [], "usage": USAGE}


def test_usage_in_a_choiceless_chunk() -> None:
    usage = answer(*text("a"), TAIL).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 2, 5)


def test_usage_in_the_finish_chunk() -> None:
    assert answer(chunk({"content": "a"}), chunk({}, "stop", usage=USAGE)).usage


def test_usage_in_every_chunk_counts_once() -> None:
    growing = [chunk({"content": "a"}, usage={**USAGE, "completion_tokens": n}) for n in (1, 2)]
    usage = answer(*growing, chunk({}, "stop", usage=USAGE)).usage
    assert usage is not None
    assert usage.completion_tokens == 2


def test_usage_in_a_chunk_with_as_few_keys_as_a_plain_one() -> None:
    choices = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    short = {"id": "c", "model": "m", "choices": choices, "usage": USAGE, "backend": {}}
    assert answer(chunk({"content": "a"}), short).usage


def test_no_usage_is_none() -> None:
    assert answer(*text("a")).usage is None
    assert answer(*text("a")).cost is None


@pytest.mark.parametrize(
    "extra", [{"reasoning_tokens": 7}, {"completion_tokens_details": {"reasoning_tokens": 7}}]
)
def test_reasoning_tokens_top_level_or_nested(extra: dict[str, object]) -> None:
    usage = answer(*text("a"), {**TAIL, "usage": {**USAGE, **extra}}).usage
    assert usage is not None
    assert usage.reasoning_tokens == 7


def test_unknown_usage_fields_are_kept_apart() -> None:
    usage = answer(*text("a"), {**TAIL, "usage": {**USAGE, "tokens_per_second": 80.5}}).usage
    assert usage is not None
    assert usage.extra == {"tokens_per_second": 80.5}


@pytest.mark.parametrize("where", ["choiceless", "every"])
def test_backend(where: str) -> None:
    backend = {"engine_type": "engo", "machine_name": "ma02"}
    chunks = text("a")
    if where == "every":
        chunks = [{**c, "backend": backend} for c in chunks]
    else:
        chunks = [*chunks, {"backend": backend}]
    assert answer(*chunks).backend == Backend("engo", "ma02")


def test_crlf_comments_and_other_fields() -> None:
    body = sse(*text("é", "ü"), end="\r\n").replace(
        b"data: ", b": hi\r\nid: 3\r\nevent: x\r\ndata:"
    )
    events, reader = decode(body)
    assert reader.fault is None
    assert joined(events, "text") == "éü"


def test_missing_done_is_complete_with_a_finish_reason() -> None:
    assert answer(*text("a"), done=False).finish_reason == "stop"


def test_done_without_finish_reason_but_with_closing_usage_is_complete() -> None:
    got = answer(chunk({"content": "a"}), TAIL)
    assert (got.text, got.finish_reason) == ("a", "stop")


def test_done_alone_does_not_make_an_answer_complete() -> None:
    events, reader = decode(sse(chunk({"content": "la moit"})))
    assert isinstance(reader.fault, TruncatedResponse)
    assert reader.fault.partial.text == "la moit"
    assert events[-1].type != "done"


def test_early_done_is_read_over() -> None:
    body = sse(chunk({"content": "a"}), "[DONE]", *text("b"))
    events, _ = decode(body)
    assert joined(events, "text") == "ab"


def test_cut_stream_is_never_complete() -> None:
    events, reader = decode(sse(*text("a", "b")[:-1], done=False))
    assert isinstance(reader.fault, TruncatedResponse)
    assert [e.type for e in events] == ["text", "text"]


def test_json_cut_across_events_is_joined() -> None:
    whole = json.dumps(chunk({"content": "joint"}))
    assert answer(whole[:30], whole[30:50], whole[50:], *text()).text == "joint"


def test_broken_chunk_is_a_fault_not_a_gap() -> None:
    broken = json.dumps(chunk({"content": "perdu"}))[:-20]
    _, reader = decode(sse(*text("a")[:-1], broken, *text("b")))
    assert isinstance(reader.fault, TruncatedResponse)
    assert "invalid" in reader.fault.reason


def test_lines_that_are_no_objects_are_skipped() -> None:
    assert answer("ping", "null", "[1]", *text("a")).text == "a"


def test_ollama_native_chunks() -> None:
    events, reader = decode(
        sse(
            {"model": "m", "message": {"content": "Bon"}, "done": False},
            {"model": "m", "message": {"content": {"text": "jour"}}, "done": False},
            {"message": {"content": ""}, "done": True, "prompt_eval_count": 3, "eval_count": 4},
            done=False,
        )
    )
    assert reader.fault is None
    got = events[-1].completion  # type: ignore[union-attr]
    assert (got.text, got.finish_reason, got.usage.completion_tokens) == ("Bonjour", "stop", 4)


ERRORS = [
    {"error": {"message": "boum", "code": 500}},
    {"error": "boum"},
    {"detail": {"error": {"message": "boum"}}},
    {"detail": "boum"},
    {"object": "error", "message": "boum", "code": 500},
]


@pytest.mark.parametrize("error", ERRORS)
def test_error_event_keeps_the_partial_completion(error: dict[str, object]) -> None:
    events, reader = decode(sse(chunk({"content": "avant"}), error, *text("après")))
    assert isinstance(reader.fault, ErrorEvent)
    assert reader.fault.partial.text == "avant"
    assert joined(events, "text") == "avant"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<html><title>Maintenance</title></html>", "HTML"),
        (b'{"id": "1", "choices": [{"message": {"con', "truncated"),
        (b"[]", "not a JSON object"),
        (b'{"id": "1"}', "no choices"),
        (b'{"id": "1", "choices": []}', "no choices"),
        (b"data: [DONE]\n\n", "no answer"),
    ],
)
def test_a_200_that_is_no_answer(body: bytes, reason: str) -> None:
    events, reader = decode(body)
    assert not events
    assert isinstance(reader.fault, InvalidBody)
    assert reason in reader.fault.reason


def test_a_stream_answered_by_one_body() -> None:
    body = {"choices": [{"message": {"content": "tout"}, "finish_reason": "stop"}], "usage": USAGE}
    events, _ = decode(json.dumps(body).encode())
    assert [e.type for e in events] == ["text", "done"]


def test_several_choices_stay_apart() -> None:
    def both(a: str, b: str, finish: str | None = None) -> dict[str, object]:
        return {
            **HEAD,
            "choices": [
                {"index": i, "delta": {"content": t}, "finish_reason": finish}
                for i, t in ((1, b), (0, a))
            ],
        }

    got = answer(both("a", "x"), both("b", "y", "stop"))
    assert [c.content for c in got.choices] == ["ab", "xy"]


def test_logprobs_are_collected() -> None:
    def piece(t: str) -> dict[str, object]:
        c = chunk({"content": t})
        c["choices"][0]["logprobs"] = {"content": [{"token": t, "logprob": -0.1}]}
        return c

    got = answer(piece("a"), piece("b"), chunk({}, "stop"))
    assert [t["token"] for t in got.choices[0].logprobs["content"]] == ["a", "b"]  # type: ignore[index]


def test_unknown_top_level_fields_are_kept() -> None:
    assert answer({**chunk({"content": "a"}), "system_fingerprint": "fp"}, *text()).extra == {
        "system_fingerprint": "fp"
    }


def test_lone_surrogate_does_not_break_a_stream() -> None:
    assert answer(r'{"choices":[{"index":0,"delta":{"content":"a\ud83d"}}]}', *text("b")).text


def test_an_answer_that_lacks_a_choice_is_cut_not_complete() -> None:
    one = sse(*text("a"), done=False)
    for data, whole in ((one, False), (one + sse(), True)):  # [DONE] says that no more will come
        reader = ChatDecoder(Context(requested_model="m", choices=2))
        events = [*reader.feed(data), *reader.end()]
        assert (reader.fault is None) is whole
        assert (events[-1].type == "done") is whole


def test_events_are_read_in_linear_time_when_they_are_large() -> None:
    event = sse(chunk({"content": "x" * (32 << 20)})) + sse(chunk({}, "stop"))
    decoder = ChatDecoder(Context(requested_model="m"))
    began = time.process_time()
    for start in range(0, len(event), 1 << 14):
        decoder.feed(event[start : start + (1 << 14)])
    decoder.end()
    took = time.process_time() - began
    assert len(decoder.partial.text) == 32 << 20
    assert took < 3  # about 0.2 s; 15 s when each read copies what came before


def test_event_is_refused_when_it_exceeds_the_limit() -> None:
    decoder = ChatDecoder(Context(requested_model="m"), event_limit=1000)
    decoder.feed(sse(chunk({"content": "a"})))
    decoder.feed(b"data: " + b"x" * 1001)
    assert isinstance(decoder.fault, TruncatedResponse)
    assert decoder.fault.cause is not None
    assert decoder.fault.cause.kind == "size"


def test_broken_json_is_given_up_when_many_events_do_not_complete_it() -> None:
    decoder = ChatDecoder(Context(requested_model="m"))
    decoder.feed(b'data: {"choices": "' + b"x" * 1_000 + b"\n\n")
    began = time.process_time()
    for _ in range(20_000):
        if decoder.over:
            break
        decoder.feed(b"data: " + b"x" * 1_000 + b"\n\n")
    assert isinstance(decoder.fault, TruncatedResponse)
    assert time.process_time() - began < 2

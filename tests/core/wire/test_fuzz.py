"""Whatever the portions, the same events; whatever the bytes, no untyped error."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from llmaas.types import Done
from llmaas.wire.failures import ErrorEvent, InvalidBody, TruncatedResponse
from tests.helpers.sse import HEAD, chunk, decode, sse, text, tool

USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
STREAMS = [
    sse(*text("Été ", "à Nîmes 🌞", " fin")),
    sse(*text("<think>a", "b</think>", "\n\nfin"), end="\r\n"),
    sse(
        chunk({"reasoning": "r", "content": "c"}),
        *text("d"),
        {**HEAD, "choices": [], "usage": USAGE},
    ),
    sse(*text("pensée</think>", "réponse")),
    sse(tool(name="f", arguments={"x": 1}), tool(name="g", arguments=""), chunk({}, "tool_calls")),
    sse(*text("a"), done=False),
    sse(chunk({"content": "a"}), {"error": {"message": "x"}}),
    b"\xef\xbb\xbf: hello\n\n" + sse("ping", *text("a")),
    json.dumps({"choices": [{"message": {"content": "é"}, "finish_reason": "stop"}]}).encode(),
    b"<html>",
]


def portions(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 10_000), max_size=30), st.booleans())
def test_any_split_gives_the_same_events(data: bytes, cuts: list[int], hold: bool) -> None:
    bound = 1_000 if hold else 0
    whole, reader = decode(data, bound)
    split, other = decode(portions(data, cuts), bound)
    assert split == whole
    assert type(other.fault) is type(reader.fault)


def test_byte_by_byte() -> None:
    for data in STREAMS:
        assert decode([data[i : i + 1] for i in range(len(data))])[0] == decode(data)[0]


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_an_answer_or_a_fault(data: bytes) -> None:
    events, reader = decode(b"data: " + data)
    assert reader.over
    complete = bool(events) and isinstance(events[-1], Done)
    assert complete != isinstance(reader.fault, TruncatedResponse | ErrorEvent | InvalidBody)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "index",
                    "arguments",
                    "usage",
                    "finish_reason",
                    "reasoning",
                    "error",
                    "detail",
                    "logprobs",
                    "prompt_tokens",
                    "backend",
                    "model",
                    "created",
                    "done",
                    "eval_count",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(deadline=None, max_examples=500)
@given(st.lists(JSON, max_size=4), st.booleans())
def test_any_json_ends_in_an_answer_or_a_fault(values: list[Any], as_chunks: bool) -> None:
    chunks = [{"choices": [v] if as_chunks else v} for v in values]
    events, reader = decode(sse(*chunks))
    complete = bool(events) and isinstance(events[-1], Done)
    assert complete != (reader.fault is not None)


@settings(deadline=None, max_examples=200)
@given(JSON)
def test_any_body_ends_in_an_answer_or_a_fault(value: Any) -> None:
    events, reader = decode(json.dumps({"choices": [{"message": value}]}).encode())
    assert (bool(events) and isinstance(events[-1], Done)) != (reader.fault is not None)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_no_text_is_lost_or_invented(body: str, cuts: list[int]) -> None:
    pieces = [p for p in portions_of_text(body, cuts) if p]
    events, _ = decode(sse(*text(*pieces)))
    got = events[-1].completion  # type: ignore[union-attr]
    kept = (got.reasoning or "") + got.text
    for tag in ("<think>", "</think>"):
        body, kept = body.replace(tag, ""), kept.replace(tag, "")
    assert "".join(kept.split()) == "".join(body.split())


def portions_of_text(body: str, cuts: list[int]) -> list[str]:
    edges = sorted({0, len(body), *(c % (len(body) + 1) for c in cuts)})
    return [body[a:b] for a, b in pairwise(edges)]

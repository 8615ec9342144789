"""Several choices of one body or chunk stay several, whatever their indexes say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder
from tests.helpers.sse import sse


def texts(data: bytes) -> list[str | None]:
    """The texts of all choices."""
    decoder = ChatDecoder(Context(requested_model="m", seed="s", choices=2))
    done = [*decoder.feed(data), *decoder.end()][-1]
    assert decoder.fault is None, decoder.fault
    return [choice.content for choice in done.completion.choices]  # type: ignore[union-attr]


def message(text: str, **index: Any) -> dict[str, Any]:
    return {**index, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}


def delta(text: str, **index: Any) -> dict[str, Any]:
    return {**index, "delta": {"content": text}, "finish_reason": None}


BODIES = {
    "no index": [message("a"), message("b")],
    "index null": [message("a", index=None), message("b", index=None)],
    "all of them 0": [message("a", index=0), message("b", index=0)],
    "some": [message("a"), message("b", index=1)],
    "the second has the first's": [message("a", index=0), message("b")],
}


@pytest.mark.parametrize("name", BODIES)
def test_choices_of_a_body_get_distinct_indexes(name: str) -> None:
    assert texts(json.dumps({"id": "x", "choices": BODIES[name]}).encode()) == ["a", "b"]


def test_sent_indexes_are_kept() -> None:
    body = {"choices": [message("b", index=1), message("a", index=0)]}
    assert texts(json.dumps(body).encode()) == ["a", "b"]


@pytest.mark.parametrize("index", [{}, {"index": None}, {"index": 0}])
def test_choices_of_a_chunk_get_distinct_indexes(index: Any) -> None:
    chunks = [{"choices": [delta(first, **index), delta(second, **index)]} for first, second in
              (("a", "x"), ("b", "y"))]  # fmt: skip
    ends = {"choices": [{**index, "delta": {}, "finish_reason": "stop"} for _ in range(2)]}
    assert texts(sse(*chunks, ends)) == ["ab", "xy"]


def test_deltas_that_come_together_for_one_choice_stay_one() -> None:
    chunks = [{"choices": [delta("a", index=0), delta("b", index=0)]}]
    ends = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    decoder = ChatDecoder(Context(requested_model="m", seed="s"))
    done = [*decoder.feed(sse(*chunks, ends)), *decoder.end()][-1]
    assert [c.content for c in done.completion.choices] == ["ab"]  # type: ignore[union-attr]

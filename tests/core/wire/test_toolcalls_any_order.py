"""Any order, split and repetition of the pieces of known calls gives those calls or an error."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from llmaas.types import ToolCall
from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder
from tests.helpers.sse import chunk, sse, tool

NAMES = ("f", "get", "get_weather", "wipe")
TOOLS = [{"function": {"name": name}} for name in NAMES]
VALUES = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.text('xy{}[]"\\\n\u00e9\U0001f600', max_size=6) | st.integers() | st.just({"c": [1]}),
    max_size=2,
)
CALLS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), min_size=1, max_size=3)
Known = list[tuple[str, dict[str, Any]]]


@st.composite
def styles(draw: Any) -> dict[str, Any]:
    """How an engine sends calls."""
    return {
        "indexed": draw(st.booleans()),
        "ids": draw(st.sampled_from(["first", "each", "new", "none"])),
        "names": draw(st.sampled_from(["first", "each", "pieces"])),
        "repeat": draw(st.booleans()),
        "ascii": draw(st.booleans()),
    }


@st.composite
def pieces_of(draw: Any, position: int, call: Any, style: dict[str, Any]) -> list[dict[str, Any]]:
    """The pieces of one call in their order."""
    name, arguments = call
    text = json.dumps(arguments, ensure_ascii=style["ascii"])
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=4)))
    edges = [0, *cuts, len(text)]
    parts = [text[a:b] for a, b in pairwise(edges)]
    pieces: list[dict[str, Any]] = [{"name": name, "arguments": parts[0]}]
    if style["names"] == "pieces" and len(name) > 1:
        pieces = [{"name": name[:1]}, {"name": name[1:], "arguments": parts[0]}]
    pieces += [{"arguments": part} for part in parts[1:]]
    if style["repeat"]:
        pieces.append({"arguments": text})
    for number, piece in enumerate(pieces):
        _mark(piece, number, position, style)
        if style["names"] == "each":
            piece["name"] = name
    return pieces


def _mark(piece: dict[str, Any], number: int, position: int, style: dict[str, Any]) -> None:
    if style["indexed"]:
        piece["index"] = position
    if style["ids"] == "new":
        piece["id"] = f"c{position}-{number}"
    elif style["ids"] == "each" or (style["ids"] == "first" and number == 0):
        piece["id"] = f"c{position}"


def read(pieces: list[dict[str, Any]]) -> tuple[ToolCall, ...]:
    decoder = ChatDecoder(Context(requested_model="m", seed="s", tools=TOOLS))
    data = sse(*(tool(**piece) for piece in pieces), chunk({}, "tool_calls"))
    events = [*decoder.feed(data), *decoder.end()]
    return events[-1].completion.tool_calls  # type: ignore[union-attr, no-any-return]


def valid(calls: Any) -> tuple[Counter[str], int]:
    """The calls that a framework would run, and how many it would refuse."""
    good: Counter[str] = Counter()
    refused = 0
    for call in calls:
        try:
            good[json.dumps([call.name, call.parsed()], sort_keys=True)] += 1
        except ValueError:
            refused += 1
    return good, refused


def expected(known: Known) -> Counter[str]:
    return Counter(json.dumps([name, args], sort_keys=True) for name, args in known)


@settings(deadline=None, max_examples=150)
@given(st.data(), CALLS, styles())
def test_pieces_in_order_give_the_calls(data: Any, known: Known, style: dict[str, Any]) -> None:
    """Exactly, where the engine tells calls apart by index, or by ids that stay."""
    sent = [
        piece
        for position, call in enumerate(known)
        for piece in data.draw(pieces_of(position, call, style))
    ]
    good, refused = valid(read(sent))
    if style["indexed"] or (style["ids"] == "each" and style["names"] != "pieces"):
        assert (good, refused) == (expected(known), 0)
    else:  # without an index, the same under another id may be another call
        assert set(good) == set(expected(known)) or refused


@settings(deadline=None, max_examples=150)
@given(st.data(), CALLS, styles())
def test_calls_that_alternate_stay_apart(data: Any, known: Known, style: dict[str, Any]) -> None:
    style = {**style, "indexed": True}
    queues = [data.draw(pieces_of(n, call, style)) for n, call in enumerate(known)]
    sent = []
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        sent.append(queue.pop(0))
    assert valid(read(sent)) == (expected(known), 0)


@settings(deadline=None, max_examples=150)
@given(st.data(), CALLS, styles())
def test_pieces_in_any_order_give_no_other_calls(
    data: Any, known: Known, style: dict[str, Any]
) -> None:
    """Also with pieces twice or lost: what is not known is refused."""
    sent = [
        piece
        for position, call in enumerate(known)
        for piece in data.draw(pieces_of(position, call, {**style, "indexed": True}))
    ]
    order = data.draw(st.permutations(sent))
    good, refused = valid(read(order))
    names = {name for name, _ in known}
    assert len(good) + refused
    assert {json.loads(call)[0] for call in good} & set(NAMES) <= names

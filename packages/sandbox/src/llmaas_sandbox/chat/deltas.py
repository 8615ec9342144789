"""Streaming deltas of one choice: role, reasoning, content, tool calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from llmaas_sandbox.chat.answers import Choice, is_content_empty
from llmaas_sandbox.chat.splitting import split_arguments, split_text
from llmaas_sandbox.errors import Json
from llmaas_sandbox.faults.parse import Faults
from llmaas_sandbox.faults.variants import add_reasoning

WriteCall = Callable[[Any, int | None], Json]


def build_deltas(
    answer: Choice, style: str, faults: Faults, body: Mapping[str, object], write: WriteCall
) -> Iterator[Json]:
    """Yield the deltas of an answer in its response variant."""
    yield {"role": "assistant", "content": ""}
    content = "" if is_content_empty(faults, style, body) else answer.content
    yield from _thoughts(answer.reasoning, style)
    if "text-and-tool" in faults and answer.calls:
        first, *rest = _call_deltas(answer, faults, write)
        yield {"content": content, **first}
        yield from rest
        return
    for piece in split_text(content):
        yield {"content": piece}
    yield from _call_deltas(answer, faults, write)


def _thoughts(text: str, style: str) -> Iterator[Json]:
    if not text:
        return
    if style in ("think", "lone-think-close"):
        whole: Json = {"content": ""}
        add_reasoning(whole, text, style)
        yield from _inline(whole["content"], style)
        return
    for piece in split_text(text):
        delta: Json = {}
        add_reasoning(delta, piece, style)
        yield delta


def _inline(text: str, style: str) -> Iterator[Json]:
    """Stream inline thoughts, the closing tag cut across two deltas."""
    before, tag, after = text.partition("</think>")
    for piece in split_text(before):
        yield {"content": piece}
    yield {"content": tag[:4]}
    yield {"content": tag[4:] + after}


def _call_deltas(answer: Choice, faults: Faults, write: WriteCall) -> Iterator[Json]:
    whole_calls = not {
        "tool-no-index",
        "tool-object-args",
        "tool-empty-args",
        "tool-whole",
    }.isdisjoint(f.name for f in faults)
    for position, call in enumerate(answer.calls):
        index = 0 if "tool-same-index" in faults else position
        whole = write(call, index)
        if whole_calls:
            yield {"tool_calls": [whole]}
            continue
        if "tool-name-first" in faults:
            yield from _named_first(whole, call.arguments)
            continue
        for i, fragment in enumerate(split_arguments(call.arguments)):
            yield {"tool_calls": [_fragment(whole, fragment, i == 0, faults)]}


def _named_first(whole: Json, arguments: str) -> Iterator[Json]:
    """Begin a call with its name and without the key ``arguments``, as vLLM does."""
    name = {"name": whole["function"]["name"]}
    yield {"content": None, "tool_calls": [{**whole, "function": name}]}
    for fragment in split_arguments(arguments):
        part = {"index": whole["index"], "function": {"arguments": fragment}}
        yield {"content": None, "tool_calls": [part]}


def _fragment(whole: Json, arguments: str, first: bool, faults: Faults) -> Json:
    """Return a fragment of a call: id and name come first, arguments bit by bit."""
    if first or "tool-repeat-id" in faults:
        return {**whole, "function": {**whole["function"], "arguments": arguments}}
    part: Json = {"index": whole["index"], "function": {"arguments": arguments}}
    if "tool-same-index" in faults:
        part["id"] = whole["id"]
    return part

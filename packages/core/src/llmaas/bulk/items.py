"""What is asked: prompts from a JSONL file or from an iterable, one at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from llmaas.messages import normalize_messages

Source: TypeAlias = str | Path | Iterable[Any]
_HEAD = 1_000_000
"""Bytes by which a file is known again when a run is resumed; it may have grown since."""


@dataclass(frozen=True, slots=True)
class Item:
    """One prompt. ``index`` counts from 0; blank lines do not count."""

    index: int
    messages: Any = None
    id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None
    """Why this line is no prompt."""


def read_items(source: Source, system: str | None = None) -> Iterator[Item]:
    """Yield the prompts of a source, after a system message if there is one.

    A line that is no prompt is an item with a ``problem``.
    """
    values = _lines(Path(source)) if isinstance(source, str | Path) else source
    for index, value in enumerate(values):
        item = _item(index, value)
        yield item if system is None or item.problem else _led(item, system)


def count_items(source: Source) -> int | None:
    """Return how many prompts there are, where that can be told without asking for them."""
    if isinstance(source, str | Path):
        return sum(1 for _ in _lines(Path(source)))
    return len(source) if isinstance(source, Sized) else None


def fingerprint(source: Source, size: int | None = None) -> dict[str, Any]:
    """Return what a file is known by: the hash of its first ``size`` bytes."""
    if not isinstance(source, str | Path):
        return {}
    with Path(source).open("rb") as file:
        head = file.read(_HEAD if size is None else size)
    return {"bytes": len(head), "sha256": hashlib.sha256(head).hexdigest()}


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if stripped := line.strip():
                yield stripped


def _led(item: Item, system: str) -> Item:
    head = [{"role": "system", "content": system}]
    given = item.messages if isinstance(item.messages, list) else normalize_messages(item.messages)
    return replace(item, messages=[*head, *given])


def _item(index: int, value: Any) -> Item:
    try:
        read = json.loads(value) if isinstance(value, bytes) else value
        return _read(index, read)
    except (ValueError, TypeError, RecursionError) as error:
        return Item(index, problem=f"line is no prompt: {error}")


def _read(index: int, value: Any) -> Item:
    if isinstance(value, str | list):
        return Item(index, value)
    if not isinstance(value, Mapping):
        raise ValueError("it must be a string, a list of messages, or an object")
    body = dict(value.get("body") or value)  # the form of OpenAI's batch files is read as well
    name = value.get("id", value.get("custom_id"))
    messages = body.get("messages", body.get("prompt"))
    if not isinstance(messages, str | list):
        raise ValueError('it has neither "messages" nor "prompt"')
    params = {**(value.get("params") or {}), **(_shared(body) if "body" in value else {})}
    return Item(index, messages, None if name is None else str(name), params)


def _shared(body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in ("messages", "prompt", "model", "stream")}

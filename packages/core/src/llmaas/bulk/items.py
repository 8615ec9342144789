"""Prompts of a bulk run, read one by one from a JSONL file or an iterable."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, TypeAlias

from llmaas.bulk.line_params import read_params
from llmaas.messages import normalize_messages

Source: TypeAlias = str | Path | Iterable[Any]
_HEAD = 1_000_000
"""Bytes of the input file that are hashed. The file may grow before a run is resumed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One prompt. ``index`` counts from 0; blank lines do not count."""

    index: int
    messages: Any = None
    id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    """Model of this line. Defaults to the run's."""
    problem: str | None = None
    """Why this line is not a prompt."""


def read_items(source: Source, system: str | None = None) -> Iterator[Item]:
    """Yield the prompts of a source, each with the ``system`` message in front.

    A line that is not a prompt becomes an item with a ``problem``.
    """
    values = _lines(Path(source)) if isinstance(source, str | Path) else source
    for index, value in enumerate(values):
        item = _to_item(index, value)
        yield item if system is None or item.problem else _with_system(item, system)


def count_items(source: Source) -> int | None:
    """Count the prompts; None for an iterable without a length."""
    if isinstance(source, str | Path):
        return sum(1 for _ in _lines(Path(source)))
    return len(source) if isinstance(source, Sized) else None


def fingerprint(source: Source, size: int | None = None) -> dict[str, object]:
    """Hash the first ``size`` bytes of an input file; empty for an iterable."""
    if not isinstance(source, str | Path):
        return {}
    with Path(source).open("rb") as file:
        head = file.read(_HEAD if size is None else size)
    return {"bytes": len(head), "sha256": hashlib.sha256(head).hexdigest()}


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines that are not blank, converted to UTF-8."""
    with path.open("rb") as file:
        encoding = json.detect_encoding(file.read(4))
        file.seek(0)
        lines = file if encoding == "utf-8" else _decode_lines(file, encoding)
        for line in lines:
            if stripped := line.strip():
                yield stripped


def _decode_lines(file: IO[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the lines of a file with a byte order mark, or in UTF-16 or UTF-32."""
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    with io.TextIOWrapper(file, encoding, errors, newline="\n") as text:
        for line in text:
            yield line.encode("utf-8", errors)


def _with_system(item: Item, system: str) -> Item:
    head = [{"role": "system", "content": system}]
    messages = (
        item.messages if isinstance(item.messages, list) else normalize_messages(item.messages)
    )
    return replace(item, messages=[*head, *messages])


def _to_item(index: int, value: object) -> Item:
    try:
        return _parse(index, json.loads(value) if isinstance(value, bytes) else value)
    except (ValueError, TypeError, RecursionError) as error:
        return Item(index, problem=f"line is not a prompt: {error}")


def _parse(index: int, value: object) -> Item:
    if isinstance(value, str | list):
        return Item(index, value)
    if not isinstance(value, Mapping):
        raise ValueError("it must be a string, a list of messages, or an object")
    body = value.get("body")  # as in OpenAI's batch files
    if body is not None and not isinstance(body, Mapping):
        raise ValueError('"body" must be an object')
    request = value if body is None else body
    messages = request.get("messages", request.get("prompt"))
    if not isinstance(messages, str | list):
        raise ValueError('it has neither "messages" nor "prompt"')
    name = value.get("id", value.get("custom_id"))
    params, model = read_params(value, body)
    return Item(index, messages, None if name is None else str(name), params, model)

"""Repair of lone surrogates, also across the deltas of a stream.

A server that counts in UTF-16 (Node proxies) splits an emoji into two deltas. Only ``json``
accepts lone surrogates; text parsed by jiter has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_HIGH_AT_END = re.compile("[\ud800-\udbff]\\Z")
_Path = tuple[Any, ...]


def join_pairs(text: str) -> str:
    """Join surrogate pairs; replace lone surrogates by U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def repair_surrogates(value: Any) -> Any:
    """Repair all strings of a JSON value, at any depth."""
    if isinstance(value, str):
        return join_pairs(value)
    if isinstance(value, list):
        return [repair_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {join_pairs(key): repair_surrogates(item) for key, item in value.items()}
    return value


class SurrogateJoiner:
    """Joiner of surrogate pairs that are split across deltas.

    Buffers a high surrogate at the end of a delta until the delta with its low surrogate.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[_Path, str] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def repair(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Repair the strings of a chunk."""
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return repair_surrogates(chunk)  # type: ignore[no-any-return]
        rest = {key: value for key, value in chunk.items() if key != "choices"}
        return {**repair_surrogates(rest), "choices": [self._choice(raw) for raw in choices]}

    def flush(self) -> dict[str, Any]:
        """Return a chunk with the replacements of the buffered surrogates."""
        paths = list(self._held)
        deltas = [{"index": path[0], "delta": self._unpaired_delta(path)} for path in paths]
        self._held.clear()
        return {"choices": deltas}

    def _choice(self, raw: Any) -> Any:
        if not isinstance(raw, dict) or not isinstance(raw.get("delta"), dict):
            return repair_surrogates(raw)
        rest = {key: value for key, value in raw.items() if key != "delta"}
        index = raw.get("index", 0)
        return {**repair_surrogates(rest), "delta": self._walk(raw["delta"], (index,))}

    def _walk(self, value: object, path: _Path) -> Any:
        if isinstance(value, str):
            return self._piece(value, path)
        if isinstance(value, list):
            places = (_list_key(item, n) for n, item in enumerate(value))
            return [
                self._walk(item, (*path, place)) for item, place in zip(value, places, strict=True)
            ]
        if isinstance(value, dict):
            return {join_pairs(key): self._walk(item, (*path, key)) for key, item in value.items()}
        return value

    def _piece(self, text: str, path: _Path) -> str:
        if not text:
            return text
        text = self._held.pop(path, "") + text
        high = _HIGH_AT_END.search(text)
        if high is not None:
            self._held[path] = high.group()
            text = text[: high.start()]
        return join_pairs(text)

    def _unpaired_delta(self, path: _Path) -> dict[str, object]:
        value: Any = join_pairs(self._held[path])
        for key in reversed(path[1:]):
            value = [{"index": key[0], **value}] if isinstance(key, tuple) else {key: value}
        return value if isinstance(value, dict) else {}


def _list_key(item: object, position: int) -> tuple[object]:
    """Identify a list item by its ``index``, since a tool call may go on in the next chunk."""
    index = item.get("index") if isinstance(item, Mapping) else None
    return (index if isinstance(index, int) else position,)

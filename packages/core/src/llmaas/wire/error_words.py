"""The words of an error body: bounded, and without the request that some engines repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LONGEST = 2_000
_MOST_FAULTS = 5
_SEARCHED = 200_000

_INPUT_IN_DICT = re.compile(
    r"""(?s)['"](?:input|input_value)['"]: .*?(?='(?:ctx|url)': |\}\s*(?:\n|$)|\Z)"""
)
_INPUT_IN_WORDS = re.compile(r"(?s)input_value=.*?(?=, input_type=|\Z)")


def readable(message: Any) -> str:
    """Return a message as text of at most 2,000 characters.

    vLLM and FastAPI gateways repeat the rejected input (pydantic's ``input``): it is left
    out, since it holds the prompt.
    """
    if isinstance(message, list) and any(isinstance(entry, Mapping) for entry in message):
        message = "; ".join(_faults(message[:_MOST_FAULTS]))
    elif isinstance(message, Mapping):
        message = _fault(message)
    text = str(message)[:_SEARCHED]
    if "input" in text:
        text = _INPUT_IN_WORDS.sub("input_value=...", _INPUT_IN_DICT.sub("'input': ...", text))
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def _faults(entries: Sequence[Any]) -> Iterator[str]:
    for entry in entries:
        yield _fault(entry) if isinstance(entry, Mapping) else str(entry)[:LONGEST]


def _fault(entry: Mapping[str, Any]) -> str:
    """Return one entry of a validation error: where, and what is wrong."""
    words = entry.get("msg") or entry.get("message")
    if not isinstance(words, str):
        kept = {key: value for key, value in entry.items() if key not in ("input", "ctx")}
        return str(kept)[:LONGEST]
    place = entry.get("loc")
    if isinstance(place, Sequence) and not isinstance(place, str):
        return f"{'.'.join(map(str, place))}: {words}"
    return words

"""Error messages of bounded length, without the prompt that some engines repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

MAX_LENGTH = 2_000
_MAX_ENTRIES = 5
_MAX_SEARCHED = 200_000

_INPUT_IN_DICT = re.compile(
    r"""(?s)['"](?:input|input_value)['"]: .*?(?='(?:ctx|url)': |\}\s*(?:\n|$)|\Z)"""
)
_INPUT_IN_WORDS = re.compile(r"(?s)input_value=.*?(?=, input_type=|\Z)")


def readable(message: object) -> str:
    """Convert a message to text of at most 2,000 characters.

    vLLM and FastAPI gateways repeat the rejected input (pydantic's ``input``). It contains the
    prompt and is removed.
    """
    if isinstance(message, list) and any(isinstance(entry, Mapping) for entry in message):
        message = "; ".join(_format_entries(message[:_MAX_ENTRIES]))
    elif isinstance(message, Mapping):
        message = _format_entry(message)
    text = str(message)[:_MAX_SEARCHED]
    if "input" in text:
        text = _INPUT_IN_WORDS.sub("input_value=...", _INPUT_IN_DICT.sub("'input': ...", text))
    return text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + "..."


def _format_entries(entries: Sequence[object]) -> Iterator[str]:
    for entry in entries:
        yield _format_entry(entry) if isinstance(entry, Mapping) else str(entry)[:MAX_LENGTH]


def _format_entry(entry: Mapping[str, object]) -> str:
    """Format an entry of a validation error: location and problem."""
    words = entry.get("msg") or entry.get("message")
    if not isinstance(words, str):
        kept = {key: value for key, value in entry.items() if key not in ("input", "ctx")}
        return str(kept)[:MAX_LENGTH]
    place = entry.get("loc")
    if isinstance(place, Sequence) and not isinstance(place, str):
        return f"{'.'.join(map(str, place))}: {words}"
    return words

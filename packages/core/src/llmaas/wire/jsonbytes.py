"""JSON from and to bytes, and what is JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import jiter

_HALF = re.compile(
    r"\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(?P<half>ud[89a-f][0-9a-f]{2})|.)"
)


def loads(data: bytes) -> Any:
    """Parse JSON; raise ``ValueError`` when it is none.

    jiter is six times as fast as the standard library, but refuses lone surrogates, which
    models do write: those few go the slow way.
    """
    try:
        return jiter.from_json(data, cache_mode="keys")
    except ValueError:
        if rb"\u" not in data:
            raise
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def is_json(text: str) -> bool:
    """Whether a text is JSON as it stands."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def dumps(value: Any) -> bytes:
    """Write JSON as bytes; raise ``TypeError`` or ``ValueError`` for what JSON has no word for."""
    text = _encode(value)
    return (_HALF.sub(_whole, text) if "\\ud" in text else text).encode("ascii")


def _whole(found: re.Match[str]) -> str:
    """Return an escape as it is, but a lone half of a pair as U+FFFD: strict readers refuse it."""
    return "\\ufffd" if found["half"] else found[0]


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

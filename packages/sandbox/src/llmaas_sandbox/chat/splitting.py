"""Splitting of texts into the pieces of a stream."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\S+\s*|\s+")
_ARGUMENTS_PIECE = 12


def split_text(text: str) -> list[str]:
    """Split a text into the pieces of a stream, one word each."""
    return _PIECE.findall(text)


def split_arguments(arguments: str) -> list[str]:
    """Split the text of arguments into the fragments of a stream."""
    step = _ARGUMENTS_PIECE
    return [arguments[i : i + step] for i in range(0, len(arguments), step)] or [""]

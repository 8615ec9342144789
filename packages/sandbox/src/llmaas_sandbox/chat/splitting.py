"""Texts cut into the pieces that streams send."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\S+\s*|\s+")
_ARGUMENTS_PIECE = 12


def split_text(text: str) -> list[str]:
    """Cut a text into the pieces that a stream sends, one word each."""
    return _PIECE.findall(text)


def split_arguments(arguments: str) -> list[str]:
    """Cut the text of arguments into the fragments that a stream sends."""
    step = _ARGUMENTS_PIECE
    return [arguments[i : i + step] for i in range(0, len(arguments), step)] or [""]

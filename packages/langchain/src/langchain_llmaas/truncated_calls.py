"""Argument suffixes that keep LangChain from running truncated tool calls.

LangChain parses the arguments of merged chunks as partial JSON: ``{"path": "/srv`` becomes a
valid call. Only mismatched brackets make such a call invalid.
"""

from __future__ import annotations

from langchain_core.utils.json import parse_partial_json

_SUFFIXES = ('"]"]', '"}"}')
"""Each closes an open string, if any, and then a bracket that is not open."""


def invalidating_suffix(arguments: str) -> str:
    """Return the suffix that makes arguments invalid for LangChain; empty if they already are."""
    return next(suffix for suffix in ("", *_SUFFIXES) if _is_invalid(arguments + suffix))


def strip_suffix(arguments: str) -> str:
    """Remove the suffix: return the arguments as the model wrote them."""
    suffix = next((suffix for suffix in _SUFFIXES if arguments.endswith(suffix)), "")
    written = arguments.removesuffix(suffix)
    return written if suffix and invalidating_suffix(written) == suffix else arguments


def _is_invalid(arguments: str) -> bool:
    try:
        return not isinstance(parse_partial_json(arguments), dict) and bool(arguments)
    except ValueError:
        return True

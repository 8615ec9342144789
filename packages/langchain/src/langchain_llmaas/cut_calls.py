"""Ends that keep LangChain from running truncated tool calls.

LangChain reads the arguments of merged chunks as partial JSON: of ``{"path": "/srv`` it makes
a valid call. Only mismatched brackets make such a call invalid.
"""

from __future__ import annotations

from langchain_core.utils.json import parse_partial_json

_ENDS = ('"]"]', '"}"}')
"""Each closes a string, if one is open, and then a bracket that is not open."""


def mismatched_end(arguments: str) -> str:
    """Return what makes arguments invalid for LangChain; empty where they are already."""
    return next(end for end in ("", *_ENDS) if _is_invalid(arguments + end))


def without_end(arguments: str) -> str:
    """Return the arguments as the model wrote them."""
    end = next((end for end in _ENDS if arguments.endswith(end)), "")
    written = arguments.removesuffix(end)
    return written if end and mismatched_end(written) == end else arguments


def _is_invalid(arguments: str) -> bool:
    try:
        return not isinstance(parse_partial_json(arguments), dict) and bool(arguments)
    except ValueError:
        return True

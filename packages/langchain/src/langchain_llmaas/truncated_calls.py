"""Argument suffixes that keep LangChain from running truncated and other invalid tool calls.

LangChain parses the arguments of merged chunks as partial JSON: ``{"path": "/srv`` becomes a
valid call. Only mismatched brackets make such a call invalid.
"""

from __future__ import annotations

import json

from langchain_core.utils.json import parse_partial_json

_SUFFIXES = ('"]"]', '"}"}')
"""Each closes an open string, if any, and then a bracket that is not open."""
JSON_SUFFIX = _SUFFIXES[0]
"""Makes any JSON invalid: version 3 event streams fail on arguments that are not an object."""


def invalidating_suffix(arguments: str) -> str:
    """Return the suffix that makes arguments invalid for LangChain; empty if they already are."""
    return next(suffix for suffix in ("", *_SUFFIXES) if _is_invalid(arguments + suffix))


def strip_suffix(arguments: str) -> str:
    """Remove the suffix: return the arguments as the model wrote them."""
    suffix = next((suffix for suffix in _SUFFIXES if arguments.endswith(suffix)), "")
    written = arguments.removesuffix(suffix)
    is_added = suffix and (invalidating_suffix(written) == suffix or is_other_json(written))
    return written if is_added else arguments


def is_other_json(arguments: str) -> bool:
    """Whether arguments are JSON, but not an object."""
    try:
        return not isinstance(json.loads(arguments), dict)
    except ValueError:
        return False


def _is_invalid(arguments: str) -> bool:
    try:
        return not isinstance(parse_partial_json(arguments), dict) and bool(arguments)
    except ValueError:
        return True

"""A text that matches a regular expression: one that the question holds, or one made up."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ATOM = re.compile(
    r"\\(?P<class>[dwsDWS])|\\(?P<escaped>.)|\[(?P<set>\^?\]?(?:\\.|[^\]\\])*)\]"
    r"|\((?:\?:|\?P<\w+>)?(?P<group>(?:\\.|[^()\\])*)\)|(?P<dot>\.)|(?P<anchor>[\^$])|(?P<plain>[^\\\[().])",
    re.DOTALL,
)
_TIMES = re.compile(r"\{(\d+)(?:,\d*)?\}|([?*+])")
_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}


def matching(pattern: str, candidates: Iterable[str]) -> str:
    """Return the first candidate that matches, else a text built from the pattern itself."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return ""
    for candidate in candidates:
        if compiled.search(candidate):
            return candidate
    return _build(pattern)


def _build(pattern: str) -> str:
    branch = _first_branch(pattern)
    built, position = [], 0
    while position < len(branch):
        atom = _ATOM.match(branch, position)
        if atom is None:
            position += 1
            continue
        times = _TIMES.match(branch, atom.end())
        built.append(_sample(atom) * _repeats(times))
        position = times.end() if times else atom.end()
    return "".join(built)


def _first_branch(pattern: str) -> str:
    depth = 0
    for i, char in enumerate(pattern):
        depth += (char in "([") - (char in ")]")
        if char == "|" and depth == 0:
            return pattern[:i]
    return pattern


def _repeats(times: re.Match[str] | None) -> int:
    if times is None:
        return 1
    return int(times[1]) if times[1] else {"?": 0, "*": 0, "+": 1}[times[2]]


def _sample(atom: re.Match[str]) -> str:
    if atom["class"]:
        return _CLASSES[atom["class"]]
    if atom["set"] is not None:
        return _from_set(atom["set"])
    if atom["group"] is not None:
        return _build(atom["group"])
    return atom["escaped"] or atom["plain"] or ("a" if atom["dot"] else "")


def _from_set(inner: str) -> str:
    if inner.startswith("^"):
        return next(c for c in "a0-Z " if not re.match(f"[{inner[1:]}]", c))
    if inner.startswith("\\"):
        return _CLASSES.get(inner[1:2], inner[1:2])
    return inner[:1]

"""Texts that match a regular expression, found or generated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

_ATOM = re.compile(
    r"\\(?P<class>[dwsDWS])|\\(?P<escaped>.)|\[(?P<set>\^?\]?(?:\\.|[^\]\\])*)\]"
    r"|\((?:\?:|\?P<\w+>)?(?P<group>(?:\\.|[^()\\])*)\)|(?P<dot>\.)|(?P<anchor>[\^$])|(?P<plain>[^\\\[().])",
    re.DOTALL,
)
_TIMES = re.compile(r"\{(\d+)(?:,\d*)?\}|([?*+])")
_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}


_OPEN_ENDED = re.compile(r"[*+]|\{\d*,\}")
_MAX_CANDIDATES, _MAX_REPEATS, _MAX_BUILT = 200, 1_000, 10_000


def build_match(pattern: str, candidates: Iterable[str]) -> str:
    """Return the first candidate that matches, else a text built from the pattern itself."""
    for candidate in islice(candidates, _MAX_CANDIDATES):
        if is_match(pattern, candidate):
            return candidate
    return _build(pattern)


def is_match(pattern: str, text: str) -> bool:
    """Whether a text matches; False for patterns that may take too long.

    Two open-ended repetitions may backtrack without end: only short texts are tried on them.
    """
    most = 2_000 if len(_OPEN_ENDED.findall(pattern)) < 2 else 12
    try:
        return len(text) <= most and re.search(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _build(pattern: str) -> str:
    branch = _first_branch(pattern)
    built, position = [], 0
    while position < len(branch):
        atom = _ATOM.match(branch, position)
        if atom is None:
            position += 1
            continue
        times = _TIMES.match(branch, atom.end())
        sample, repeats = _sample(atom), _repeats(times)
        built.append(sample * min(repeats, _MAX_BUILT // max(1, len(sample))))
        position = times.end() if times else atom.end()
    return "".join(built)[:_MAX_BUILT]


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
    return min(int(times[1][:6]), _MAX_REPEATS) if times[1] else {"?": 0, "*": 0, "+": 1}[times[2]]


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

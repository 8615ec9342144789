"""Extraction of JSON from answers with fences, prose, invisible characters or several values.

Every function takes linear time for any text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from llmaas.wire.json_codec import is_json

_INVISIBLE = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180e"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
)
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)'
_HAS_INVISIBLE = re.compile(f"[{_INVISIBLE}]").search
_STRING_OR_INVISIBLE = re.compile(f"({_STRING})|[{_INVISIBLE}]+", re.DOTALL)
_OPENING = re.compile(r'\{(?=\s*["}])|\[(?=\s*[]{["tfnNI0-9-])').search
"""Bracket that may begin JSON; most brackets in prose may not."""
_MAX_BROKEN = 1_000
"""Maximum invalid values; reporting each takes the length of the text before it."""
_ENDS = re.compile(rf"[\s`{_INVISIBLE}]*\Z").match
_BEGINNING = re.compile(rf"[\s{_INVISIBLE}]*(?:`{{3,}}[\w+-]*\s*)?").match
_OBJECT_BEGINS = re.compile(rf"[\s{_INVISIBLE}]*(?:`{{3,}}[\w+-]*\s*)?(\{{\s*[\"}}])").match
_MAY_BEGIN = re.compile(rf"[\s{_INVISIBLE}]*(?:`{{1,3}}[\w+-]*\s*)?(?:\{{\s*)?\Z").match
_MAX_BEGINNING = 256
_SPECIAL = re.compile(r'[\\"{}\[\]]').finditer

_DECODER = json.JSONDecoder(strict=False)
"""Accepts control characters in strings, because models write raw line breaks there."""


class Candidate(NamedTuple):
    """JSON value in a text, with its position."""

    value: object
    start: int
    end: int
    text: str
    """Text that contains the value."""

    def as_json(self) -> str:
        """Return the value as written if that is strict JSON, otherwise encoded again."""
        raw = self.text[self.start : self.end]
        return raw if is_json(raw) else json.dumps(self.value, ensure_ascii=False)


def extract_json(text: str) -> object:
    """Extract the JSON value of a text.

    Of several values, the one at the beginning of the text is returned, otherwise the last object.

    Raises ``ValueError`` if there is none.
    """
    for candidate in candidates(text):
        return candidate.value
    raise ValueError("the answer contains no JSON")


def candidates(text: str, *, cut: bool = False) -> Iterator[Candidate]:
    """Yield the JSON values of a text, the most likely answer first.

    Parts of an invalid value are not candidates. An answer that was ``cut`` has a candidate only
    if it is an object or list followed by white space: some models write white space until their
    tokens are used up.

    Raises ``ValueError`` with the error of the first value if there is no candidate.
    """
    try:
        if (whole := _whole(text)) is not None:
            if cut and not (whole.end < len(text) and text[whole.end - 1] in "}]"):
                raise ValueError("the answer was truncated")
            yield whole
            return
        found = [] if cut else _scan(text)
        if not found and _HAS_INVISIBLE(text) and (visible := _visible(text)) != text:
            yield from candidates(visible, cut=cut)
            return
    except RecursionError as error:
        raise ValueError("the JSON of the answer is nested too deeply") from error
    if cut:
        raise ValueError("the answer was truncated")
    yield from _by_likelihood(text, found)


def ends_with_json(text: str) -> Candidate | None:
    """Find the object or list at the end of a text, such as an answer after reasoning."""
    try:
        found = _scan(text)
    except (ValueError, RecursionError):
        return None
    return found[-1] if found and _ENDS(text, found[-1].end) else None


def _whole(text: str) -> Candidate | None:
    """Parse a text that is one value, within white space and a fence."""
    start = _begin(text)
    try:
        value, end = _DECODER.raw_decode(text, start)
    except ValueError:
        return None
    return Candidate(value, start, end, text) if _ENDS(text, end) else None


def _begin(text: str) -> int:
    beginning = _BEGINNING(text)
    return beginning.end() if beginning else 0


def _visible(text: str) -> str:
    """Remove invisible characters outside strings; in strings they may be part of a name."""
    return _STRING_OR_INVISIBLE.sub(lambda match: match[1] or "", text)


def _scan(text: str) -> list[Candidate]:
    """Find all objects and lists of a text; raise ``ValueError`` if all are invalid.

    After an invalid value the search continues at its error, so that each character is read a
    bounded number of times and no part of an invalid value is returned.
    """
    found: list[Candidate] = []
    problem: Exception | None = None
    at = broken = 0
    while broken < _MAX_BROKEN and (bracket := _OPENING(text, at)) is not None:
        start = bracket.start()
        try:
            value, at = _DECODER.raw_decode(text, start)
            found.append(Candidate(value, start, at, text))
        except json.JSONDecodeError as error:
            problem = problem or error
            if _ends_inside(error, text):
                break
            at, broken = max(start + 1, error.pos), broken + 1
        except ValueError as error:  # an integer of more digits than Python reads
            problem = problem or error
            break
    if not found and problem is not None and not _HAS_INVISIBLE(text):
        raise ValueError(f"the JSON of the answer is invalid: {problem}") from problem
    return found


def _ends_inside(error: json.JSONDecodeError, text: str) -> bool:
    """Whether a value is invalid because the text ends: nothing in it is complete."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip())


def _by_likelihood(text: str, found: list[Candidate]) -> Iterator[Candidate]:
    if not found:
        raise ValueError("the answer contains no JSON")
    if found[0].start == _begin(text):
        yield found.pop(0)
    for kind in (dict, list):
        yield from (candidate for candidate in reversed(found) if isinstance(candidate.value, kind))


class JSONFilter:
    """Filter that removes the fence and the words around a streamed JSON answer.

    An object is emitted as it arrives. Other text is buffered until its end, because brackets in
    prose may be anything. Text without JSON is emitted unchanged.
    """

    def __init__(self) -> None:
        self._held: list[str] = []
        self._state = "start"
        self._depth = 0
        self._in_string = False
        self._escaped = -1

    def feed(self, text: str) -> str:
        """Process a piece; return the text to emit now."""
        if self._state == "inside":
            return self._inside(text)
        if self._state != "closed":
            self._held.append(text)
        return self._begin() if self._state == "start" else ""

    def end(self, *, cut: bool = False) -> str:
        """Return the buffered text at the end of the answer, unchanged if it was ``cut``."""
        held = "".join(self._held)
        self._held.clear()
        return held if cut else json_part(held)

    def _begin(self) -> str:
        """Emit the beginning of an object; buffer text that cannot become one."""
        held = "".join(self._held)
        match = _OBJECT_BEGINS(held)
        if match is None:
            if len(held) > _MAX_BEGINNING or not _MAY_BEGIN(held):
                self._state = "held"
            return ""
        self._held.clear()
        self._state = "inside"
        return self._inside(held[match.start(1) :])

    def _inside(self, text: str) -> str:
        """Return the text up to the end of the object."""
        for match in _SPECIAL(text):
            at = match.start()
            if at == self._escaped:
                continue
            self._process(match[0], at)
            if not self._depth:
                self._state = "closed"
                return text[: at + 1]
        self._escaped -= len(text)
        return text

    def _process(self, character: str, at: int) -> None:
        if self._in_string:
            if character == "\\":
                self._escaped = at + 1
            elif character == '"':
                self._in_string = False
        elif character == '"':
            self._in_string = True
        elif character != "\\":
            self._depth += 1 if character in "{[" else -1


def json_part(text: str) -> str:
    """Return the JSON of a text as the model wrote it, or the text if there is none."""
    try:
        for candidate in candidates(text):
            return candidate.as_json()
    except ValueError:
        pass
    return text

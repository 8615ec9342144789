"""Incremental JSON arguments of a tool call."""

from __future__ import annotations

import json
import re

_MARK = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z"
    r"|\\u[0-9a-fA-F]{0,3}\Z|\\\Z)"
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r'|\\[\s\S]|[{}\[\]"\x00-\x1f]'
)
"""Tokens that change the state of JSON text: escapes, brackets, quotes, control characters."""

_ESCAPES = {chr(code): json.dumps(chr(code))[1:-1] for code in range(0x20)}
_NULL = "null"
_LEAK = re.compile(r"</?tool_call>|<\|[a-z_]+\|>|```\s*\Z")
"""Template tokens that may follow the arguments."""


class Arguments:
    """Arguments of a tool call, accumulated from fragments.

    The closing bracket is buffered until the call is known to be complete, so that the fragments
    of a truncated call are never valid JSON. Raw control characters in strings are escaped and
    escaped lone surrogates become U+FFFD, so that the text is strict JSON. Text after the closing
    bracket either repeats the arguments (vLLM flushes them again) or makes them invalid. A JSON
    string that contains an object (encoded twice by some templates) is replaced by the object.
    """

    __slots__ = (
        "_closing",
        "_depth",
        "_in_string",
        "_lead",
        "_parts",
        "_pending_escape",
        "_released",
        "_surplus",
    )

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._lead = ""
        self._pending_escape = ""
        self._closing = ""
        self._released = ""
        self._surplus = ""
        self._depth = 0
        self._in_string = False

    @property
    def has_begun(self) -> bool:
        """Whether anything except white space or ``null`` was received."""
        return bool(self._parts or self._pending_escape or self._closing or self._is_quoted)

    @property
    def is_closed(self) -> bool:
        """Whether the object (or array) is complete."""
        return bool(self._closing)

    @property
    def is_open(self) -> bool:
        """Whether an object (or a string) is incomplete."""
        if self._is_quoted:
            return _decode(self._lead) is None
        return not self._closing and (self._depth > 0 or self._in_string)

    @property
    def _is_quoted(self) -> bool:
        return self._lead[:1] == '"'

    def feed(self, text: str) -> str:
        """Process a fragment; return the text to emit now."""
        if self._closing:
            self._surplus += text
            return ""
        if not self._parts and not self._pending_escape:
            text = (self._lead + text).lstrip()
            # Buffer "null", and a string, which may contain the object.
            if text[:1] == '"' or _NULL.startswith(text.rstrip()):
                self._lead = text
                return ""
        if self._pending_escape or _MARK.search(text):
            text = self._read(self._pending_escape + text)
        if text:
            self._parts.append(text)
        return text

    def repeats(self, text: str) -> bool:
        """Whether ``text`` only repeats (a part of) the complete arguments."""
        return _repeats("".join(self._parts) + self._closing, text.strip())

    def equals(self, text: str) -> bool:
        """Whether ``text`` equals the complete arguments as JSON."""
        return _are_equal("".join(self._parts) + self._closing, text.strip())

    def release(self) -> str:
        """Return the closing bracket, because the next call has begun."""
        if self._released or self._surplus:
            return ""
        self._released = self._closing
        return self._released

    def flush(self, *, cut: bool) -> str:
        """Return the buffered text; a cut call stays without its closing bracket."""
        if self._closing:
            return "" if cut else self._closing_rest().removeprefix(self._released)
        if self._parts or self._pending_escape:
            return self._pending_escape
        if self._is_quoted:
            return _unquoted(self._lead, cut=cut)
        return "{" if cut else "{}"

    def text(self, *, cut: bool) -> str:
        """Return all arguments: the emitted text and the rest."""
        return "".join(self._parts) + self._released + self.flush(cut=cut)

    def _closing_rest(self) -> str:
        text, surplus = "".join(self._parts), _LEAK.sub("", self._surplus).strip()
        if surplus == _NULL or _repeats(text + self._closing, surplus):
            return self._closing
        if text.strip() == "{" and surplus.startswith("{") and not self._released:
            return surplus[1:]  # "{}" was a placeholder
        return self._closing + surplus

    def _read(self, text: str) -> str:
        """Track the JSON state through a fragment; return it as strict JSON."""
        self._pending_escape = ""
        out: list[str] = []
        start = 0
        for match in _MARK.finditer(text):
            mark = match.group()
            if mark == '"':
                self._in_string = not self._in_string
            elif match.lastgroup == "half":
                self._pending_escape = mark
                out.append(text[start : match.start()])
                return "".join(out)
            elif mark[-1] < " " or match.lastgroup == "lone":
                out += text[start : match.start()], self._replacement(mark)
                start = match.end()
            elif not self._in_string and self._closes(mark):
                self._closing, self._surplus = mark, text[match.end() :]
                out.append(text[start : match.start()])
                return "".join(out)
        out.append(text[start:])
        return "".join(out)

    def _replacement(self, mark: str) -> str:
        if mark[-1] >= " ":
            return r"\ufffd"
        if self._in_string:
            return _ESCAPES[mark[-1]]
        return mark if mark in "\t\n\r" else " "

    def _closes(self, mark: str) -> bool:
        """Count a bracket; return whether it closes the arguments."""
        if mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
            return self._depth == 0
        return False


def _decode(text: str) -> str | None:
    """Decode a JSON string; return None if it is incomplete or not a string."""
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _unquoted(text: str, *, cut: bool) -> str:
    """Return the object that a JSON string contains, otherwise the string itself."""
    inner = (_decode(text) or "").strip()
    if not inner.startswith("{"):
        return text
    arguments = Arguments()
    return arguments.feed(inner) + arguments.flush(cut=cut or arguments.is_open)


def _repeats(whole: str, text: str) -> bool:
    return whole.endswith(text) or whole.startswith(text) or _are_equal(whole, text)


def _are_equal(whole: str, text: str) -> bool:
    if whole == text:
        return True
    try:
        return bool(json.loads(text) == json.loads(whole))
    except (ValueError, RecursionError):
        return False

"""Cleaning of tool names that contain tokens of chat templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llmaas.wire.tool_schemas import RenamedTools

_LEAK = re.compile(r"<[^<>]*>?|\s+|\(\)\Z")
"""Template tokens (``<|channel|>``, ``</function>``), also truncated, white space, ``()``."""

_NONE: Mapping[str, str] = {}
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.\-]+\Z")
_KIMI_COUNT = re.compile(r":\d+\Z")
_NAMESPACE = re.compile(r".*[.:/]")
"""Prefix of a name (Gemma: ``default_api.``), removed if an offered name remains."""


class ToolNames:
    """Names of the tools that a request offers."""

    __slots__ = ("_offered", "_renamed")

    def __init__(self, tools: Iterable[Any] = ()) -> None:
        self._offered = frozenset(filter(None, map(_get_name, tools)))
        self._renamed = tools.renamed if isinstance(tools, RenamedTools) else _NONE

    def clean(self, name: str) -> str:
        """Return the offered name that a name refers to, otherwise the name without tokens."""
        if name in self._offered:
            return name
        parts = [part for part in _LEAK.split(name) if part]
        for part in parts:
            for candidate in _readings(part):
                if candidate in self._offered:
                    return candidate
        return next(filter(_IDENTIFIER.match, parts), name.strip())

    def original(self, name: str) -> str:
        """Return the caller's name of the tool that a name refers to."""
        found = self.clean(name)
        return self._renamed.get(found, found)

    def is_settled(self, name: str) -> bool:
        """Whether a name is offered and is not the beginning of another."""
        if name not in self._offered:
            return False
        return not any(other.startswith(name) and other != name for other in self._offered)

    def offers(self, name: str) -> bool:
        """Whether a tool of this name was offered."""
        return name in self._offered

    def may_continue(self, name: str) -> bool:
        """Whether an offered name begins with a text."""
        return any(other.startswith(name) for other in self._offered)


def _get_name(tool: Any) -> str | None:
    function = tool.get("function") if isinstance(tool, Mapping) else None
    name = (function if isinstance(function, Mapping) else tool or {}).get("name")
    return name if isinstance(name, str) else None


def _readings(part: str) -> Iterator[str]:
    """Yield variants without the namespaces of gpt-oss and others, and without Kimi's counter."""
    for start in ("", "to=", "functions.", "to=functions."):
        if part.startswith(start):
            bare = part[len(start) :]
            yield bare
            yield _KIMI_COUNT.sub("", bare)
    yield _NAMESPACE.sub("", part)

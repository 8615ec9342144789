"""Pieces of tool calls, with or without ``index`` and ``id``, put together call by call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from llmaas.types import ToolCall, ToolCallDelta
from llmaas.wire.jsonbytes import is_json


class _Call:
    __slots__ = ("announced", "id", "index", "name", "parts", "waiting")

    def __init__(self, index: Any, call_id: str | None, name: str) -> None:
        self.index = index
        self.id = call_id
        self.name = name
        self.parts: list[str] = []
        self.waiting = ""
        self.announced = False

    @property
    def arguments(self) -> str:
        return "".join(self.parts)

    @property
    def is_whole(self) -> bool:
        """Whether the arguments are a complete JSON object, so that more must be another call."""
        text = self.arguments.strip()
        return text.endswith("}") and is_json(text)


class ToolCallAssembler:
    """One choice's tool calls.

    ``seed`` makes the ids that are invented where the service sent none; the same seed and
    the same pieces give the same ids.
    """

    __slots__ = ("_calls", "_choice", "_seed")

    def __init__(self, choice: int, seed: str) -> None:
        self._choice = choice
        self._seed = seed
        self._calls: list[_Call] = []

    def feed(self, piece: Mapping[str, Any]) -> ToolCallDelta | None:
        """Take one entry of ``delta.tool_calls``; return the event it makes, if any yet."""
        function = piece.get("function")
        if not isinstance(function, dict):
            function = piece
        name = function.get("name") or ""
        call_id = piece.get("id")
        position = self._position(piece.get("index"), str(call_id) if call_id else None, str(name))
        call = self._calls[position]
        if name and not call.name:
            call.name = str(name)
        arguments = _as_text(function.get("arguments"))
        call.parts.append(arguments)
        return self._event(position, call, arguments)

    def finish(self) -> list[ToolCallDelta]:
        """Announce calls that never got a name, so that nothing the model wrote is lost."""
        late = []
        for position, call in enumerate(self._calls):
            if not call.announced:
                late.append(self._announce(position, call))
        return late

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls; empty arguments become ``{}``."""
        return tuple(
            ToolCall(self._id(position, call), call.name, call.arguments.strip() or "{}")
            for position, call in enumerate(self._calls)
        )

    def _event(self, position: int, call: _Call, arguments: str) -> ToolCallDelta | None:
        if call.announced:
            return ToolCallDelta(position, arguments=arguments, index=self._choice)
        call.waiting += arguments
        return self._announce(position, call) if call.name else None

    def _announce(self, position: int, call: _Call) -> ToolCallDelta:
        call.announced = True
        arguments, call.waiting = call.waiting, ""
        return ToolCallDelta(
            position, self._id(position, call), call.name, arguments, index=self._choice
        )

    def _position(self, index: Any, call_id: str | None, name: str) -> int:
        """Find the call that a piece belongs to, or begin a new one."""
        found = self._find(index, call_id, name)
        if found is not None:
            return found
        self._calls.append(_Call(index, call_id, name))
        return len(self._calls) - 1

    def _find(self, index: Any, call_id: str | None, name: str) -> int | None:
        candidates = range(len(self._calls) - 1, -1, -1)
        if index is not None:
            same = [p for p in candidates if self._calls[p].index == index]
        else:
            same = list(candidates)
        if call_id is not None:
            by_id = [p for p in same if self._calls[p].id == call_id]
            if by_id:
                return by_id[0]
            # Another id: a new call, unless the one begun on this index has none yet.
            return same[0] if same and self._adopts(same[0], index, call_id, name) else None
        if not same:
            return None
        last = self._calls[same[0]]
        if name and (last.is_whole or (last.name and last.name != name)):
            return None
        return same[0]

    def _adopts(self, position: int, index: Any, call_id: str, name: str) -> bool:
        call = self._calls[position]
        if index is None or call.id is not None or call.is_whole:
            return False
        if name and call.name and name != call.name:
            return False
        if not call.announced:
            call.id = call_id
        return True

    def _id(self, position: int, call: _Call) -> str:
        if call.id is None:
            text = f"{self._seed}/{self._choice}/{position}"
            call.id = "call_" + hashlib.sha256(text.encode()).hexdigest()[:24]
        return call.id


def _as_text(arguments: Any) -> str:
    """Arguments as the JSON text that the standard promises (some backends send an object)."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)

"""Accumulation of tool calls from the entries of messages and deltas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from llmaas.finish_reasons import TRUNCATED
from llmaas.types import Event, ToolCall, ToolCallDelta
from llmaas.wire.arguments import Arguments
from llmaas.wire.positions import parse_position
from llmaas.wire.tool_names import ToolNames


class _Call:
    """Incomplete tool call.

    ``ids`` are those of all its pieces; some engines send a new id with each (LM Studio).
    """

    __slots__ = (
        "announced",
        "arguments",
        "buffered",
        "id",
        "ids",
        "index",
        "name",
        "position",
        "sent_id",
    )

    def __init__(self, position: int, index: int | None) -> None:
        self.position = position
        self.index = index
        self.id = ""
        self.sent_id: str | None = None
        self.ids: set[str] = set()
        self.name = ""
        self.arguments = Arguments()
        self.buffered = ""
        self.announced = False

    def add_id(self, call_id: str | None) -> None:
        """Add the id of a piece; the first one is the call's."""
        if call_id is not None:
            self.ids.add(call_id)
            self.sent_id = self.sent_id or call_id


class ToolCallAccumulator:
    """Accumulator of the tool calls of a choice.

    In a whole message, each entry is a call, whatever its id. In a stream, a piece belongs to the
    call with its index, otherwise with its id, otherwise to the last call. It begins another call
    if that one is complete or has another name.

    ``seed`` generates ids if the service sent none or repeated one: nine letters and digits, the
    only form that every chat template accepts (Mistral).
    """

    __slots__ = (
        "_calls",
        "_choice",
        "_complete",
        "_last",
        "_names",
        "_seed",
        "_truncated",
        "_used_ids",
        "text_followed",
    )

    def __init__(self, choice: int, seed: str, tools: Iterable[Any] = ()) -> None:
        self._choice = choice
        self._seed = seed
        self._names = ToolNames(tools)
        self._calls: list[_Call] = []
        self._last: _Call | None = None
        self._used_ids: set[str] = set()
        self._complete = False
        self._truncated = False
        self.text_followed = False
        """Whether text followed the last call, so that the call is complete."""

    def feed(self, piece: Mapping[str, Any], events: list[Event], *, whole: bool = False) -> None:
        """Process an entry of ``tool_calls``; append its event, if any."""
        function = piece.get("function")
        if not isinstance(function, dict):
            function = piece
        index, call_id = _index(piece.get("index")), piece.get("id")
        call_id = str(call_id) if call_id else None
        name, arguments = function.get("name"), _as_text(function.get("arguments"))
        name = str(name) if name else ""
        call = self._last
        if whole or call is None or name or call_id is not None or call.index != index:
            call = self._call(index, call_id, name, arguments, events, whole=whole)
            call.add_id(call_id)
            self._add_name(call, name)
            self._last = call
        self.text_followed = False
        self._emit(call, call.arguments.feed(arguments), events)

    def finish(
        self, events: list[Event], *, complete: bool, reason: str | None, exhausted: bool
    ) -> None:
        """Emit all buffered data.

        ``complete`` means that the answer is complete, ``exhausted`` that it used all allowed
        tokens; ``reason`` is its finish reason.
        """
        self._complete = complete
        self._truncated = exhausted or reason in TRUNCATED
        for call in self._calls:
            rest = call.arguments.flush(cut=self._is_cut(call))
            if not call.announced:
                self._announce(call, rest, events)
            elif rest:
                events.append(ToolCallDelta(call.position, arguments=rest, index=self._choice))

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls, with the arguments that the events add up to."""
        return tuple(map(self._finished, self._calls))

    def _finished(self, call: _Call) -> ToolCall:
        cut = self._is_cut(call)
        name = self._names.original(call.name)
        call_id = call.id or call.sent_id or self._make_id(call.position)
        return ToolCall(call_id, name, call.arguments.text(cut=cut), cut)

    def _is_cut(self, call: _Call) -> bool:
        """Whether a call may lack arguments.

        The last call of a truncated answer may, even if its JSON is complete, because engines
        close the JSON without the missing parameters (vLLM's qwen3_coder parser).
        """
        if not call.name or call.arguments.is_open:
            return True
        is_last = call is self._calls[-1] and not self.text_followed
        return is_last and (self._truncated or not self._complete)

    def _emit(self, call: _Call, text: str, events: list[Event]) -> None:
        if call.announced:
            if text:
                events.append(ToolCallDelta(call.position, arguments=text, index=self._choice))
            return
        call.buffered += text
        if call.name and (call.buffered or self._names.is_settled(call.name)):
            self._announce(call, "", events)

    def _announce(self, call: _Call, rest: str, events: list[Event]) -> None:
        call.announced = True
        call.id = self._unique(call.sent_id or self._make_id(call.position))
        arguments, call.buffered = call.buffered + rest, ""
        name = self._names.original(call.name)
        events.append(ToolCallDelta(call.position, call.id, name, arguments, index=self._choice))

    def _add_name(self, call: _Call, name: str) -> None:
        if not name or call.announced or name == call.name:
            return
        call.name = name if name.startswith(call.name) else call.name + name

    def _call(
        self,
        index: int | None,
        call_id: str | None,
        name: str,
        arguments: str,
        events: list[Event],
        *,
        whole: bool,
    ) -> _Call:
        """Find the call of a piece, or begin a new one."""
        found = None if whole else self._find(index, call_id, name, arguments)
        if found is None:
            if self._calls:
                self._emit(self._calls[-1], self._calls[-1].arguments.release(), events)
            found = _Call(len(self._calls), index)
            self._calls.append(found)
        return found

    def _find(
        self, index: int | None, call_id: str | None, name: str, arguments: str
    ) -> _Call | None:
        same = [c for c in reversed(self._calls) if index is None or c.index == index]
        if not same:
            return None
        known = next((c for c in same if call_id in c.ids), None) if call_id else None
        call = known or same[0]
        is_new_id = call_id is not None and known is None
        if call.arguments.is_closed:
            begins = self._begins_after_complete(
                call, name, arguments, index=index, is_new_id=is_new_id
            )
        else:
            begins = self._begins_after_incomplete(call, name, index=index, is_new_id=is_new_id)
        return None if begins else call

    def _begins_after_complete(
        self, call: _Call, name: str, arguments: str, *, index: int | None, is_new_id: bool
    ) -> bool:
        """Whether a piece begins another call after a complete one in its position."""
        if name and self._differs(call, name):
            return True
        if name and is_new_id:  # the same call repeated on its index is not another call
            return index is None or not call.arguments.equals(arguments)
        if not arguments.strip() or not (name or is_new_id):
            return False
        if name and index is None and not call.ids:
            return True  # without index and ids, each piece with a name is a call
        return not call.arguments.repeats(arguments)

    def _begins_after_incomplete(
        self, call: _Call, name: str, *, index: int | None, is_new_id: bool
    ) -> bool:
        """Whether a piece begins another call after an incomplete one in its position."""
        if not name:
            return False
        names = self._names
        is_piece = not names.offers(name) and names.may_continue(call.name + name)
        if is_piece and not call.arguments.has_begun:
            return False
        if is_new_id and index is None and call.ids:
            return True
        if not self._differs(call, name) or not call.name:
            return False
        both = names.offers(call.name) and names.offers(name)
        return call.arguments.has_begun or both or index is None or is_new_id

    def _differs(self, call: _Call, name: str) -> bool:
        if name == call.name or self._names.clean(name) == self._names.clean(call.name):
            return False
        return call.arguments.has_begun or not name.startswith(call.name)

    def _unique(self, preferred: str) -> str:
        while preferred in self._used_ids:
            preferred = self._make_id(len(self._used_ids), preferred)
        self._used_ids.add(preferred)
        return preferred

    def _make_id(self, position: int, text: str = "") -> str:
        text = f"{self._seed}/{self._choice}/{position}{text}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:9]


def _index(value: object) -> int | None:
    index = parse_position(value)
    return None if index is None or index < 0 else index


def _as_text(arguments: object) -> str:
    """Convert arguments to JSON text; some backends send an object."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)

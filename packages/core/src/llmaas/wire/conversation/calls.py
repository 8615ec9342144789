"""Tool calls of a history: valid arguments and unique ids."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import jiter

from llmaas.wire.conversation.family import Family
from llmaas.wire.conversation.notes import Notes
from llmaas.wire.schema import wire_name

RAW = "raw_arguments"
"""Key for arguments that are not a JSON object."""
_SHORT_ID = re.compile(r"[a-zA-Z0-9]{9}\Z").match
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Calls:
    """Cleaner of the tool calls of a conversation; ids are unique afterwards."""

    __slots__ = ("_notes", "_plain", "_seen", "_short", "_used")

    def __init__(self, family: Family, notes: Notes) -> None:
        self._short, self._plain = family.short_ids, family.plain_names
        self._notes = notes
        self._used: set[str] = set()
        self._seen: dict[str, int] = {}

    def clean(self, call: object) -> dict[str, Any]:
        """Complete a call with a type, a name, arguments as a JSON object and a unique id."""
        call = call if isinstance(call, Mapping) else {}
        function = call.get("function")
        function = function if isinstance(function, Mapping) else call
        name, arguments = function.get("name"), function.get("arguments")
        clean = {
            "name": self._clean_name(name),
            "arguments": as_object(arguments),
        }
        if clean["arguments"] != arguments:
            self._notes.add("arguments")
        if clean["name"] != name or call.get("type") != "function":
            self._notes.add("call")
        id_ = self._unique_id(call.get("id"), clean)
        same = clean == function and call.get("type") == "function" and id_ == call.get("id")
        return dict(call) if same else {"id": id_, "type": "function", "function": clean}

    def _clean_name(self, name: object) -> str:
        if not isinstance(name, str) or not name:
            return "unknown"
        # the form of the tools' names, so that the history calls the tools that are offered
        return wire_name(name, default="tool") if self._plain else name

    def _unique_id(self, id_: object, function: Mapping[str, str]) -> str:
        """Return the id if it is valid, otherwise a deterministic new one."""
        if isinstance(id_, str) and self._is_valid_id(id_):
            self._used.add(id_)
            return id_
        self._notes.add("call_id")
        seed = str(id_) if id_ else f"{function['name']}\n{function['arguments']}"
        while True:
            n = self._seen[seed] = self._seen.get(seed, -1) + 1
            generated = short_id(f"{seed}\n{n}")
            if generated not in self._used:
                self._used.add(generated)
                return generated

    def _is_valid_id(self, id_: str) -> bool:
        return bool(id_) and id_ not in self._used and (not self._short or is_short_id(id_))


def is_short_id(id_: str) -> bool:
    """Whether an id has Mistral's form."""
    return _SHORT_ID(id_) is not None


def short_id(seed: str) -> str:
    """Derive an id of nine letters and digits from a seed; every engine accepts it."""
    number = int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:8])
    generated = ""
    for _ in range(9):
        number, rest = divmod(number, len(_DIGITS))
        generated += _DIGITS[rest]
    return generated


def is_object(arguments: object) -> bool:
    """Whether arguments are the text of a JSON object, as engines parse it."""
    if type(arguments) is not str or not arguments.startswith("{"):
        return False
    try:
        jiter.from_json(arguments.encode(), allow_inf_nan=False)
    except ValueError:
        return False
    return True


def as_object(arguments: object) -> str:
    """Convert arguments to the text of a JSON object; other values are kept under ``RAW``."""
    if is_object(arguments):
        return str(arguments)
    if isinstance(arguments, str):
        value = _parse(arguments)
        if not arguments.strip():
            value = {}
    else:
        value = {} if arguments is None else arguments
    if not isinstance(value, Mapping):
        value = {RAW: arguments}
    text = json.dumps(_finite(value), ensure_ascii=False, default=str)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _finite(value: object) -> object:
    """Replace NaN and infinities, which JSON does not support, by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _parse(text: str) -> object:
    """Parse JSON with raw line breaks in strings; return None for invalid JSON."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None

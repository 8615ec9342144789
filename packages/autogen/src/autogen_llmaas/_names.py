"""Tools as the wire takes them, and the way back from the names on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.tools import Tool, ToolSchema

from llmaas import ConfigurationError
from llmaas.adapters import ascii_name

_PLAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch


def wire_name(name: str) -> str:
    """Return a name that the wire takes; most already are."""
    return name if _PLAIN(name) else ascii_name(name)


class Toolbox:
    """The tools of one request. A hand-off to ``rédacteur`` has a name that no API takes."""

    def __init__(self, tools: Sequence[Tool | ToolSchema]) -> None:
        self.wire: list[dict[str, Any]] = []
        self._own: dict[str, str] = {}
        for tool in tools:
            schema = tool.schema if isinstance(tool, Tool) else tool
            self.wire.append(_function(schema, self._unique(schema["name"])))

    def _unique(self, name: str) -> str:
        told = wire_name(name)
        number = 2
        while told in self._own and self._own[told] != name:
            told, number = f"{wire_name(name)[:60]}_{number}", number + 1
        self._own[told] = name
        return told

    def own_name(self, told: str) -> str:
        """Return the tool's own name for the one that the model told."""
        return self._own.get(told, told)

    def told_name(self, own: str) -> str:
        """Return the name on the wire of a tool, offered now or earlier."""
        return next((told for told, name in self._own.items() if name == own), wire_name(own))

    def choice(self, choice: Any) -> Any:
        """Return ``tool_choice`` for the core; ``ConfigurationError`` for a tool not offered."""
        name = _chosen(choice)
        if name is None:
            return choice
        if name in self._own.values():
            return {"type": "function", "function": {"name": self.told_name(name)}}
        raise ConfigurationError(
            f"tool_choice references {name!r} but it's not in the provided tools"
        )


def _chosen(choice: Any) -> str | None:
    """Return the name of the tool that must be called, also as OpenAI's API has it."""
    if isinstance(choice, Tool):
        return choice.schema["name"]
    named = choice.get("function") if isinstance(choice, Mapping) else None
    return named.get("name") if isinstance(named, Mapping) else None


def _function(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Say ``strict`` only where the tool does: the service does not document it."""
    function: dict[str, Any] = {"name": name}
    if "description" in schema:
        function["description"] = schema["description"]
    parameters = schema.get("parameters")
    function["parameters"] = parameters or {"type": "object", "properties": {}}
    if "strict" in schema:
        function["strict"] = bool(schema["strict"])
    return {"type": "function", "function": function}

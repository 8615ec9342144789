"""Tool definitions of a request, and the mapping between tool names and API names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_core.tools import Tool, ToolSchema

from llmaas import ConfigurationError
from llmaas.adapters import ascii_name

_is_valid_name = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch


def api_name(name: str) -> str:
    """Convert a name to one that the API accepts; most are valid already."""
    return name if _is_valid_name(name) else ascii_name(name)


class ToolNameMap:
    """Tools of one request; maps names that the API rejects, such as non-ASCII hand-offs."""

    def __init__(self, tools: Sequence[Tool | ToolSchema]) -> None:
        self.definitions: list[dict[str, Any]] = []
        self._tool_names: dict[str, str] = {}
        for tool in tools:
            schema = tool.schema if isinstance(tool, Tool) else tool
            self.definitions.append(_function_tool(schema, self._unique(schema["name"])))

    def _unique(self, name: str) -> str:
        sent_name = api_name(name)
        number = 2
        while sent_name in self._tool_names and self._tool_names[sent_name] != name:
            sent_name, number = f"{api_name(name)[:60]}_{number}", number + 1
        self._tool_names[sent_name] = name
        return sent_name

    def to_tool_name(self, sent_name: str) -> str:
        """Return the tool's name for the one in a model's call."""
        return self._tool_names.get(sent_name, sent_name)

    def to_api_name(self, tool_name: str) -> str:
        """Return the API name of a tool of this request or an earlier one."""
        return next(
            (sent_name for sent_name, name in self._tool_names.items() if name == tool_name),
            api_name(tool_name),
        )

    def to_tool_choice(self, choice: Any) -> Any:
        """Convert ``tool_choice``. Raises ``ConfigurationError`` for a tool not in the request."""
        name = _choice_name(choice)
        if name is None:
            return choice
        if name in self._tool_names.values():
            return {"type": "function", "function": {"name": self.to_api_name(name)}}
        raise ConfigurationError(
            f"tool_choice references {name!r} but it's not in the provided tools"
        )


def _choice_name(choice: Any) -> str | None:
    """Return the name of the forced tool, from a ``Tool`` or OpenAI's dict."""
    if isinstance(choice, str):  # first: to check for a protocol like Tool costs 30 µs
        return None
    if isinstance(choice, Tool):
        return choice.schema["name"]
    function = choice.get("function") if isinstance(choice, Mapping) else None
    return function.get("name") if isinstance(function, Mapping) else None


def _function_tool(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Build a definition; ``strict`` only if the tool sets it: the service does not document it."""
    function: dict[str, Any] = {"name": name}
    if "description" in schema:
        function["description"] = schema["description"]
    parameters = schema.get("parameters")
    function["parameters"] = parameters or {"type": "object", "properties": {}}
    if "strict" in schema:
        function["strict"] = bool(schema["strict"])
    return {"type": "function", "function": function}

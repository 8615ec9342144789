"""Conversion of Haystack's tools and response formats to the API's format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from haystack.tools import ToolsType, flatten_tools_or_toolsets

from llmaas import adapters
from llmaas.adapters import inline_definitions, mark_strict


def check_unique_names(tools: ToolsType | None) -> None:
    """Raise ``ValueError`` if two tools have the same name: calls would be ambiguous."""
    counts = Counter(tool.name for tool in flatten_tools_or_toolsets(tools))
    duplicates = sorted(name for name, count in counts.items() if count > 1)
    if duplicates:
        raise ValueError(f"Duplicate tool names found: {duplicates}")


def to_api_tools(tools: ToolsType | None, *, strict: bool) -> list[dict[str, Any]]:
    """Convert tools to OpenAI's format. The tools themselves are not changed.

    ``strict`` is omitted for schemas that strict mode cannot express, such as maps.
    """
    check_unique_names(tools)
    specs = [dict(tool.tool_spec) for tool in flatten_tools_or_toolsets(tools)]
    for spec in specs:
        spec["parameters"] = inline_definitions(spec["parameters"])
    functions = [mark_strict(spec) for spec in specs] if strict else specs
    return [{"type": "function", "function": function} for function in functions]


def to_response_format(response_format: Any) -> Any:
    """Convert a response format to a dict: a class becomes its JSON schema.

    Classes are pydantic models, dataclasses, ``TypedDict`` and others with annotations. Requests
    and YAML hold the same dict, so that a reloaded pipeline sends the same request.
    """
    if response_format is None or isinstance(response_format, Mapping):
        return response_format
    schema = adapters.parse_response_format(response_format)
    return response_format if schema is None else schema.response_format

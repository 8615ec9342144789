"""Haystack's tools and response formats, made into what goes on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from haystack.tools import ToolsType, flatten_tools_or_toolsets

from llmaas.structured import shape_of

_COMBINED = ("anyOf", "oneOf", "allOf")


def check_names(tools: ToolsType | None) -> None:
    """Refuse two tools of one name: the model's calls could not be told apart."""
    counts = Counter(tool.name for tool in flatten_tools_or_toolsets(tools))
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise ValueError(f"Duplicate tool names found: {twice}")


def definitions(tools: ToolsType | None, *, strict: bool) -> list[dict[str, Any]]:
    """Return the tools as OpenAI's dicts; the tools themselves are not changed."""
    check_names(tools)
    specs = [dict(tool.tool_spec) for tool in flatten_tools_or_toolsets(tools)]
    if strict:
        specs = [
            {**spec, "strict": True, "parameters": strict_schema(spec["parameters"])}
            for spec in specs
        ]
    return [{"type": "function", "function": spec} for spec in specs]


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON schema whose objects want all of their properties and no other."""
    strict = dict(schema)
    if "properties" in strict or strict.get("type") == "object":
        strict["additionalProperties"] = False
    for name in ("properties", "$defs"):
        if name in strict:
            strict[name] = {key: strict_schema(value) for key, value in strict[name].items()}
    if "properties" in strict:
        strict["required"] = list(strict["properties"])
    if isinstance(strict.get("items"), Mapping):
        strict["items"] = strict_schema(strict["items"])
    for name in _COMBINED:
        if name in strict:
            strict[name] = [strict_schema(part) for part in strict[name]]
    return strict


def plain_format(response_format: Any) -> Any:
    """Return a response format as a dict: a pydantic model or dataclass becomes its JSON schema.

    The same dict goes on the wire and into YAML, so that a reloaded pipeline asks the same.
    """
    if not hasattr(response_format, "model_json_schema"):
        read = shape_of(response_format) if is_dataclass(response_format) else None
        return response_format if read is None else read.wire
    from openai import pydantic_function_tool

    function: Any = pydantic_function_tool(response_format)["function"]
    shape = {
        "name": response_format.__name__,
        "strict": True,
        "schema": function["parameters"],
    }
    return {"type": "json_schema", "json_schema": shape}

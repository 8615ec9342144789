"""Tools, tool choice and response format of a request."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ToolOrOutput
from pydantic_ai.tools import ToolDefinition

Choice = tuple[str, Set[str] | None]
"""``none``, ``auto`` or ``required``, and the names of the tools to send (None for all)."""


def tool_arguments(
    settings: Mapping[str, Any], parameters: ModelRequestParameters
) -> dict[str, Any]:
    """Build ``tools``, ``tool_choice`` and ``parallel_tool_calls`` for the client."""
    mode, names = _choose(settings.get("tool_choice"), parameters)
    tools = parameters.declared_tool_defs.values()
    sent = [_describe(tool) for tool in tools if names is None or tool.name in names]
    if not sent:
        return {}
    arguments: dict[str, Any] = {"tools": sent, "tool_choice": mode}
    if (several := settings.get("parallel_tool_calls")) is not None:
        arguments["parallel_tool_calls"] = several
    return arguments


def response_format(parameters: ModelRequestParameters, *, has_tools: bool) -> Any:
    """Build the ``response_format`` of the output mode, or None for text and output tools."""
    if parameters.output_mode == "native" and parameters.output_object is not None:
        return _json_schema(parameters.output_object)
    if parameters.output_mode == "prompted" and not has_tools:
        return {"type": "json_object"}
    return None


def _choose(choice: Any, parameters: ModelRequestParameters) -> Choice:
    output = {tool.name for tool in parameters.output_tools}
    default = "auto" if _may_answer(parameters) else "required"
    if choice is None or choice == "auto":
        return default, None
    if choice == "required":
        return "required", _known([tool.name for tool in parameters.function_tools], parameters)
    if isinstance(choice, ToolOrOutput):
        return default, output | set(choice.function_tools)
    if choice == "none" or not choice:
        return (default, output) if output else ("none", None)
    return "required", _known(choice, parameters)


def _may_answer(parameters: ModelRequestParameters) -> bool:
    return parameters.allow_text_output or parameters.allow_image_output


def _known(names: list[str], parameters: ModelRequestParameters) -> set[str]:
    """Select the named tools that the request declares.

    Raises ``UserError`` if the request declares none of them.
    """
    known = set(names) & parameters.declared_tool_defs.keys()
    if not known:
        declared = sorted(parameters.declared_tool_defs)
        raise UserError(f"tool_choice must name a tool of the request: {declared}, got {names}.")
    return known


def _describe(tool: ToolDefinition) -> dict[str, Any]:
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description or "",
        "parameters": tool.parameters_json_schema,
    }
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _json_schema(output: OutputObjectDefinition) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "name": output.name or "final_result",
        "schema": output.json_schema,
        "strict": True if output.strict is None else output.strict,
    }
    if output.description:
        schema["description"] = output.description
    return {"type": "json_schema", "json_schema": schema}

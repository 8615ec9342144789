"""Conversion of LangChain tools and schemas to functions of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.tools.base import create_schema_from_function
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from typing_extensions import is_typeddict

from llmaas.adapters import inline_definitions, mark_strict, output_type


def to_function(tool: Any, *, strict: bool | None = None) -> dict[str, Any]:
    """Convert a tool, function, class or schema to a function.

    Unlike LangChain's conversion, it keeps the targets of recursive references, and does not
    mark functions ``strict`` whose schemas strict mode cannot express, such as maps.
    """
    if _is_plain_class(tool):
        return _mark_strict(_class_to_function(tool), strict)
    converted: dict[str, Any] = convert_to_openai_tool(tool)
    function = converted.get("function")
    if converted.get("type") != "function" or not isinstance(function, dict):
        return converted
    parameters = function.get("parameters") or {}
    if _has_empty_schema(parameters) and (model := _arguments_model(tool)) is not None:
        parameters = function["parameters"] = _build_parameters(model)
    elif "$defs" in parameters or "definitions" in parameters:
        function["parameters"] = inline_definitions(parameters)
    return _mark_strict(converted, strict)


def is_class(schema: Any) -> bool:
    """Whether values of a schema are class instances, not dicts."""
    return _is_plain_class(schema) or (isinstance(schema, type) and is_basemodel_subclass(schema))


def _is_plain_class(schema: Any) -> bool:
    """Whether a schema is a dataclass or another class with annotations."""
    if not isinstance(schema, type) or is_typeddict(schema):
        return False
    if is_dataclass(schema):
        return True
    return not is_basemodel_subclass(schema) and "__annotations__" in vars(schema)


def _class_to_function(schema: type) -> dict[str, Any]:
    described = output_type(schema)
    parameters = dict(described.schema)
    parameters.pop("title", None)
    description = parameters.pop("description", "") or (
        "" if is_dataclass(schema) else schema.__doc__ or ""
    )
    return {
        "type": "function",
        "function": {"name": described.name, "description": description, "parameters": parameters},
    }


def _mark_strict(tool: dict[str, Any], strict: bool | None) -> dict[str, Any]:
    """Set ``strict``, if strict mode can express the schema."""
    function = tool["function"]
    if strict is None or "strict" in function:
        return tool
    if not strict:
        return {**tool, "function": {**function, "strict": False}}
    return {**tool, "function": mark_strict(function)}


def _has_empty_schema(schema: Any) -> bool:
    """Whether a schema is empty somewhere: LangChain empties recursive references."""
    if isinstance(schema, Mapping):
        return not schema or any(map(_has_empty_schema, schema.values()))
    return isinstance(schema, list) and any(map(_has_empty_schema, schema))


def _arguments_model(tool: Any) -> Any:
    """Return the pydantic class of a tool's arguments, if any."""
    if isinstance(tool, BaseTool):
        tool = tool.tool_call_schema
    elif callable(tool) and not isinstance(tool, type):
        tool = create_schema_from_function(tool.__name__, tool, filter_args=())
    return tool if isinstance(tool, type) and hasattr(tool, "model_json_schema") else None


def _build_parameters(model: Any) -> dict[str, Any]:
    schema = inline_definitions(model.model_json_schema())
    return {key: value for key, value in schema.items() if key not in ("title", "description")}

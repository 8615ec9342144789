"""Structured output by a forced tool call, ``json_schema`` or ``json_mode``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_json_schema

from langchain_llmaas.output_parsers import (
    JsonTextParser,
    RawAndParsed,
    StructuredOutputParser,
    ToolCallParser,
)
from langchain_llmaas.tools import is_class, to_function
from llmaas.adapters import output_type, wire_name
from llmaas.structured import OutputSchema, json_schema_format

Method = Literal["function_calling", "json_schema", "json_mode"]

_TITLE = "answer"
_NAMES = frozenset({"title", "name", "function"})
"""Keys that name a schema, or a function in OpenAI's or Anthropic's format."""
_SCHEMA_KEYS = frozenset({"type", "properties", "$ref", "anyOf", "allOf", "oneOf"})


def build_structured_model(
    model: BaseChatModel,
    schema: Any,
    *,
    method: Method,
    strict: bool | None,
    include_raw: bool,
    tools: Sequence[Any] | None = None,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, Any]:
    """Chain the model and a parser; ``include_raw`` returns both of their results."""
    schema = _with_title(schema, method)
    params, parser = _build_request_and_parser(schema, method, strict, has_tools=bool(tools))
    if tools:
        params = _add_tools(params, [to_function(tool, strict=strict) for tool in tools])
    traced = {"kwargs": {"method": method, "strict": strict}, "schema": schema}
    bound = model.bind(**params, **kwargs, ls_structured_output_format=traced)
    return bound | (RawAndParsed(parser) if include_raw else parser)


def _with_title(schema: Any, method: Method) -> Any:
    """Return a schema with the title that LangChain requires of a JSON schema.

    A ``response_format`` becomes its schema, unless the method sends it.
    """
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "json_schema" and method != "json_schema":
        described = schema.get("json_schema") or {}
        schema = {"title": described.get("name", _TITLE), **(described.get("schema") or {})}
    is_untitled = not _NAMES & schema.keys() and _SCHEMA_KEYS & schema.keys()
    return {"title": _TITLE, **schema} if is_untitled else schema


def _build_request_and_parser(
    schema: Any, method: Method, strict: bool | None, *, has_tools: bool
) -> tuple[dict[str, Any], StructuredOutputParser]:
    if method == "function_calling":
        tool = to_function(schema, strict=strict)
        name = tool["function"]["name"] = wire_name(tool["function"]["name"])
        output = _build_output_schema(schema, tool["function"].get("parameters") or {})
        partial = JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)
        parser = ToolCallParser(partial, output, name, has_tools=has_tools)
        return _force_tool(tool, name), parser
    if method == "json_mode":
        if strict is not None:
            raise ValueError(
                f"strict must be None with method='json_mode', got {strict}: no schema is sent"
            )
        output = _build_output_schema(schema, _to_json_schema(schema))
        params = {
            "response_format": {"type": "json_object"},
            "json_instruction": output.to_instruction(),
        }
        return params, JsonTextParser(JsonOutputParser(), output, has_tools=has_tools)
    if method == "json_schema":
        response_format = build_response_format(schema, strict)
        output = _build_output_schema(
            schema, response_format.get("json_schema", {}).get("schema") or {}
        )
        text_parser = JsonTextParser(JsonOutputParser(), output, has_tools=has_tools)
        return {"response_format": response_format}, text_parser
    raise ValueError(f"method must be function_calling, json_schema or json_mode, got {method!r}")


def build_response_format(schema: Any, strict: bool | None) -> dict[str, Any]:
    """Build the ``response_format`` of type ``json_schema`` from any kind of schema."""
    if isinstance(schema, dict) and schema.get("type") == "json_schema":
        return schema
    converted = _to_json_schema(schema)
    response_format: dict[str, Any] = json_schema_format(
        converted.get("title", "answer"), converted, strict=strict is not False
    )
    return response_format


def _to_json_schema(schema: Any) -> dict[str, Any]:
    """Convert a schema of any kind to a JSON schema with a title."""
    if is_class(schema):
        described = output_type(schema)
        return {**described.schema, "title": schema.__name__}
    return convert_to_json_schema(schema)


def _build_output_schema(schema: Any, json_schema: Mapping[str, Any]) -> OutputSchema:
    """Build the schema that parses a value into its class, or into a dict."""
    convert = output_type(schema).convert if is_class(schema) else None
    return OutputSchema({}, json_schema, convert)


def _force_tool(tool: dict[str, Any], name: str) -> dict[str, Any]:
    choice = {"type": "function", "function": {"name": name}}
    return {"tools": [tool], "tool_choice": choice}


def _add_tools(params: dict[str, Any], tools: list[dict[str, Any]]) -> dict[str, Any]:
    """Add tools that the model may call before it answers."""
    if "tool_choice" not in params:
        return {**params, "tools": tools}
    return {**params, "tools": [*tools, *params["tools"]], "tool_choice": "required"}

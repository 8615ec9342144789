"""Answers as values: by a forced tool call, by ``json_schema`` or by ``json_mode``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema

from langchain_llmaas.reader import CallReader, Reader, TextReader
from langchain_llmaas.tools import function_of, is_class
from llmaas.adapters import output_type, wire_name
from llmaas.structured import OutputSchema, json_schema_format

Method = Literal["function_calling", "json_schema", "json_mode"]


def structured(
    model: BaseChatModel,
    schema: Any,
    *,
    method: Method,
    strict: bool | None,
    include_raw: bool,
    tools: Sequence[Any] | None = None,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, Any]:
    """Return the model followed by a parser, or both results side by side."""
    asked, parse = _asked_and_reader(schema, method, strict)
    if tools:
        asked = _beside_tools(asked, [function_of(tool, strict=strict) for tool in tools])
    told = {"kwargs": {"method": method, "strict": strict}, "schema": schema}
    bound = model.bind(**asked, **kwargs, ls_structured_output_format=told)
    if not include_raw:
        return bound | parse
    read = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parse, parsing_error=lambda _: None
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | read.with_fallbacks([failed], exception_key="parsing_error")


def _asked_and_reader(
    schema: Any, method: Method, strict: bool | None
) -> tuple[dict[str, Any], Reader]:
    if method == "function_calling":
        tool = function_of(schema, strict=strict)
        name = tool["function"]["name"] = wire_name(tool["function"]["name"])
        shape = _shape(schema, tool["function"].get("parameters") or {})
        parser = JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)
        return _forced(tool, name), CallReader(parser, shape, name)
    if method == "json_mode":
        if strict is not None:
            raise ValueError("json_mode knows no schema on the wire, so strict means nothing")
        shape = _shape(schema, _plain(schema))
        asked = {
            "response_format": {"type": "json_object"},
            "json_instruction": shape.to_instruction(),
        }
        return asked, TextReader(JsonOutputParser(), shape)
    if method == "json_schema":
        form = response_format(schema, strict)
        shape = _shape(schema, form.get("json_schema", {}).get("schema") or {})
        return {"response_format": form}, TextReader(JsonOutputParser(), shape)
    raise ValueError(f"method must be function_calling, json_schema or json_mode, not {method!r}")


def response_format(schema: Any, strict: bool | None) -> dict[str, Any]:
    """Return the ``response_format`` of type ``json_schema`` for any kind of schema."""
    if isinstance(schema, dict) and schema.get("type") == "json_schema":
        return schema
    plain = _plain(schema)
    wire: dict[str, Any] = json_schema_format(
        plain.get("title", "answer"), plain, strict=strict is not False
    )
    return wire


def _plain(schema: Any) -> dict[str, Any]:
    """Return a schema of any kind as JSON schema with a title."""
    if is_class(schema):
        read = output_type(schema)
        return {**read.schema, "title": schema.__name__}
    return convert_to_json_schema(schema)


def _shape(schema: Any, plain: Mapping[str, Any]) -> OutputSchema:
    """Return what reads a value: into the class where one was given, else as a dict."""
    convert = output_type(schema).convert if is_class(schema) else None
    return OutputSchema({}, plain, convert)


def _forced(tool: dict[str, Any], name: str) -> dict[str, Any]:
    choice = {"type": "function", "function": {"name": name}}
    return {"tools": [tool], "tool_choice": choice}


def _beside_tools(asked: dict[str, Any], tools: list[dict[str, Any]]) -> dict[str, Any]:
    """Add tools that the model may call before it answers."""
    if "tool_choice" not in asked:
        return {**asked, "tools": tools}
    return {**asked, "tools": [*tools, *asked["tools"]], "tool_choice": "required"}

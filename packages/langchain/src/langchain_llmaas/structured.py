"""Answers as values: by a forced tool call, by ``json_schema`` or by ``json_mode``."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.language_models import LanguageModelInput
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser, PydanticToolsParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_llmaas.reader import Parser, Reader
from llmaas.structured import json_schema_format

if TYPE_CHECKING:
    from langchain_llmaas.chat_models import ChatLLMaaS

Method = Literal["function_calling", "json_schema", "json_mode"]


def structured(
    model: ChatLLMaaS,
    schema: Any,
    *,
    method: Method,
    strict: bool | None,
    include_raw: bool,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, Any]:
    """Return the model followed by a parser, or both results side by side."""
    asked, parser = _asked_and_parser(schema, method, strict)
    told = {"kwargs": {"method": method, "strict": strict}, "schema": schema}
    bound = model.bind(**asked, **kwargs, ls_structured_output_format=told)
    parse = Reader(parser)
    if not include_raw:
        return bound | parse
    read = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parse, parsing_error=lambda _: None
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | read.with_fallbacks([failed], exception_key="parsing_error")


def _asked_and_parser(
    schema: Any, method: Method, strict: bool | None
) -> tuple[dict[str, Any], Parser]:
    is_pydantic = isinstance(schema, type) and is_basemodel_subclass(schema)
    if method == "function_calling":
        tool = convert_to_openai_tool(schema, strict=strict)
        return _forced(tool), _tool_parser(schema, tool["function"]["name"], is_pydantic)
    parser: Parser = (
        PydanticOutputParser(pydantic_object=schema) if is_pydantic else JsonOutputParser()
    )
    if method == "json_mode":
        if strict is not None:
            raise ValueError("json_mode knows no schema on the wire, so strict means nothing")
        return {"response_format": {"type": "json_object"}}, parser
    if method == "json_schema":
        return {"response_format": response_format(schema, strict)}, parser
    raise ValueError(f"method must be function_calling, json_schema or json_mode, not {method!r}")


def response_format(schema: Any, strict: bool | None) -> dict[str, Any]:
    """Return the ``response_format`` of type ``json_schema`` for any kind of schema."""
    if isinstance(schema, dict) and schema.get("type") == "json_schema":
        return schema
    plain = convert_to_json_schema(schema, strict=strict)
    wire: dict[str, Any] = json_schema_format(
        plain.get("title", "answer"), plain, strict=strict is not False
    )
    return wire


def _forced(tool: dict[str, Any]) -> dict[str, Any]:
    name = {"name": tool["function"]["name"]}
    return {"tools": [tool], "tool_choice": {"type": "function", "function": name}}


def _tool_parser(schema: Any, name: str, is_pydantic: bool) -> Parser:
    if is_pydantic:
        return PydanticToolsParser(tools=[schema], first_tool_only=True)
    return JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)

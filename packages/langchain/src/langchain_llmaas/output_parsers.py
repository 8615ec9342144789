"""Output parsers for structured answers, whole or streamed."""

# ruff: noqa: A002 - the base class says ``input``

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeAlias

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.runnables import AddableDict, Runnable, RunnableConfig, RunnableLambda

from llmaas.structured import CUT, OutputSchema

Parser: TypeAlias = BaseTransformOutputParser[Any]

_MISSING = object()


class StructuredOutputParser(Runnable[AIMessage, Any]):
    """Parses answers, and raises ``ModelRefusalError`` for refusals.

    LangChain's parser accepts truncated JSON, so it is used for partial values of a stream only.
    A complete answer, including the end of a stream, is parsed strictly.
    """

    def __init__(self, parser: Parser, schema: OutputSchema, *, has_tools: bool = False) -> None:
        self._parser = parser
        self._schema = schema
        self._has_tools = has_tools  # which the model may call before it answers
        self._final_parser = RunnableLambda(self._parse_or_raise, name=type(parser).__name__)

    def parse_message(self, message: AIMessage) -> Any:
        """Parse a complete answer. Raises ``OutputParserException`` if it holds no valid value."""
        raise NotImplementedError

    def invoke(self, input: AIMessage, config: RunnableConfig | None = None, **_: Any) -> Any:
        """Parse a complete answer."""
        return self._final_parser.invoke(input, config)

    async def ainvoke(
        self, input: AIMessage, config: RunnableConfig | None = None, **_: Any
    ) -> Any:
        """Parse a complete answer."""
        return await self._final_parser.ainvoke(input, config)

    def transform(
        self, input: Iterator[AIMessage], config: RunnableConfig | None = None, **_: Any
    ) -> Iterator[Any]:
        """Yield the partial value each time it grows, and the complete value last."""
        chunks: list[Any] = []
        value: Any = _MISSING
        for partial in self._parser.transform(_tee(input, chunks), config):
            if (partial_value := self._parse_partial(partial)) is not _MISSING:
                value = partial_value
                yield value
        yield from self._final_values(chunks, value)

    async def atransform(
        self, input: AsyncIterator[AIMessage], config: RunnableConfig | None = None, **_: Any
    ) -> AsyncIterator[Any]:
        """Yield the partial value each time it grows, and the complete value last."""
        chunks: list[Any] = []
        value: Any = _MISSING
        async for partial in self._parser.atransform(_atee(input, chunks), config):
            if (partial_value := self._parse_partial(partial)) is not _MISSING:
                value = partial_value
                yield value
        for last in self._final_values(chunks, value):
            yield last

    def _parse_partial(self, partial: Any) -> Any:
        """Return the partial value, converted to the class if it already validates."""
        if self._schema.convert is None:
            return partial
        try:
            return self._schema.convert(partial)
        except ValueError:
            return _MISSING

    def _final_values(self, chunks: list[Any], value: Any) -> Iterator[Any]:
        """Yield the complete value if it is new; raise if there is none."""
        if not chunks:
            return
        last = self._parse_or_raise(_join(chunks))
        if value is _MISSING or last != value:
            yield last

    def _parse_or_raise(self, message: AIMessage) -> Any:
        return self.parse_message(raise_if_refused(message))


class JsonTextParser(StructuredOutputParser):
    """Parses JSON in the text of an answer."""

    def parse_message(self, message: AIMessage) -> Any:
        """Parse the text. Returns None if the model calls a tool first."""
        if message.tool_calls and self._has_tools:
            return None
        text, cut = str(message.text), _is_cut(message)
        try:
            return self._schema.parse(text, cut=cut)
        except ValueError as error:
            problem = error
        if self._schema.convert is None:  # a dict is validated by the caller
            try:
                return OutputSchema({}, {}).parse(text, cut=cut)
            except ValueError as error:
                problem = error
        raise _parser_error(str(problem), message) from problem


class ToolCallParser(StructuredOutputParser):
    """Parses the arguments of a tool call."""

    def __init__(
        self, parser: Parser, schema: OutputSchema, name: str, *, has_tools: bool = False
    ) -> None:
        super().__init__(parser, schema, has_tools=has_tools)
        self._name = name

    def parse_message(self, message: AIMessage) -> Any:
        """Parse the arguments of the call. Returns None if the model calls another tool first."""
        if _is_cut(message):
            raise _parser_error("the answer was cut off", message)
        calls = _tool_calls(message)
        arguments = next((args for name, args in calls if name == self._name), None)
        if arguments is None:
            return None if calls and self._has_tools else self._from_text(message)
        try:
            value = json.loads(arguments) if isinstance(arguments, str) else arguments
            return value if self._schema.convert is None else self._schema.convert(value)
        except ValueError as error:
            raise _parser_error(str(error), message, arguments) from error

    def _from_text(self, message: AIMessage) -> Any:
        """Parse JSON in the text: some engines ignore ``tool_choice`` and answer without a call."""
        try:
            return self._schema.parse(str(message.text))
        except ValueError as error:
            raise _parser_error(f"the model did not call {self._name!r}", message) from error


class RawAndParsed(Runnable[AIMessage, dict[str, Any]]):
    """Returns an answer as ``raw``, with its value (``parsed``) or its ``parsing_error``.

    A stream yields the chunks of ``raw`` as they arrive. Errors of the parser are not raised.
    """

    def __init__(self, parser: StructuredOutputParser) -> None:
        self._parser = parser

    def invoke(
        self, input: AIMessage, config: RunnableConfig | None = None, **_: Any
    ) -> dict[str, Any]:
        """Parse a complete answer."""
        return {"raw": input, **self._parse(input, config)}

    async def ainvoke(
        self, input: AIMessage, config: RunnableConfig | None = None, **_: Any
    ) -> dict[str, Any]:
        """Parse a complete answer."""
        return self.invoke(input, config)

    def transform(
        self, input: Iterator[AIMessage], config: RunnableConfig | None = None, **_: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield each chunk, and the value or the error last."""
        chunks: list[Any] = []
        for chunk in _tee(input, chunks):
            yield AddableDict(raw=chunk)
        yield from self._final_items(chunks, config)

    async def atransform(
        self, input: AsyncIterator[AIMessage], config: RunnableConfig | None = None, **_: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield each chunk, and the value or the error last."""
        chunks: list[Any] = []
        async for chunk in _atee(input, chunks):
            yield AddableDict(raw=chunk)
        for item in self._final_items(chunks, config):
            yield item

    def _final_items(
        self, chunks: list[Any], config: RunnableConfig | None
    ) -> Iterator[dict[str, Any]]:
        if chunks:
            for name, value in self._parse(_join(chunks), config).items():
                yield AddableDict({name: value})

    def _parse(self, message: AIMessage, config: RunnableConfig | None) -> dict[str, Any]:
        try:
            return {"parsed": self._parser.invoke(message, config), "parsing_error": None}
        except Exception as error:
            return {"parsed": None, "parsing_error": error}


def _join(chunks: list[Any]) -> AIMessage:
    return chunks[0] + chunks[1:] if len(chunks) > 1 else chunks[0]  # type: ignore[no-any-return]


def _tool_calls(message: AIMessage) -> list[tuple[str | None, Any]]:
    """Return names and arguments. Streamed arguments stay text: LangChain completes cut ones."""
    if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
        return [(chunk["name"], chunk["args"] or "{}") for chunk in message.tool_call_chunks]
    calls: list[tuple[str | None, Any]] = [
        (call["name"], call["args"]) for call in message.tool_calls
    ]
    return calls + [(call["name"], call["args"] or "") for call in message.invalid_tool_calls]


def _is_cut(message: AIMessage) -> bool:
    return message.response_metadata.get("finish_reason") in CUT


def _parser_error(problem: str, message: AIMessage, arguments: Any = None) -> OutputParserException:
    text = str(message.text) if arguments is None else str(arguments)
    if _is_cut(message):
        problem += " (finish_reason 'length'): raise max_tokens"
    return OutputParserException(
        f"The answer does not match the schema: {problem}. Answer: {text[:1000]!r}", llm_output=text
    )


def _tee(messages: Iterator[AIMessage], chunks: list[Any]) -> Iterator[AIMessage]:
    for message in messages:
        chunks.append(message)
        yield message


async def _atee(messages: AsyncIterator[AIMessage], chunks: list[Any]) -> AsyncIterator[AIMessage]:
    async for message in messages:
        chunks.append(message)
        yield message


def raise_if_refused(message: AIMessage) -> AIMessage:
    """Return the message. Raises ``ModelRefusalError`` if it is a refusal."""
    refusal = message.additional_kwargs.get("refusal")
    if refusal:
        raise _refusal_error(str(refusal), message)
    return message


def _refusal_error(refusal: str, message: AIMessage) -> Exception:
    try:
        from langchain_core.exceptions import ModelRefusalError
    except ImportError:  # langchain-core before 1.7.5
        return OutputParserException(f"The model refused: {refusal}", llm_output=refusal)
    return ModelRefusalError(f"The model refused: {refusal}", raw_message=message)

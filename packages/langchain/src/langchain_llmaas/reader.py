"""Reads values out of answers: of a stream, also what there is of one so far."""

# ruff: noqa: A002 - the base class says ``input``

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeAlias

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from llmaas.structured import CUT, OutputSchema

Parser: TypeAlias = BaseTransformOutputParser[Any]

_NOTHING = object()


class Reader(Runnable[AIMessage, Any]):
    """Parses answers, and raises ``ModelRefusalError`` for refusals.

    The parser alone reads JSON that was cut as if it were whole; it serves for what has come of
    a stream so far. A whole answer, the end of a stream too, is read strictly.
    """

    def __init__(self, parser: Parser, shape: OutputSchema) -> None:
        self._parser = parser
        self._shape = shape
        self._whole = RunnableLambda(self._read_unless_refused, name=type(parser).__name__)

    def read(self, message: AIMessage) -> Any:
        """Return the value of a whole answer; raise ``OutputParserException`` if it has none."""
        raise NotImplementedError

    def invoke(self, input: AIMessage, config: RunnableConfig | None = None, **_: Any) -> Any:
        """Return the value that a whole answer holds."""
        return self._whole.invoke(input, config)

    async def ainvoke(
        self, input: AIMessage, config: RunnableConfig | None = None, **_: Any
    ) -> Any:
        """Return the value that a whole answer holds."""
        return await self._whole.ainvoke(input, config)

    def transform(
        self, input: Iterator[AIMessage], config: RunnableConfig | None = None, **_: Any
    ) -> Iterator[Any]:
        """Yield the value as far as it has come, each time that it grows."""
        pieces: list[Any] = []
        value: Any = _NOTHING
        for partial in self._parser.transform(_kept(input, pieces), config):
            if (grown := self._so_far(partial)) is not _NOTHING:
                value = grown
                yield value
        yield from self._rest(pieces, value)

    async def atransform(
        self, input: AsyncIterator[AIMessage], config: RunnableConfig | None = None, **_: Any
    ) -> AsyncIterator[Any]:
        """Yield the value as far as it has come, each time that it grows."""
        pieces: list[Any] = []
        value: Any = _NOTHING
        async for partial in self._parser.atransform(_akept(input, pieces), config):
            if (grown := self._so_far(partial)) is not _NOTHING:
                value = grown
                yield value
        for last in self._rest(pieces, value):
            yield last

    def _so_far(self, partial: Any) -> Any:
        """Return what there is of a value; of an instance only what already matches."""
        if self._shape.convert is None:
            return partial
        try:
            return self._shape.convert(partial)
        except ValueError:
            return _NOTHING

    def _rest(self, pieces: list[Any], value: Any) -> Iterator[Any]:
        """Yield the whole answer's value unless it has been; raise if it has none."""
        if not pieces:
            return
        message = pieces[0] + pieces[1:] if len(pieces) > 1 else pieces[0]
        last = self._read_unless_refused(message)
        if value is _NOTHING or last != value:
            yield last

    def _read_unless_refused(self, message: AIMessage) -> Any:
        return self.read(unless_refused(message))


class TextReader(Reader):
    """Reads JSON out of the text."""

    def read(self, message: AIMessage) -> Any:
        """Return the value of the text; None where the model calls another tool first."""
        if message.tool_calls:
            return None
        text, cut = str(message.text), _is_cut(message)
        try:
            return self._shape.parse(text, cut=cut)
        except ValueError as error:
            problem = error
        if self._shape.convert is None:  # a dict is the caller's to judge
            try:
                return OutputSchema({}, {}).parse(text, cut=cut)
            except ValueError as error:
                problem = error
        raise _no_value(str(problem), message) from problem


class CallReader(Reader):
    """Reads the arguments of a call."""

    def __init__(self, parser: Parser, shape: OutputSchema, name: str) -> None:
        super().__init__(parser, shape)
        self._name = name

    def read(self, message: AIMessage) -> Any:
        """Return the arguments of the call; None where the model calls another tool first."""
        if _is_cut(message):
            raise _no_value("it was cut", message)
        calls = _calls_of(message)
        arguments = next((args for name, args in calls if name == self._name), None)
        if arguments is None:
            return None if calls else self._from_text(message)
        try:
            value = json.loads(arguments) if isinstance(arguments, str) else arguments
            return value if self._shape.convert is None else self._shape.convert(value)
        except ValueError as error:
            raise _no_value(str(error), message, arguments) from error

    def _from_text(self, message: AIMessage) -> Any:
        """Return JSON that came instead of the call, since some engines ignore the choice."""
        try:
            return self._shape.parse(str(message.text))
        except ValueError as error:
            raise _no_value(f"the model did not call {self._name!r}", message) from error


def _calls_of(message: AIMessage) -> list[tuple[str | None, Any]]:
    """Return names and arguments; of a stream as text, since LangChain completes cut ones."""
    if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
        return [(chunk["name"], chunk["args"] or "{}") for chunk in message.tool_call_chunks]
    calls: list[tuple[str | None, Any]] = [
        (call["name"], call["args"]) for call in message.tool_calls
    ]
    return calls + [(call["name"], call["args"] or "") for call in message.invalid_tool_calls]


def _is_cut(message: AIMessage) -> bool:
    return message.response_metadata.get("finish_reason") in CUT


def _no_value(problem: str, message: AIMessage, said: Any = None) -> OutputParserException:
    text = str(message.text) if said is None else str(said)
    if _is_cut(message):
        problem += " (finish_reason 'length'): raise max_tokens"
    return OutputParserException(
        f"The answer holds no value that fits: {problem}. It says: {text[:1000]!r}", llm_output=text
    )


def _kept(messages: Iterator[AIMessage], pieces: list[Any]) -> Iterator[AIMessage]:
    for message in messages:
        pieces.append(message)
        yield message


async def _akept(messages: AsyncIterator[AIMessage], pieces: list[Any]) -> AsyncIterator[AIMessage]:
    async for message in messages:
        pieces.append(message)
        yield message


def unless_refused(message: AIMessage) -> AIMessage:
    """Hand the message on; raise ``ModelRefusalError`` if it is a refusal."""
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

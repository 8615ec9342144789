"""Reads values out of answers: of a stream, also what there is of one so far."""

# ruff: noqa: A002 - the base class says ``input``

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.outputs import ChatGeneration
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

Parser: TypeAlias = BaseTransformOutputParser[Any]

_NOTHING = object()


class Reader(Runnable[AIMessage, Any]):
    """Parses answers, and raises ``ModelRefusalError`` for refusals.

    The parser alone hands out what it can read of a stream, and is silent when in the end
    that is nothing: here the whole answer is parsed as well, so that it raises as ``invoke``.
    """

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._whole = RunnableLambda(unless_refused) | parser

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
        for value in self._parser.transform(_kept(input, pieces), config):
            yield value
        yield from self._rest(pieces, value)

    async def atransform(
        self, input: AsyncIterator[AIMessage], config: RunnableConfig | None = None, **_: Any
    ) -> AsyncIterator[Any]:
        """Yield the value as far as it has come, each time that it grows."""
        pieces: list[Any] = []
        value: Any = _NOTHING
        async for value in self._parser.atransform(_akept(input, pieces), config):
            yield value
        for last in self._rest(pieces, value):
            yield last

    def _rest(self, pieces: list[Any], value: Any) -> Iterator[Any]:
        """Yield the whole answer's value unless it has been; raise if it has none."""
        if not pieces:
            return
        message = pieces[0] + pieces[1:] if len(pieces) > 1 else pieces[0]
        last = self._parser.parse_result([ChatGeneration(message=unless_refused(message))])
        if last != value:
            yield last


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
        from langchain_core.exceptions import OutputParserException

        return OutputParserException(f"The model refused: {refusal}", llm_output=refusal)
    return ModelRefusalError(f"The model refused: {refusal}", raw_message=message)

"""Methods ``chat`` and ``stream`` of both clients, whose results have the type that was requested.

A class as ``response_format`` is the type of ``completion.parsed``. For type checkers, other values
(JSON schemas, unions) make it ``Any``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack, overload

import llmaas
from llmaas._base_client import BaseClient

if TYPE_CHECKING:
    from llmaas.messages import Messages
    from llmaas.model_names import ChatModelName
    from llmaas.ops.async_runner import AsyncRunner
    from llmaas.ops.sync_runner import SyncRunner
    from llmaas.options import ChatOptions, TextOptions
    from llmaas.streaming import AsyncStream, Stream
    from llmaas.types import Completion, Parsed


class ChatMethods(BaseClient):
    """Chat methods for threads."""

    _runner: SyncRunner

    @overload
    def chat(
        self,
        messages: Messages,
        *,
        model: ChatModelName,
        response_format: type[Parsed],
        **options: Unpack[TextOptions],
    ) -> Completion[Parsed]: ...

    @overload
    def chat(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> Completion: ...

    def chat(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> Completion:
        """Send a chat request and return the whole answer.

        ``messages`` is a string or a list of OpenAI message dicts; images in them may be ``Path``
        objects, bytes, URLs or data URIs (a string is never a file name). With
        ``response_format``, ``parsed`` is the value; an answer that does not match is corrected
        once. Raises ``StructuredOutputError`` if the correction does not match either.
        """
        return self._runner.run(self._chat(messages, model, options))

    @overload
    def stream(
        self,
        messages: Messages,
        *,
        model: ChatModelName,
        response_format: type[Parsed],
        **options: Unpack[TextOptions],
    ) -> Stream[Parsed]: ...

    @overload
    def stream(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> Stream: ...

    def stream(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> Stream:
        """Send a chat request and return its events as they are received."""
        opened = self._runner.run(self._stream(messages, model, options))
        return llmaas.Stream(opened, self._runner)


class AsyncChatMethods(BaseClient):
    """Chat methods for asyncio."""

    _runner: AsyncRunner

    @overload
    async def chat(
        self,
        messages: Messages,
        *,
        model: ChatModelName,
        response_format: type[Parsed],
        **options: Unpack[TextOptions],
    ) -> Completion[Parsed]: ...

    @overload
    async def chat(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> Completion: ...

    async def chat(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> Completion:
        """Send a chat request and return the whole answer (see ``LLMaaS.chat``)."""
        return await self._runner.run(self._chat(messages, model, options))

    @overload
    async def stream(
        self,
        messages: Messages,
        *,
        model: ChatModelName,
        response_format: type[Parsed],
        **options: Unpack[TextOptions],
    ) -> AsyncStream[Parsed]: ...

    @overload
    async def stream(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> AsyncStream: ...

    async def stream(
        self, messages: Messages, *, model: ChatModelName, **options: Unpack[ChatOptions]
    ) -> AsyncStream:
        """Send a chat request and return its events as they are received."""
        opened = await self._runner.run(self._stream(messages, model, options))
        return llmaas.AsyncStream(opened, self._runner)

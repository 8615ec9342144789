"""``LLMaaSChatGenerator``: drop-in replacement for ``OpenAIChatGenerator``."""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar

from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import (
    ChatMessage,
    ComponentInfo,
    StreamingCallbackT,
    SyncStreamingCallbackT,
    select_streaming_callback,
)
from haystack.tools import (
    ToolsType,
    deserialize_tools_or_toolset_inplace,
    serialize_tools_or_toolset,
)
from haystack.utils import Secret, deserialize_callable, serialize_callable

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.messages import coerce_messages
from haystack_integrations.common.llmaas.responses import (
    ChunkBuilder,
    blocked_reply,
    keep_json,
    to_messages,
)
from haystack_integrations.common.llmaas.tools import check_unique_names, to_response_format
from haystack_integrations.components.generators.llmaas.chat.request import ChatRequest
from llmaas.adapters import redact_options
from llmaas.model_names import ChatModelName

if TYPE_CHECKING:
    from llmaas import Completion


@component
class LLMaaSChatGenerator(ConnectionMixin):
    """Completes chats with the models of LLMaaS.

    Accepts the parameters of ``OpenAIChatGenerator``; messages, tools, streaming and structured
    output work alike. Each reply also carries its reasoning, usage (also when streaming), cost,
    backend and request id.

    ```python
    from haystack.dataclasses import ChatMessage
    from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

    generator = LLMaaSChatGenerator(model="gpt-oss:120b")
    reply = generator.run([ChatMessage.from_user("Bonjour !")])["replies"][0]
    print(reply.text, reply.reasoning, reply.meta["usage"])
    ```
    """

    SUPPORTED_MODELS: ClassVar[list[str]] = [
        "gpt-oss:120b",
        "qwen3.8:27b",
        "qwen3.6:27b",
        "qwen3.6:35b",
        "qwen3-vl:235b",
        "mistral-small4:119b",
        "nemotron-3-super:120b",
        "gemma4:31b",
        "llama3.3:70b",
    ]
    """A non-exhaustive list of chat models. `list_models` lists those available to a key."""

    def __init__(
        self,
        api_key: Secret = DEFAULT_API_KEY,
        model: ChatModelName = "gpt-oss:120b",
        streaming_callback: StreamingCallbackT | None = None,
        api_base_url: str | None = None,
        organization: str | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        tools: ToolsType | None = None,
        tools_strict: bool = False,
        http_client_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param model: A model's name or alias. Defaults to `gpt-oss:120b`.
        :param streaming_callback: Called with each `StreamingChunk`.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param organization: Accepted for compatibility; the service has no organizations.
        :param generation_kwargs: Request parameters; unknown ones are sent unchanged. `max_tokens`
            defaults to 16,384, capped at half the model's context. `response_format` takes a
            pydantic model, a JSON schema or `{"type": "json_object"}`. Client-side keys, which
            are not sent: `on_blocked` (`"raise"`, or `"reply"` for a reply whose `finish_reason`
            is `content_filter`), `send_reasoning` (send the history's reasoning back:
            `"auto"`, within the current turn only, `"always"` or `"never"`; defaults to
            `"auto"`), `unpack_files` (text files as text, PDFs as page images if the extra `ocr`
            is installed; defaults to True), `repair` (retry once if a JSON answer does not match
            the schema, never when streaming; defaults to True), `reasoning` (False, or an
            effort), `fallbacks` (models to try if this one fails), `retry_empty`, `conform`,
            `fresh` (bypass caches), `strict` (reject images for models without vision),
            `timeout`, `deadline` (total seconds) and `extra_headers`.
        :param timeout: Read timeout in seconds. Defaults to 600, because reasoning models
            may take minutes to answer.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param tools: Tools and toolsets that the model may call.
        :param tools_strict: Request strict schemas for tool arguments. Defaults to False.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        """
        check_unique_names(tools)
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.streaming_callback = streaming_callback
        self.organization = organization
        self.generation_kwargs = generation_kwargs or {}
        self.tools = tools
        self.tools_strict = tools_strict

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        callback, kwargs = self.streaming_callback, redact_options(self.generation_kwargs)
        if "response_format" in kwargs:
            kwargs["response_format"] = to_response_format(kwargs["response_format"])
        return default_to_dict(
            self,
            **self._connection_to_dict(),
            model=self.model,
            streaming_callback=serialize_callable(callback) if callback else None,
            organization=self.organization,
            generation_kwargs=kwargs,
            tools=serialize_tools_or_toolset(self.tools),
            tools_strict=self.tools_strict,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSChatGenerator:
        """Deserialize this component from a dictionary, which is not changed.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        parameters = dict(data.get("init_parameters") or {})
        deserialize_tools_or_toolset_inplace(parameters, key="tools")
        callback = parameters.get("streaming_callback")
        if isinstance(callback, str):
            parameters["streaming_callback"] = deserialize_callable(callback)
        generator: LLMaaSChatGenerator = default_from_dict(
            cls, {**data, "init_parameters": parameters}
        )
        return generator

    @component.output_types(replies=list[ChatMessage])
    def run(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        *,
        tools: ToolsType | None = None,
        tools_strict: bool | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """Complete a chat.

        :param messages: The conversation. A string is one user message.
        :param streaming_callback: Called with each `StreamingChunk`.
        :param generation_kwargs: Merged over the constructor's, key by key.
        :param tools: Overrides the constructor's tools; `[]` for none.
        :param tools_strict: Overrides the constructor's value.
        :returns: `{"replies": [ChatMessage, ...]}`
        """
        client = self._get_client()
        callback = select_streaming_callback(
            self.streaming_callback, streaming_callback, requires_async=False
        )
        conversation = coerce_messages(messages)
        if not conversation:
            return {"replies": []}
        request = self._build_request(
            conversation, callback, generation_kwargs, tools, tools_strict
        )
        try:
            if callback is not None:
                return self._stream(request, callback)
            return {"replies": to_messages(client.chat(request.messages, **request.options))}
        except Exception as error:
            return self._recover(error, request)

    @component.output_types(replies=list[ChatMessage])
    async def run_async(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        *,
        tools: ToolsType | None = None,
        tools_strict: bool | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """Complete a chat without blocking the event loop.

        :param messages: The conversation. A string is one user message.
        :param streaming_callback: Called (or awaited) with each `StreamingChunk`.
        :param generation_kwargs: Merged over the constructor's, key by key.
        :param tools: Overrides the constructor's tools; `[]` for none.
        :param tools_strict: Overrides the constructor's value.
        :returns: `{"replies": [ChatMessage, ...]}`
        """
        client = self._get_async_client()
        callback = select_streaming_callback(
            self.streaming_callback, streaming_callback, requires_async=True
        )
        conversation = coerce_messages(messages)
        if not conversation:
            return {"replies": []}
        arguments = (conversation, callback, generation_kwargs, tools, tools_strict)
        if any(message.files for message in conversation):  # rendering PDFs takes long
            request = await asyncio.to_thread(self._build_request, *arguments)
        else:
            request = self._build_request(*arguments)
        try:
            if callback is not None:
                return await self._stream_async(request, callback)
            completion = await client.chat(request.messages, **request.options)
            return {"replies": to_messages(completion)}
        except Exception as error:
            return self._recover(error, request)

    def _build_request(
        self,
        messages: list[ChatMessage],
        callback: StreamingCallbackT | None,
        generation_kwargs: dict[str, Any] | None,
        tools: ToolsType | None,
        tools_strict: bool | None,
    ) -> ChatRequest:
        return ChatRequest.create(
            self.model,
            messages,
            {**self.generation_kwargs, **(generation_kwargs or {})},
            self.tools if tools is None else tools,
            strict=self.tools_strict if tools_strict is None else tools_strict,
            streaming=callback is not None,
        )

    def _stream(
        self, request: ChatRequest, callback: SyncStreamingCallbackT
    ) -> dict[str, list[ChatMessage]]:
        with self._get_client().stream(request.messages, **request.options) as stream:
            builder = ChunkBuilder(ComponentInfo.from_component(self), stream)
            for event in stream:
                callback(builder.build(event))
        return _to_output(stream.completion, builder)

    async def _stream_async(
        self, request: ChatRequest, callback: StreamingCallbackT
    ) -> dict[str, list[ChatMessage]]:
        async with await self._get_async_client().stream(
            request.messages, **request.options
        ) as stream:
            builder = ChunkBuilder(ComponentInfo.from_component(self), stream)
            async for event in stream:
                waiting = callback(builder.build(event))
                if waiting is not None and isawaitable(waiting):
                    await waiting
        return _to_output(stream.completion, builder)

    def _recover(self, error: Exception, request: ChatRequest) -> dict[str, list[ChatMessage]]:
        """Return replies in place of some errors; raise all others."""
        from llmaas.errors import PromptBlockedError, StructuredOutputError

        if request.blocked_becomes_reply and isinstance(error, PromptBlockedError):
            return {"replies": [blocked_reply(error, request.options["model"])]}
        if isinstance(error, StructuredOutputError) and error.completion is not None:
            return {"replies": to_messages(error.completion)}  # validated by Haystack's components
        raise error


def _to_output(completion: Completion, builder: ChunkBuilder) -> dict[str, list[ChatMessage]]:
    return {"replies": to_messages(keep_json(completion), completion_start_time=builder.started_at)}

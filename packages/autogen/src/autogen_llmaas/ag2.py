"""Model client for AG2 1.x: ``Agent("writer", config=LLMaaSConfig("gpt-oss:120b"))``.

AG2's converters build the messages and the core sends them: the stock OpenAI client loses
reasoning in one of its two modes and fails on tool calls that share an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Self

from ag2.config.client import LLMClient
from ag2.config.config import ModelConfig, ModelProvider
from ag2.config.openai.mappers import response_proto_to_schema, tool_to_api
from ag2.events import (
    ModelMessage,
    ModelMessageChunk,
    ModelReasoning,
    ModelResponse,
    ToolCallEvent,
    ToolCallsEvent,
    Usage,
)

from autogen_llmaas._ag2_messages import to_api_messages
from autogen_llmaas.connection import ApiKey, create_client
from autogen_llmaas.settings import RATE_LIMIT_TIMEOUT
from llmaas import Completion, StructuredOutputError
from llmaas.adapters import invalid_output_error, is_cut_short, redact_options, strip_fence
from llmaas.model_names import ChatModelName
from llmaas.settings import KEY_VARIABLE
from llmaas.structured import json_part

if TYPE_CHECKING:
    from ag2.context import ConversationContext
    from ag2.events import BaseEvent
    from ag2.response import ResponseProto
    from ag2.tools.schemas import ToolSchema
    from fast_depends.library.serializer import SerializerProto

_CONNECTION_FIELDS = (
    "api_key",
    "api_key_env",
    "base_url",
    "timeout",
    "max_retries",
    "rate_limit_timeout",
    "deadline",
    "ca_bundle",
    "profile",
    "proxy",
    "default_headers",
)


@dataclass(slots=True)
class LLMaaSConfig(ModelConfig):
    """A model of LLMaaS. None omits a parameter. The key is neither printed nor pickled."""

    model: ChatModelName
    api_key: ApiKey = field(default=None, repr=False)
    api_key_env: str = KEY_VARIABLE
    base_url: str | None = None
    streaming: bool = False
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    logit_bias: dict[str, int] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None
    """Number of choices; AG2 reads the first."""
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    reasoning: bool | str | None = None
    fallbacks: list[str] | None = None
    retry_empty: bool | None = None
    conform: bool | None = None
    fresh: bool | None = None
    strict: bool | None = None
    reasoning_effort: str | None = None
    extra_body: dict[str, Any] | None = None
    timeout: float | None = None
    deadline: float | None = None
    """Maximum duration of one call in seconds, including waits for rate limits."""
    ca_bundle: str | None = None
    profile: str | None = None
    """File of ``llmaas probe --save``. Defaults to ``LLMAAS_PROFILE``."""
    proxy: str | None = field(default=None, repr=False)
    max_retries: int = 2
    rate_limit_timeout: float = RATE_LIMIT_TIMEOUT
    default_headers: dict[str, str] | None = field(default=None, repr=False)

    @property
    def provider(self) -> ModelProvider:
        """The protocol of the service."""
        return ModelProvider.OPENAI

    def copy(self, /, **overrides: Any) -> Self:
        """Return a copy with some settings replaced."""
        return replace(self, **overrides)

    def create(self) -> LLMaaSAG2Client:
        """Create a client; AG2 creates one per conversation."""
        return LLMaaSAG2Client(self)

    def to_request(self) -> dict[str, Any]:
        """Return the request parameters that are set."""
        skipped = (*_CONNECTION_FIELDS, "model", "streaming", "tool_choice")
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in skipped}
        return {name: value for name, value in values.items() if value is not None}

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Self:
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "api_key"}
        return self.copy(**deepcopy(values, memo))

    def __reduce__(self) -> tuple[Any, ...]:
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "api_key"}
        values |= redact_options({name: values[name] for name in ("default_headers", "proxy")})
        return (_unpickle, (type(self), values))


class LLMaaSAG2Client(LLMClient):
    """AG2's client interface over the core's client."""

    def __init__(self, config: LLMaaSConfig) -> None:
        self._config = config
        self._reasoning: dict[str, str] = {}
        self._client = create_client(config, config.api_key)

    async def __call__(
        self,
        messages: Sequence[BaseEvent],
        context: ConversationContext,
        *,
        tools: Iterable[ToolSchema],
        response_schema: ResponseProto[Any] | None,
        serializer: SerializerProto,
    ) -> ModelResponse:
        """Answer a turn; text and reasoning are sent to the context as they arrive."""
        prompt = list(context.prompt)
        if response_schema and response_schema.system_prompt:
            prompt.append(response_schema.system_prompt)
        api_messages = self._with_reasoning(to_api_messages(prompt, messages, serializer))
        options = self._config.to_request()
        if definitions := [tool_to_api(tool) for tool in tools]:
            options |= {"tools": definitions, "tool_choice": self._config.tool_choice}
        options["response_format"] = response_proto_to_schema(response_schema)
        send = self._stream if self._config.streaming else self._complete
        completion = await send(api_messages, options, context)
        return await self._to_response(completion, context)

    async def _complete(
        self, api_messages: list[Any], options: dict[str, Any], context: ConversationContext
    ) -> Completion:
        try:
            completion = await self._client.chat(api_messages, model=self._config.model, **options)
        except StructuredOutputError as error:  # AG2 validates, and may retry
            if error.completion is None or is_cut_short(error.completion):
                raise
            completion = error.completion
        if completion.reasoning:
            await context.send(ModelReasoning(completion.reasoning))
        return completion

    async def _stream(
        self, api_messages: list[Any], options: dict[str, Any], context: ConversationContext
    ) -> Completion:
        stream = await self._client.stream(api_messages, model=self._config.model, **options)
        fence = strip_fence(options["response_format"])
        async with stream:
            async for event in stream:
                if event.type == "text":
                    await _send_chunk(fence.feed(event.text), context)
                elif event.type == "reasoning":
                    await context.send(ModelReasoning(event.text))
        completion = stream.completion
        await _send_chunk(fence.finish(completion), context)
        if options["response_format"] and is_cut_short(completion):
            raise invalid_output_error(completion)
        return completion

    async def _to_response(
        self, completion: Completion, context: ConversationContext
    ) -> ModelResponse:
        refusals = (choice.refusal for choice in completion.choices[:1])
        text = _json_text(completion) or next(refusals, None)
        message = ModelMessage(text) if text else None
        if message is not None:
            await context.send(message)
        if completion.tool_calls and completion.reasoning:
            self._reasoning[completion.tool_calls[0].id] = completion.reasoning
        return ModelResponse(
            message=message,
            tool_calls=ToolCallsEvent(
                [
                    ToolCallEvent(id=c.id, name=c.name, arguments=c.arguments or "{}")
                    for c in completion.tool_calls
                ]
            ),
            usage=_to_usage(completion),
            model=completion.model,
            provider="llmaas",
            finish_reason=completion.finish_reason,
            response_id=completion.id,
        )

    def _with_reasoning(self, api_messages: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Add reasoning to its tool calls and remove empty system messages."""
        converted = [dict(m) for m in api_messages if m["role"] != "system" or m["content"]]
        for message in converted:
            calls = message.get("tool_calls")
            if calls and (text := self._reasoning.get(calls[0]["id"])):
                message["reasoning_content"] = text
        return converted


async def _send_chunk(text: str, context: ConversationContext) -> None:
    if text:
        await context.send(ModelMessageChunk(text))


def _json_text(completion: Completion) -> str:
    """Return the text; only its JSON if there is a value, since AG2 parses the whole text."""
    return completion.text if completion.parsed is None else json_part(completion.text)


def _to_usage(completion: Completion) -> Usage:
    usage = completion.usage
    if usage is None:
        return Usage()
    return Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
        cache_read_input_tokens=usage.cached_tokens,
        thinking_tokens=usage.reasoning_tokens,
    )


def _unpickle(config_class: type[LLMaaSConfig], settings: Mapping[str, Any]) -> LLMaaSConfig:
    return config_class(**settings)

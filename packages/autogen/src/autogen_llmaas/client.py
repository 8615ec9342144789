"""Model client for autogen-core, AgentChat and AutoGen Studio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self, Unpack, cast

from autogen_core import CancellationToken, Component
from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from autogen_llmaas import _event_log, _token_count
from autogen_llmaas._cancellation import await_cancellable, iterate_cancellable
from autogen_llmaas._reasoning_cache import ReasoningCache
from autogen_llmaas._request import Request, ToolChoice, build_options
from autogen_llmaas.components import model_info
from autogen_llmaas.connection import ApiKey, create_client
from autogen_llmaas.messages import MessageConverter
from autogen_llmaas.responses import create_result
from autogen_llmaas.settings import ClientSettings, LLMaaSClientConfig
from autogen_llmaas.tools import ToolNameMap
from autogen_llmaas.usage_totals import UsageTotals
from llmaas import adapters, catalog
from llmaas.model_names import ChatModelName

if TYPE_CHECKING:
    from llmaas import AsyncLLMaaS, Completion

UNKNOWN_CONTEXT = 32_768
"""Context size in tokens that is assumed for a model missing from the catalog."""


class LLMaaSChatCompletionClient(ChatCompletionClient, Component[LLMaaSClientConfig]):
    """Chat models of LLMaaS for AutoGen agents and teams.

    ``api_key`` (a string or a callable) defaults to the variable that ``api_key_env`` names,
    ``LLMAAS_API_KEY``; it is never part of a component, a pickle or a repr. The other settings
    are those of ``LLMaaSClientConfig``. One client may be used in several event loops. Raises
    the errors of ``llmaas.errors``, which are subclasses of the ``openai`` exceptions.
    """

    component_type = "model"
    component_config_schema = LLMaaSClientConfig

    def __init__(
        self,
        model: ChatModelName,
        *,
        api_key: ApiKey = None,
        **settings: Unpack[ClientSettings],
    ) -> None:
        self._initialize(LLMaaSClientConfig.create(model, settings, type(self).__name__), api_key)

    def _initialize(self, config: LLMaaSClientConfig, api_key: ApiKey) -> None:
        self._config, self._api_key = config, api_key
        self._defaults = config.request_defaults()
        self._llmaas: AsyncLLMaaS | None = None
        self._reasoning_cache = ReasoningCache()
        self.totals = UsageTotals()
        """Tokens and cost of all answers of this client."""

    @property
    def llmaas(self) -> AsyncLLMaaS:
        """The core's client, created on first use."""
        if self._llmaas is None:
            self._llmaas = create_client(self._config, self._api_key)
        return self._llmaas

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Send a request and return the answer.

        If ``json_output`` is a model class, an invalid answer is retried once, then raises
        ``StructuredOutputError``. A truncated answer raises it immediately, unless
        ``max_tokens`` can be raised.
        """
        request = self._build_request(messages, tools, tool_choice, json_output, extra_create_args)
        request.options.pop("stream_options", None)
        call = self.llmaas.chat(request.messages, model=self._config.model, **request.options)
        try:
            completion = await await_cancellable(call, cancellation_token)
        except ValueError as error:  # StructuredOutputError, whose import brings the openai SDK
            invalid: Completion | None = getattr(error, "completion", None)
            if invalid is not None:
                self.totals.add(invalid)
            raise
        result = self._to_result(completion, request)
        _event_log.log_call(request.messages, request.tool_names.definitions, result)
        return result

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        include_usage: bool | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Send a request and yield text as it arrives, then the whole answer.

        Reasoning is not yielded; it is in the answer's ``thought``. ``include_usage``, a keyword
        of AutoGen's stock client, defaults to True. An answer that does not match
        ``json_output`` is returned unchanged, because its text was yielded already. Raises
        ``StructuredOutputError`` if the answer was truncated.
        """
        request = self._build_request(messages, tools, tool_choice, json_output, extra_create_args)
        if include_usage:
            stream_options = request.options.get("stream_options") or {}
            request.options["stream_options"] = {**stream_options, "include_usage": True}
        elif include_usage is False:
            request.options["stream_options"] = None
        call = self.llmaas.stream(request.messages, model=self._config.model, **request.options)
        stream = await await_cancellable(call, cancellation_token)
        _event_log.log_stream_start(request.messages)
        async with stream, aclosing(iterate_cancellable(stream, cancellation_token)) as events:
            async for event in events:
                if event.type == "text":
                    yield event.text
        completion = stream.completion
        if request.wants_json and adapters.is_cut_short(completion):
            self.totals.add(completion)
            raise adapters.invalid_output_error(completion)
        result = self._to_result(completion, request)
        _event_log.log_stream_end(result)
        yield result

    def _build_request(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        tool_choice: ToolChoice,
        json_output: bool | type[BaseModel] | None,
        extra: Mapping[str, Any] | None,
    ) -> Request:
        tool_names = ToolNameMap(tools)
        options = build_options(self._defaults, extra, tool_names, tool_choice, json_output)
        return Request(self._message_converter(tool_names).convert(messages), tool_names, options)

    def _message_converter(self, tool_names: ToolNameMap) -> MessageConverter:
        config = self._config
        return MessageConverter(
            reasoning_cache=self._reasoning_cache,
            tool_names=tool_names,
            sends_reasoning=self._sends_reasoning,
            include_names=config.include_name_in_message,
            include_prefixes=config.add_name_prefixes,
            supports_images=lambda: self.model_info["vision"],
        )

    def _sends_reasoning(self) -> bool:
        if self._config.send_reasoning is not None:
            return self._config.send_reasoning
        known = catalog.find_model(self._config.model, self._config.profile)
        return bool(known and known.reasoning) or self._reasoning_cache.saw_reasoning

    def _to_result(self, completion: Completion, request: Request) -> CreateResult:
        self.totals.add(completion)
        result = create_result(completion, request.tool_names, wants_json=request.wants_json)
        if isinstance(result.content, list):
            self._reasoning_cache.put(result.content, completion.text or None, completion.reasoning)
        return result

    async def refresh(self) -> None:
        """Update the catalog of this process from ``GET /v1/models``.

        On failure the catalog is unchanged and a ``StaleCatalogWarning`` is issued.
        """
        await catalog.arefresh(self.llmaas)

    async def close(self) -> None:
        """Close the resources of this client, which can be used again afterwards."""
        if self._llmaas is not None:
            await self._llmaas.close()

    def actual_usage(self) -> RequestUsage:
        """Return the tokens of all answers; same as ``total_usage``."""
        return self.total_usage()

    def total_usage(self) -> RequestUsage:
        """Return the tokens of all answers. ``totals`` also has reasoning and cost."""
        return RequestUsage(self.totals.prompt_tokens, self.totals.completion_tokens)

    @property
    def cost_eur(self) -> float:
        """Cost of all answers of this client in EUR."""
        return self.totals.cost_eur

    def count_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """Estimate the tokens of a request offline, at four characters per token."""
        return _token_count.count_tokens(messages, tools)

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """Return the context size of the model minus the estimated tokens of a request."""
        known = catalog.find_model(self._config.model, self._config.profile)
        context = known.context if known else None
        return (context or UNKNOWN_CONTEXT) - self.count_tokens(messages, tools=tools)

    @property
    def model_info(self) -> ModelInfo:
        """Model information as measured or of the catalog, overridden by ``model_info``."""
        config = self._config
        return cast(ModelInfo, model_info(config.model, config.model_info, config.profile))

    @property
    def capabilities(self) -> ModelInfo:
        """Deprecated AutoGen name of ``model_info``."""
        return self.model_info

    def _to_config(self) -> LLMaaSClientConfig:
        return self._config.without_secrets()

    @classmethod
    def _from_config(cls, config: LLMaaSClientConfig) -> Self:
        return cls(**config.model_dump(exclude_unset=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self._config.model!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        kept = self._config.without_secrets().model_dump(exclude_unset=True)
        return (_unpickle, (type(self), kept))

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: Any) -> Self:
        copy = type(self).__new__(type(self))
        copy._initialize(self._config, self._api_key)
        return copy


def _unpickle(
    client_class: type[LLMaaSChatCompletionClient], config: Mapping[str, Any]
) -> LLMaaSChatCompletionClient:
    return client_class._from_config(LLMaaSClientConfig(**config))

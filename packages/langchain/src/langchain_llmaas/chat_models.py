"""``ChatLLMaaS``: a LangChain chat model for LLMaaS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams, LanguageModelInput, ModelProfile
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from pydantic import Field, model_validator

from langchain_llmaas._version import __version__
from langchain_llmaas.binding import BoundModel, with_headers
from langchain_llmaas.connection import MODEL_CONFIG, ConnectionMixin
from langchain_llmaas.content_blocks import PROVIDER
from langchain_llmaas.errors import translate_errors
from langchain_llmaas.messages import SendReasoning, to_api_messages
from langchain_llmaas.profiles import get_profile
from langchain_llmaas.rate_limiter import track_tokens
from langchain_llmaas.responses import combine_outputs, to_chat_result, to_chunk
from langchain_llmaas.tools import to_function
from llmaas import adapters
from llmaas.adapters import reject_multiple_choices
from llmaas.model_names import ChatModelName
from llmaas.pricing import estimate_tokens

if TYPE_CHECKING:
    from langchain_llmaas.structured_output import Method

_REQUEST_FIELDS = (
    "temperature",
    "max_tokens",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "seed",
    "n",
    "logprobs",
    "top_logprobs",
    "reasoning",
    "reasoning_effort",
    "enable_thinking",
    "fallbacks",
    "retry_empty",
    "conform",
    "fresh",
    "strict",
    "user",
    "extra_body",
)
_LOCAL_SWITCHES = ("stream", "stream_usage", "disable_streaming")  # switches, not parameters


class ChatLLMaaS(ConnectionMixin, BaseChatModel):
    """A chat model of LLMaaS.

    Supports all operations of a LangChain chat model, with native sync and async clients.
    Messages carry reasoning (``additional_kwargs["reasoning_content"]`` and content blocks),
    tokens and cost (``usage_metadata``, with ``cost_micro_eur``), and ``response_metadata``
    (``backend``, ``request_id``, ``rate_limit``, ``cost_micro_eur``, ``cached``). Errors belong
    to both exception hierarchies (``langchain_llmaas.errors``).
    """

    model_config = MODEL_CONFIG

    model_name: ChatModelName = Field(alias="model")
    """The model's name, as listed by ``llmaas models``."""
    temperature: float | None = None
    max_tokens: int | None = None
    """Defaults to 16,384, capped at half the model's context (server default: 1,024)."""
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stop: list[str] | str | None = None
    seed: int | None = None
    n: int | None = Field(default=None, ge=1)
    """Number of choices. Streaming supports one."""
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning: bool | str | dict[str, Any] | None = None
    """False disables reasoning, True enables it; ``"low"`` to ``"xhigh"`` set the effort."""
    fallbacks: list[str] | None = None
    """Models to try in order if this one is retired, overloaded, too small or returns no answer."""
    retry_empty: bool | None = None
    """Retry once if an answer is empty."""
    conform: bool | None = None
    """Adapt the conversation to the model's constraints. Defaults to True."""
    fresh: bool | None = None
    """Bypass gateway caches by a nonce in the last user message."""
    strict: bool | None = None
    """Reject images for a model without vision, instead of warning. For strict schemas see
    ``bind_tools`` and ``with_structured_output``."""
    reasoning_effort: str | None = None
    enable_thinking: bool | None = None
    """Supported by qwen models only: others reject it."""
    user: str | None = None
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Request parameters without a field here, sent unchanged."""
    extra_body: Mapping[str, Any] | None = None
    """Merged over the body of each request."""
    streaming: bool = False
    stream_usage: bool = True
    """Request the usage of streams."""
    send_reasoning: SendReasoning = "auto"
    """Whether reasoning is sent back to the model: ``auto`` (within its turn), ``always`` or
    ``never``."""

    @model_validator(mode="after")
    def _set_llmaas_version(self) -> Self:
        self._add_version("langchain-llmaas", __version__)
        return self

    @property
    def _llm_type(self) -> str:
        return "llmaas-chat"

    @property
    def _default_params(self) -> dict[str, Any]:
        """Parameters of each request, which a call may override."""
        fields = vars(self)
        given = {name: fields[name] for name in _REQUEST_FIELDS if fields[name] is not None}
        return given | self.model_kwargs

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, **self._default_params}

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Allow serialization. A dump names the key's environment variable, not the key."""
        return True

    def _resolve_model_profile(self) -> ModelProfile | None:
        return get_profile(self.model_name, self.service_profile)

    def _get_invocation_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        kwargs.pop("extra_headers", None)  # may hold secrets
        return super()._get_invocation_params(stop=stop, **kwargs)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        values = {**vars(self), **self.model_kwargs, **kwargs}
        params = LangSmithParams(
            ls_provider=PROVIDER,
            ls_model_name=kwargs.get("model") or self.model_name,
            ls_model_type="chat",
        )
        for name in ("temperature", "max_tokens"):
            if values.get(name) is not None:
                params[f"ls_{name}"] = values[name]  # type: ignore[literal-required]
        if stops := stop or values.get("stop"):
            params["ls_stop"] = [stops] if isinstance(stops, str) else stops
        return params

    def build_request(
        self, messages: Sequence[BaseMessage], stop: list[str] | None = None, **overrides: Any
    ) -> dict[str, Any]:
        """Build the arguments of the core's ``chat``. Nothing is sent."""
        request = {
            "repair": False,
            "model": self.model_name,
            **self._default_params,
            **overrides,
            "messages": to_api_messages(messages, self.send_reasoning),
        }
        if stop:
            request["stop"] = stop
        if instruction := request.pop("json_instruction", None):
            request["messages"] = adapters.mention_json(request["messages"], instruction)
        for name in _LOCAL_SWITCHES:
            request.pop(name, None)
        return request

    def _build_stream_request(
        self, messages: list[BaseMessage], stop: list[str] | None, overrides: Mapping[str, Any]
    ) -> dict[str, Any]:
        request = self.build_request(messages, stop, **overrides)
        reject_multiple_choices(request, "a stream has one choice. Use invoke or generate.")
        if not overrides.get("stream_usage", self.stream_usage):
            request.setdefault("stream_options", None)
        return request

    def _combine_llm_outputs(self, llm_outputs: list[dict[str, Any] | None], /) -> dict[str, Any]:
        """Sum the tokens of several conversations. Cached answers have none."""
        return combine_outputs(llm_outputs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with translate_errors, track_tokens(self.rate_limiter) as count:
            return to_chat_result(
                count(self.client.chat(**self.build_request(messages, stop, **kwargs)))
            )

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with translate_errors, track_tokens(self.rate_limiter) as count:
            request = self.build_request(messages, stop, **kwargs)
            return to_chat_result(count(await self.async_client.chat(**request)))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with (
            translate_errors,
            track_tokens(self.rate_limiter) as count,
            self.client.stream(**self._build_stream_request(messages, stop, kwargs)) as events,
        ):
            for event in events:
                chunk = to_chunk(event)
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
            count(events.completion)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with translate_errors, track_tokens(self.rate_limiter) as count:
            request = self._build_stream_request(messages, stop, kwargs)
            async with await self.async_client.stream(**request) as events:
                async for event in events:
                    chunk = to_chunk(event)
                    if run_manager:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
                count(events.completion)

    def bind(  # type: ignore[override]  # newer versions name a private class
        self, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind arguments. Headers move into the model, hidden from reprs, dumps and traces."""
        headers = kwargs.pop("extra_headers", None)
        if headers is not None:
            return with_headers(self, headers).bind(**kwargs)  # type: ignore[no-any-return]
        return BoundModel.from_binding(super().bind(**kwargs))

    def with_config(
        self, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind a configuration."""
        return BoundModel.from_binding(super().with_config(config, **kwargs))

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        strict: bool | None = None,
        parallel_tool_calls: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools: functions, ``BaseTool``, pydantic classes or schemas.

        ``tool_choice``: ``auto``, ``none``, a tool's name or a dict; ``any``, ``required`` or
        True force a call: a single tool by its name, one of several by ``required``, which the
        service does not document.
        """
        kwargs["tools"] = [to_function(tool, strict=strict) for tool in tools]
        if tool_choice:
            kwargs["tool_choice"] = tool_choice
        if parallel_tool_calls is not None:
            kwargs["parallel_tool_calls"] = parallel_tool_calls
        return self.bind(**kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        method: Method = "function_calling",
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Return values of ``schema``: a class, TypedDict or JSON schema.

        ``method``: ``function_calling``, ``json_schema`` or ``json_mode``. ``include_raw``
        returns ``{"raw", "parsed", "parsing_error"}`` and raises no parsing error. With ``tools``,
        the model may call them first: the value of such an answer is None.
        """
        from langchain_llmaas.structured_output import build_structured_model

        return build_structured_model(
            self, schema, method=method, strict=strict, include_raw=include_raw, **kwargs
        )

    def get_token_ids(self, text: str) -> list[int]:
        """Raise ``NotImplementedError`` without ``custom_get_token_ids``: there is no tokenizer."""
        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        raise NotImplementedError(
            "LLMaaS publishes no tokenizer: use get_num_tokens, or set custom_get_token_ids"
        )

    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text, at four characters per token."""
        if self.custom_get_token_ids is not None:
            return len(self.custom_get_token_ids(text))
        return estimate_tokens(text)

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """Estimate the tokens of a conversation."""
        return count_tokens_approximately(messages, tools=[*tools] if tools else None)

"""Chat client on the framework's public ``BaseChatClient``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from agent_framework import (
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    ChatResponseUpdate,
    FunctionInvocationLayer,
    Message,
    ResponseStream,
)
from agent_framework.observability import ChatTelemetryLayer
from typing_extensions import TypeVar

from agent_framework_llmaas._connection import (
    CHAT_MODEL_VARIABLE,
    connection_to_dict,
    create_client,
    default_model,
)
from agent_framework_llmaas._messages import to_api_messages
from agent_framework_llmaas._options import LLMaaSChatOptions, build_arguments
from agent_framework_llmaas._responses import to_response, to_updates
from agent_framework_llmaas.errors import translate_errors
from llmaas import StructuredOutputError
from llmaas.adapters import reject_multiple_choices, reject_unknown_arguments
from llmaas.model_names import ChatModelName

if TYPE_CHECKING:
    from agent_framework import (
        Agent,
        ChatAndFunctionMiddlewareTypes,
        CompactionStrategy,
        FunctionInvocationConfiguration,
        TokenizerProtocol,
    )

    from llmaas import AsyncLLMaaS, Completion

OptionsT = TypeVar("OptionsT", bound=Any, default=LLMaaSChatOptions, covariant=True)


class RawLLMaaSChatClient(BaseChatClient[OptionsT], Generic[OptionsT]):
    """Chat client without the framework's layers: no tool loop, middleware or telemetry.

    Layers must be added in this order: ``FunctionInvocationLayer``, ``ChatMiddlewareLayer``,
    ``ChatTelemetryLayer``. ``LLMaaSChatClient`` has all of them.
    """

    OTEL_PROVIDER_NAME: ClassVar[str] = "llmaas"
    INJECTABLE: ClassVar[set[str]] = {"client"}

    def __init__(
        self,
        model: ChatModelName | None = None,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        send_reasoning: bool = False,
        client: AsyncLLMaaS | None = None,
        compaction_strategy: CompactionStrategy | None = None,
        tokenizer: TokenizerProtocol | None = None,
        additional_properties: dict[str, Any] | None = None,
        **connection: Any,
    ) -> None:
        """Create the client without sending a request.

        ``model`` defaults to ``LLMAAS_CHAT_MODEL`` and may be set per call. ``api_key`` (a
        string, or a callable for rotating keys) and ``base_url`` default to ``LLMAAS_API_KEY``
        and ``LLMAAS_BASE_URL``. ``connection`` takes the other arguments of ``AsyncLLMaaS``
        (``timeout``, ``max_retries``, ``deadline``, ``ca_bundle``, ``proxy``, ``headers``). Pass
        ``client`` to share an existing client instead. ``send_reasoning`` sends a model's
        reasoning back in later turns.
        """
        super().__init__(
            compaction_strategy=compaction_strategy,
            tokenizer=tokenizer,
            additional_properties=additional_properties,
        )
        reject_unknown_arguments(type(self), connection)
        self.model = default_model(model, CHAT_MODEL_VARIABLE)
        self.send_reasoning = send_reasoning
        self.client = create_client(client, api_key=api_key, base_url=base_url, **connection)
        self.base_url = self.client.settings.base_url

    def service_url(self) -> str:
        """Return the base URL of the service."""
        return self.base_url

    def to_dict(
        self, *, exclude: set[str] | None = None, exclude_none: bool = True
    ) -> dict[str, Any]:
        """Convert to plain values with connection settings; never a key, a proxy or a header."""
        fields = super().to_dict(exclude=exclude, exclude_none=exclude_none)
        return {**fields, **connection_to_dict(self.client, exclude)}

    def _inner_get_response(
        self,
        *,
        messages: Sequence[Message],
        stream: bool,
        options: Mapping[str, Any],
        **kwargs: Any,
    ) -> Awaitable[ChatResponse[Any]] | ResponseStream[ChatResponseUpdate, ChatResponse[Any]]:
        if not stream:
            return self._get_response(messages, options, kwargs)
        return self._build_response_stream(
            self._stream_response(messages, options, kwargs),
            response_format=options.get("response_format"),
        )

    async def _get_response(
        self, messages: Sequence[Message], options: Mapping[str, Any], kwargs: Mapping[str, Any]
    ) -> ChatResponse[Any]:
        with translate_errors:
            request = await self._build_request(messages, options, kwargs)
            try:
                completion = await self.client.chat(**request)
            except ValueError as error:
                completion = _invalid_output_or_raise(error)
        return to_response(completion, options.get("response_format"))

    async def _stream_response(
        self, messages: Sequence[Message], options: Mapping[str, Any], kwargs: Mapping[str, Any]
    ) -> AsyncIterator[ChatResponseUpdate]:
        with translate_errors:
            request = await self._build_request(messages, options, kwargs)
            reject_multiple_choices(request, "several answers can be had whole, but not streamed.")
            async with await self.client.stream(**request) as stream:
                async for update in to_updates(stream, options.get("response_format")):
                    yield update

    async def _build_request(
        self, messages: Sequence[Message], options: Mapping[str, Any], kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        checked = await self._validate_options(options)
        arguments = build_arguments(checked, kwargs, model=self.model)
        arguments["messages"] = to_api_messages(
            messages, checked.get("instructions"), send_reasoning=self.send_reasoning
        )
        return arguments


class LLMaaSChatClient(
    FunctionInvocationLayer[OptionsT],
    ChatMiddlewareLayer[OptionsT],
    ChatTelemetryLayer[OptionsT],
    RawLLMaaSChatClient[OptionsT],
    Generic[OptionsT],
):
    """Chat client with tools, middleware and telemetry.

    Reasoning is returned as ``text_reasoning`` contents. ``additional_properties`` of a response
    hold ``backend``, ``cost_eur`` and ``request_id``; ``raw_representation`` is the core's
    ``Completion``. A client may be shared by several event loops and threads.
    """

    DEFAULT_EXCLUDE: ClassVar[set[str]] = {
        *BaseChatClient.DEFAULT_EXCLUDE,
        "chat_middleware",
        "function_middleware",
        "token_usage_histogram",
        "duration_histogram",
    }

    def __init__(
        self,
        model: ChatModelName | None = None,
        *,
        middleware: Sequence[ChatAndFunctionMiddlewareTypes] | None = None,
        function_invocation_configuration: FunctionInvocationConfiguration | None = None,
        otel_provider_name: str | None = None,
        **options: Any,
    ) -> None:
        """Create the client; ``options`` are the arguments of ``RawLLMaaSChatClient``."""
        super().__init__(
            model=model,
            middleware=middleware,
            function_invocation_configuration=function_invocation_configuration,
            otel_provider_name=otel_provider_name,
            **options,
        )

    def as_agent(self, **options: Any) -> Agent[OptionsT]:
        """Create an agent on this client whose spans carry the client's provider name."""
        agent: Agent[OptionsT] = super().as_agent(**options)
        agent.otel_provider_name = self.otel_provider_name
        return agent

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the constructor arguments, without the key."""
        fields = {
            "model": self.model,
            "client": self.client,
            "send_reasoning": self.send_reasoning,
            "middleware": [*self.chat_middleware, *self.function_middleware] or None,
            "function_invocation_configuration": self.function_invocation_configuration,
            "otel_provider_name": self.otel_provider_name,
            "compaction_strategy": self.compaction_strategy,
            "tokenizer": self.tokenizer,
            "additional_properties": self.additional_properties,
        }
        return (_unpickle, (type(self), fields))


def _unpickle(
    client_class: type[LLMaaSChatClient[Any]], fields: dict[str, Any]
) -> LLMaaSChatClient[Any]:
    return client_class(**fields)


def _invalid_output_or_raise(error: Exception) -> Completion:
    """Return an invalid answer, which the framework reports at ``.value``, or raise."""
    completion: Completion | None = getattr(error, "completion", None)
    if completion is not None and isinstance(error, StructuredOutputError):
        return completion
    raise error

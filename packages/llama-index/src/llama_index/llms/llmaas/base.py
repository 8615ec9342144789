"""LLM class ``LLMaaS``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.generic_utils import (
    achat_to_completion_decorator,
    astream_chat_to_completion_decorator,
    chat_to_completion_decorator,
    stream_chat_to_completion_decorator,
)
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
)
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.llm import ToolSelection
from pydantic import Field

from llama_index.llms.llmaas.connection import Connection
from llama_index.llms.llmaas.cost import partial_cost
from llama_index.llms.llmaas.messages import SendReasoning, to_api_messages
from llama_index.llms.llmaas.prediction import StructuredPrediction
from llama_index.llms.llmaas.responses import StreamedResponse, to_response
from llama_index.llms.llmaas.tools import (
    keep_first_call,
    to_function,
    to_messages,
    to_selections,
)
from llmaas import catalog
from llmaas.model_names import ChatModelName

_PARAMETERS = (
    "temperature",
    "max_tokens",
    "top_p",
    "seed",
    "stop",
    "reasoning",
    "fallbacks",
    "retry_empty",
    "conform",
    "strict",
    "extra_body",
)


class LLMaaS(Connection, StructuredPrediction):
    """LLM with chat, completion, tools and structured predictions, sync and async.

    Responses hold reasoning (``ThinkingBlock``) and usage, cost and the machine that answered
    (``additional_kwargs``). Raises the errors of ``llmaas.errors``.
    """

    model: ChatModelName
    """Name of a chat model. The command ``llmaas models`` lists them."""
    temperature: float | None = None
    max_tokens: int | None = None
    """Defaults to 16,384, capped at half the model's context."""
    top_p: float | None = None
    seed: int | None = None
    stop: list[str] | str | None = None
    reasoning: bool | str | None = None
    """False disables reasoning, True enables it; ``"low"`` to ``"xhigh"`` set the effort."""
    fallbacks: list[str] | None = None
    """Models to try in order if this one is gone, overloaded, too small or returns nothing."""
    retry_empty: bool | None = None
    """Whether the request is repeated once if the answer is empty."""
    conform: bool | None = None
    """Whether the conversation is adapted to what the model accepts. Defaults to True."""
    strict: bool | None = None
    """Whether images for a model without vision raise an error instead of a warning."""
    extra_body: Mapping[str, Any] | None = None
    """Fields that override those of each request."""
    additional_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Additional parameters of each request."""
    send_reasoning: SendReasoning = "auto"
    """Reasoning to send back to the model: ``auto`` (current turn only), ``always`` or ``never``.
    Defaults to ``auto``."""
    context_window: int | None = None
    """Tokens. Defaults to the catalog, or to LlamaIndex's default for an unknown model."""
    is_function_calling_model: bool | None = None
    """Defaults to the catalog, or to True for an unknown model."""

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialized objects."""
        return "LLMaaS"

    @property
    def metadata(self) -> LLMMetadata:
        """Describe the model: as the profile measured it, else from the catalog."""
        known = catalog.find_model(self.model, self.profile)
        window = self.context_window or (known.context if known else None)
        tools = self.is_function_calling_model
        if tools is None:
            tools = known is None or known.tools is not False
        facts: dict[str, Any] = {"context_window": window} if window else {}
        if window or self.max_tokens:
            facts["num_output"] = self.max_tokens or catalog.max_output_default(
                self.model, self.profile
            )
        return LLMMetadata(
            is_chat_model=True, is_function_calling_model=tools, model_name=self.model, **facts
        )

    def request(self, messages: Sequence[ChatMessage], **options: Any) -> dict[str, Any]:
        """Build the arguments of the client's ``chat``. Sends nothing."""
        fields = vars(self)
        given = {name: fields[name] for name in _PARAMETERS if fields[name] is not None}
        converted = to_api_messages(messages, self.send_reasoning)
        arguments = {"model": self.model, **given, **self.additional_kwargs, **options}
        arguments.pop("formatted", None)  # from complete(): the engine applies the chat template
        return {**arguments, "messages": converted}

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Send messages and return the complete answer."""
        return self._chat(messages, **kwargs)

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Send messages and return the complete answer."""
        return await self._achat(messages, **kwargs)

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Stream the answer. The last response is complete."""
        return self._stream_chat(messages, **kwargs)

    @llm_chat_callback()
    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        """Stream the answer. The last response is complete."""
        return await self._astream_chat(messages, **kwargs)

    def _chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        with partial_cost("chat"):
            return to_response(self.client.chat(**self.request(messages, **kwargs)))

    async def _achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        with partial_cost("chat"):
            return to_response(await self.async_client.chat(**self.request(messages, **kwargs)))

    def _stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        return _responses(self.client.stream(**self.request(messages, **kwargs)))

    async def _astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        return _aresponses(await self.async_client.stream(**self.request(messages, **kwargs)))

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Complete a prompt, which is sent as one user message."""
        return chat_to_completion_decorator(self._chat)(prompt, **kwargs)

    @llm_completion_callback()
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponse:
        """Complete a prompt, which is sent as one user message."""
        chat = achat_to_completion_decorator(self._achat)
        return await chat(prompt, **kwargs)

    @llm_completion_callback()
    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        """Stream the completion of a prompt, which is sent as one user message."""
        chat = stream_chat_to_completion_decorator(self._stream_chat)
        return chat(prompt, **kwargs)

    @llm_completion_callback()
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        """Stream the completion of a prompt, which is sent as one user message."""
        chat = astream_chat_to_completion_decorator(self._astream_chat)
        return await chat(prompt, **kwargs)

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[Any],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        tool_choice: Any = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Build the arguments of ``chat``. ``tool_choice`` is a mode, a tool's name or a dict."""
        arguments: dict[str, Any] = {"messages": to_messages(user_msg, chat_history), **kwargs}
        if tools:
            arguments["tools"] = [to_function(tool) for tool in tools]
            choice = tool_choice or ("required" if tool_required else None)
            if choice is not None:
                arguments["tool_choice"] = choice
        return arguments

    def _validate_chat_with_tools_response(
        self,
        response: ChatResponse,
        tools: Sequence[Any],
        allow_parallel_tool_calls: bool = False,
        **kwargs: Any,
    ) -> ChatResponse:
        return response if allow_parallel_tool_calls else keep_first_call(response)

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        """Extract the tool calls that may run. Truncated calls are excluded.

        Raises ``ValueError`` if no call remains and ``error_on_no_tool_call`` is set.
        """
        calls = to_selections(response)
        if not calls and error_on_no_tool_call:
            cut = response.message.additional_kwargs.get("invalid_tool_calls")
            why = cut[0]["error"] if cut else f"got {response.message.content!r}"
            raise ValueError(f"The answer must hold a tool call, {why}")
        return calls


def _responses(stream: Any) -> Generator[ChatResponse, None, None]:
    convert = StreamedResponse().convert
    with partial_cost("chat"), stream:
        for event in stream:
            if (response := convert(event)) is not None:
                yield response


async def _aresponses(stream: Any) -> AsyncGenerator[ChatResponse, None]:
    convert = StreamedResponse().convert
    with partial_cost("chat"):
        async with stream:
            async for event in stream:
                if (response := convert(event)) is not None:
                    yield response

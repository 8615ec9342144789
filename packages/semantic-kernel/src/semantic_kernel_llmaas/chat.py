"""Chat completion service on Semantic Kernel's ``ChatCompletionClientBase``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, Unpack

from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.connectors.ai.function_calling_utils import (
    update_settings_from_function_call_configuration,
)
from semantic_kernel.exceptions import ServiceInvalidExecutionSettingsError
from semantic_kernel.utils.telemetry.model_diagnostics.decorators import (
    trace_chat_completion,
    trace_streaming_chat_completion,
)

from llmaas import adapters
from llmaas.model_names import ChatModelName
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.messages import MessageConverter
from semantic_kernel_llmaas.responses import ChunkBuilder, ReasoningPlace, to_messages
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import LLMaaSChatPromptExecutionSettings

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
    from semantic_kernel.contents import (
        ChatHistory,
        ChatMessageContent,
        StreamingChatMessageContent,
    )

PROVIDER = "llmaas"
"""Provider name in telemetry."""


class LLMaaSChatCompletion(LLMaaSService, ChatCompletionClientBase):
    """Chat completion by a model of LLMaaS.

    Reasoning is in ``metadata["reasoning_content"]``. ``reasoning="content"`` also adds it to the
    items, which agents of other providers in the same chat may reject. ``send_reasoning`` sends
    it back to the model in later turns.
    """

    SUPPORTS_FUNCTION_CALLING: ClassVar[bool] = True
    MODEL_FIELD: ClassVar[str] = "chat_model_id"

    reasoning: ReasoningPlace = "metadata"
    send_reasoning: bool = False

    def __init__(
        self,
        ai_model_id: ChatModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        *,
        instruction_role: str | None = None,
        reasoning: ReasoningPlace = "metadata",
        send_reasoning: bool = False,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(
            ai_model_id,
            service_id,
            api_key,
            base_url,
            options,
            instruction_role=instruction_role or "system",
            reasoning=reasoning,
            send_reasoning=send_reasoning,
        )

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the class of this service's settings."""
        return LLMaaSChatPromptExecutionSettings

    def get_streaming_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings, **kwargs: Any
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        """Stream an answer. At the limit of function invocations, the last call has no tools.

        The base class does so for whole answers only; its streams end without an answer.
        """
        extended = _with_final_attempt(settings)
        chunks = super().get_streaming_chat_message_contents(chat_history, extended, **kwargs)
        return chunks if extended is settings else _until_end_mark(chunks)

    @trace_chat_completion(PROVIDER)
    async def _inner_get_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings
    ) -> list[ChatMessageContent]:
        own = self._to_own_settings(settings)
        with translate_errors:
            completion = await self.client.chat(
                self._prepare_chat_history_for_request(chat_history),
                **own.to_request(self.ai_model_id),
            )
        return to_messages(completion, own.ai_model_id or self.ai_model_id, self.reasoning)

    def _inner_get_streaming_chat_message_contents(
        self,
        chat_history: ChatHistory,
        settings: PromptExecutionSettings,
        function_invoke_attempt: int = 0,
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        own = self._to_own_settings(settings)
        is_final = _is_final_attempt(own, function_invoke_attempt)
        if is_final:
            self._reset_function_choice_settings(own)
        chunks: Chunks = self._stream_answer(chat_history, own, function_invoke_attempt)
        return _with_end_mark(chunks) if is_final else chunks

    @trace_streaming_chat_completion(PROVIDER)
    async def _stream_answer(
        self,
        chat_history: ChatHistory,
        own: LLMaaSChatPromptExecutionSettings,
        function_invoke_attempt: int,
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        model = own.ai_model_id or self.ai_model_id
        builder = ChunkBuilder(model, self.reasoning, function_invoke_attempt, own.response_format)
        is_json = adapters.wants_json(own.response_format)
        with translate_errors:
            async with await self.client.stream(
                self._prepare_chat_history_for_request(chat_history),
                **own.to_request(self.ai_model_id),
            ) as stream:
                async for event in stream:
                    if event.type == "text" and not is_json:
                        yield [builder.build_text(event)]
                    else:
                        for chunk in builder.build(event):
                            yield [chunk]

    def _to_own_settings(
        self, settings: PromptExecutionSettings
    ) -> LLMaaSChatPromptExecutionSettings:
        own = self.get_prompt_execution_settings_from_settings(settings)
        assert isinstance(own, LLMaaSChatPromptExecutionSettings)
        return own

    def _prepare_chat_history_for_request(
        self, chat_history: ChatHistory, role_key: str = "role", content_key: str = "content"
    ) -> Any:
        return MessageConverter(self.instruction_role, self.send_reasoning).convert(chat_history)

    def _verify_function_choice_settings(self, settings: PromptExecutionSettings) -> None:
        number = getattr(settings, "number_of_responses", None) or 1
        if number > 1:
            raise ServiceInvalidExecutionSettingsError(
                f"number_of_responses must be 1 when functions are invoked, got {number}."
            )

    def _update_function_choice_settings_callback(self) -> Callable[..., None]:
        return update_settings_from_function_call_configuration

    def _reset_function_choice_settings(self, settings: PromptExecutionSettings) -> None:
        for name in ("tools", "tool_choice"):
            if hasattr(settings, name):
                setattr(settings, name, None)


def _with_final_attempt(settings: PromptExecutionSettings) -> PromptExecutionSettings:
    """Return a copy with one more attempt, which ``_is_final_attempt`` recognizes."""
    behavior = settings.function_choice_behavior
    if behavior is None or not behavior.auto_invoke_kernel_functions:
        return settings
    attempts = behavior.maximum_auto_invoke_attempts + 1
    behavior = behavior.model_copy(update={"maximum_auto_invoke_attempts": attempts})
    return settings.model_copy(update={"function_choice_behavior": behavior})


def _is_final_attempt(settings: PromptExecutionSettings, attempt: int) -> bool:
    behavior = settings.function_choice_behavior
    return behavior is not None and 0 < attempt == behavior.maximum_auto_invoke_attempts - 1


Chunks: TypeAlias = "AsyncGenerator[list[StreamingChatMessageContent], Any]"


async def _with_end_mark(chunks: Chunks) -> Chunks:
    """Add an empty list after the chunks of the final attempt."""
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk
    yield []


async def _until_end_mark(chunks: Chunks) -> Chunks:
    """Stop at the end mark: the base class would invoke functions beyond the limit."""
    async with aclosing(chunks):
        async for chunk in chunks:
            if not chunk:
                return
            yield chunk

"""Chat: the service as Semantic Kernel's ``ChatCompletionClientBase``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.connectors.ai.function_calling_utils import (
    update_settings_from_function_call_configuration,
)
from semantic_kernel.exceptions import ServiceInvalidExecutionSettingsError
from semantic_kernel.utils.telemetry.model_diagnostics.decorators import (
    trace_chat_completion,
    trace_streaming_chat_completion,
)

from llmaas.structured import wants_json
from semantic_kernel_llmaas.answers import ReasoningPlace, messages_of
from semantic_kernel_llmaas.chunks import Chunker
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.history import Writer
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
"""The provider's name in telemetry."""


class LLMaaSChatCompletion(LLMaaSService, ChatCompletionClientBase):
    """A chat model of LLMaaS.

    What the model thinks is in ``metadata["reasoning_content"]``; ``reasoning="content"`` also
    puts it among the items, where agents of other providers in the same chat may trip over it.
    ``send_reasoning`` gives it back to the model in later turns.
    """

    SUPPORTS_FUNCTION_CALLING: ClassVar[bool] = True
    MODEL_FIELD: ClassVar[str] = "chat_model_id"

    reasoning: ReasoningPlace = "metadata"
    send_reasoning: bool = False

    def __init__(
        self,
        ai_model_id: str | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        *,
        instruction_role: str | None = None,
        reasoning: ReasoningPlace = "metadata",
        send_reasoning: bool = False,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` of the environment, then the ``.env`` file."""
        self._start(
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
        """Return the settings that say everything the service takes."""
        return LLMaaSChatPromptExecutionSettings

    @trace_chat_completion(PROVIDER)
    async def _inner_get_chat_message_contents(
        self, chat_history: ChatHistory, settings: PromptExecutionSettings
    ) -> list[ChatMessageContent]:
        told = self._own(settings)
        with translate_errors:
            completion = await self.client.chat(
                self._prepare_chat_history_for_request(chat_history),
                **told.request(self.ai_model_id),
            )
        return messages_of(completion, told.ai_model_id or self.ai_model_id, self.reasoning)

    @trace_streaming_chat_completion(PROVIDER)
    async def _inner_get_streaming_chat_message_contents(
        self,
        chat_history: ChatHistory,
        settings: PromptExecutionSettings,
        function_invoke_attempt: int = 0,
    ) -> AsyncGenerator[list[StreamingChatMessageContent], Any]:
        told = self._own(settings)
        model = told.ai_model_id or self.ai_model_id
        chunker = Chunker(model, self.reasoning, function_invoke_attempt, told.response_format)
        is_json = wants_json(told.response_format)
        with translate_errors:
            async with await self.client.stream(
                self._prepare_chat_history_for_request(chat_history),
                **told.request(self.ai_model_id),
            ) as stream:
                async for event in stream:
                    if event.type == "text" and not is_json:
                        yield [chunker.text(event)]
                    else:
                        for chunk in chunker.chunks(event):
                            yield [chunk]

    def _own(self, settings: PromptExecutionSettings) -> LLMaaSChatPromptExecutionSettings:
        own = self.get_prompt_execution_settings_from_settings(settings)
        assert isinstance(own, LLMaaSChatPromptExecutionSettings)
        return own

    def _prepare_chat_history_for_request(
        self, chat_history: ChatHistory, role_key: str = "role", content_key: str = "content"
    ) -> Any:
        return Writer(self.instruction_role, self.send_reasoning).messages(chat_history)

    def _verify_function_choice_settings(self, settings: PromptExecutionSettings) -> None:
        if (getattr(settings, "number_of_responses", None) or 1) > 1:
            raise ServiceInvalidExecutionSettingsError(
                "Functions are invoked for one response only: leave number_of_responses at 1."
            )

    def _update_function_choice_settings_callback(self) -> Callable[..., None]:
        return update_settings_from_function_call_configuration

    def _reset_function_choice_settings(self, settings: PromptExecutionSettings) -> None:
        for name in ("tools", "tool_choice"):
            if hasattr(settings, name):
                setattr(settings, name, None)

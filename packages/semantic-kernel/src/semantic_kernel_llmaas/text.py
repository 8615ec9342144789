"""Text completion: the service's completions are chats, so a prompt is one user message."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from semantic_kernel.connectors.ai.text_completion_client_base import TextCompletionClientBase
from semantic_kernel.contents import StreamingTextContent, TextContent
from semantic_kernel.utils.telemetry.model_diagnostics.decorators import (
    trace_streaming_text_completion,
    trace_text_completion,
)

from semantic_kernel_llmaas.answers import metadata_of, metadata_of_choice, text_of
from semantic_kernel_llmaas.chat import PROVIDER
from semantic_kernel_llmaas.chunks import Texts
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import LLMaaSTextPromptExecutionSettings

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class LLMaaSTextCompletion(LLMaaSService, TextCompletionClientBase):
    """A chat model of LLMaaS that is asked a plain text."""

    MODEL_FIELD: ClassVar[str] = "text_model_id"

    def __init__(
        self,
        ai_model_id: str | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` of the environment, then the ``.env`` file."""
        self._start(ai_model_id, service_id, api_key, base_url, options)

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the settings that say everything the service takes."""
        return LLMaaSTextPromptExecutionSettings

    @trace_text_completion(PROVIDER)
    async def _inner_get_text_contents(
        self, prompt: str, settings: PromptExecutionSettings
    ) -> list[TextContent]:
        options = self._options(settings)
        with translate_errors:
            completion = await self.client.chat(prompt, **options)
        shared = metadata_of(completion)
        return [
            TextContent(
                text=text_of(choice),
                ai_model_id=options["model"],
                metadata=shared | metadata_of_choice(choice),
                inner_content=completion,
            )
            for choice in completion.choices
        ]

    @trace_streaming_text_completion(PROVIDER)
    async def _inner_get_streaming_text_contents(
        self, prompt: str, settings: PromptExecutionSettings
    ) -> AsyncGenerator[list[StreamingTextContent], Any]:
        options = self._options(settings)
        model, first = options["model"], None
        texts = Texts(options.get("response_format"))
        with translate_errors:
            async with await self.client.stream(prompt, **options) as stream:
                async for event in stream:
                    if event.type == "text" and (text := texts.piece(event)):
                        chunk = _chunk(model, event.index, text)
                        first = first or chunk
                        yield [chunk]
                completion = stream.completion
        shared = metadata_of(completion)
        if first is not None:
            first.metadata.update(shared)  # a sum of chunks keeps only what its first one knows
        for choice in completion.choices:
            text, metadata = texts.rest(choice), shared | metadata_of_choice(choice)
            yield [_chunk(model, choice.index, text, metadata=metadata, inner_content=completion)]

    def _options(self, settings: PromptExecutionSettings) -> dict[str, Any]:
        own = self.get_prompt_execution_settings_from_settings(settings)
        assert isinstance(own, LLMaaSTextPromptExecutionSettings)
        options = own.request(self.ai_model_id)
        options.pop("prompt", None)  # OpenAI's settings hold it for their own connector
        return options


def _chunk(model: str, index: int, text: str, **rest: Any) -> StreamingTextContent:
    return StreamingTextContent(choice_index=index, text=text, ai_model_id=model, **rest)

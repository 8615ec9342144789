"""Text completion service; a prompt is sent as one user message of a chat."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from semantic_kernel.connectors.ai.text_completion_client_base import TextCompletionClientBase
from semantic_kernel.contents import StreamingTextContent, TextContent
from semantic_kernel.utils.telemetry.model_diagnostics.decorators import (
    trace_streaming_text_completion,
    trace_text_completion,
)

from llmaas.model_names import ChatModelName
from semantic_kernel_llmaas._metadata import choice_metadata, completion_metadata
from semantic_kernel_llmaas.chat import PROVIDER
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.responses import TextStream, choice_text
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import LLMaaSTextPromptExecutionSettings

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class LLMaaSTextCompletion(LLMaaSService, TextCompletionClientBase):
    """Text completion by a chat model of LLMaaS."""

    MODEL_FIELD: ClassVar[str] = "text_model_id"

    def __init__(
        self,
        ai_model_id: ChatModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(ai_model_id, service_id, api_key, base_url, options)

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the class of this service's settings."""
        return LLMaaSTextPromptExecutionSettings

    @trace_text_completion(PROVIDER)
    async def _inner_get_text_contents(
        self, prompt: str, settings: PromptExecutionSettings
    ) -> list[TextContent]:
        options = self._options(settings)
        with translate_errors:
            completion = await self.client.chat(prompt, **options)
        shared = completion_metadata(completion)
        return [
            TextContent(
                text=choice_text(choice),
                ai_model_id=options["model"],
                metadata=shared | choice_metadata(choice),
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
        text_stream = TextStream(options.get("response_format"))
        with translate_errors:
            async with await self.client.stream(prompt, **options) as stream:
                async for event in stream:
                    if event.type == "text" and (text := text_stream.feed(event)):
                        chunk = _chunk(model, event.index, text)
                        first = first or chunk
                        yield [chunk]
                completion = stream.completion
        shared = completion_metadata(completion)
        if first is not None:
            first.metadata.update(shared)  # adding chunks keeps the metadata of the first only
        for choice in completion.choices:
            text, metadata = text_stream.finish(choice), shared | choice_metadata(choice)
            yield [_chunk(model, choice.index, text, metadata=metadata, inner_content=completion)]

    def _options(self, settings: PromptExecutionSettings) -> dict[str, Any]:
        own = self.get_prompt_execution_settings_from_settings(settings)
        assert isinstance(own, LLMaaSTextPromptExecutionSettings)
        options = own.to_request(self.ai_model_id)
        options.pop("prompt", None)  # OpenAI's settings hold the prompt
        return options


def _chunk(model: str, index: int, text: str, **rest: Any) -> StreamingTextContent:
    return StreamingTextContent(choice_index=index, text=text, ai_model_id=model, **rest)

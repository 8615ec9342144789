"""Speech-to-text and text-to-speech services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from semantic_kernel.connectors.ai.audio_to_text_client_base import AudioToTextClientBase
from semantic_kernel.connectors.ai.text_to_audio_client_base import TextToAudioClientBase
from semantic_kernel.contents import AudioContent, TextContent

from llmaas import InvalidInputError, Speech
from llmaas.model_names import SpeechModelName, TranscriptionModelName
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import (
    LLMaaSAudioToTextExecutionSettings,
    LLMaaSPromptExecutionSettings,
    LLMaaSTextToAudioExecutionSettings,
)

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class LLMaaSAudioToText(LLMaaSService, AudioToTextClientBase):
    """Transcription by a model of LLMaaS."""

    MODEL_FIELD: ClassVar[str] = "audio_to_text_model_id"

    def __init__(
        self,
        ai_model_id: TranscriptionModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(ai_model_id, service_id, api_key, base_url, options)

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the class of this service's settings."""
        return LLMaaSAudioToTextExecutionSettings

    async def get_text_contents(
        self,
        audio_content: AudioContent,
        settings: PromptExecutionSettings | None = None,
        **kwargs: Any,
    ) -> list[TextContent]:
        """Transcribe an audio file (bytes or a path); metadata has language and segments."""
        own = self.get_prompt_execution_settings_from_settings(
            settings or LLMaaSAudioToTextExecutionSettings()
        )
        assert isinstance(own, LLMaaSPromptExecutionSettings)
        options = own.to_request(self.ai_model_id) | kwargs
        file_name = options.pop("filename", None)  # OpenAI's settings hold the path
        with translate_errors:
            transcription = await self.client.transcribe(
                _audio_input(audio_content, file_name), **options
            )
        metadata = {
            "language": transcription.language,
            "segments": list(transcription.segments),
            **transcription.extra,
        }
        return [
            TextContent(
                text=transcription.text,
                ai_model_id=options["model"],
                metadata={name: value for name, value in metadata.items() if value},
                inner_content=transcription,
            )
        ]


class LLMaaSTextToAudio(LLMaaSService, TextToAudioClientBase):
    """Speech synthesis by a model of LLMaaS."""

    MODEL_FIELD: ClassVar[str] = "text_to_audio_model_id"

    def __init__(
        self,
        ai_model_id: SpeechModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(ai_model_id, service_id, api_key, base_url, options)

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the class of this service's settings."""
        return LLMaaSTextToAudioExecutionSettings

    async def get_audio_contents(
        self, text: str, settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> list[AudioContent]:
        """Synthesize speech; the content has the bytes and the reported media type."""
        own = self.get_prompt_execution_settings_from_settings(
            settings or LLMaaSTextToAudioExecutionSettings()
        )
        assert isinstance(own, LLMaaSPromptExecutionSettings)
        options = own.to_request(self.ai_model_id) | kwargs
        with translate_errors:
            speech = await self.client.speak(text, **options)
        return [_to_audio_content(speech, options["model"])]


def _audio_input(content: AudioContent, file_name: str | None) -> Any:
    """Return the bytes, or the path if there are none."""
    path = str(content.uri) if content.uri is not None else file_name
    if content.data:
        return (Path(path).name, content.data) if path else content.data
    if path is None:
        raise InvalidInputError("audio_content must have data or a uri, got neither.")
    return path


def _to_audio_content(speech: Speech, ai_model_id: str) -> AudioContent:
    metadata = {"duration": speech.duration, "request_id": speech.request_id}
    return AudioContent(
        data=speech.audio,
        data_format="base64",
        mime_type=speech.content_type.partition(";")[0] or "audio/mpeg",
        ai_model_id=ai_model_id,
        metadata={name: value for name, value in metadata.items() if value is not None},
        inner_content=speech,
    )

"""Execution settings of each service. Parameters without a field are sent unchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar

from pydantic import Field
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings

from llmaas.options import (
    ChatOptions,
    EmbedOptions,
    ImageOptions,
    SpeakOptions,
    TranscribeOptions,
)
from llmaas.warnings import IgnoredOptionWarning, warn

_FRAMEWORK_FIELDS = frozenset({"service_id", "extension_data", "function_choice_behavior"})
_FOREIGN_FIELDS = frozenset({"messages", "stream", "structured_json_response", "input"})
"""Fields that OpenAI settings hold for their own connector; they are not request parameters."""


_CORE_OPTIONS = frozenset().union(
    *(
        kind.__annotations__
        for kind in (ChatOptions, EmbedOptions, TranscribeOptions, SpeakOptions, ImageOptions)
    )
)


class LLMaaSPromptExecutionSettings(PromptExecutionSettings):
    """Settings common to all services. Times in seconds."""

    API_NAMES: ClassVar[Mapping[str, str]] = {"ai_model_id": "model"}
    """API names of fields that are named differently here. Both names are accepted."""

    ai_model_id: Annotated[str | None, Field(serialization_alias="model")] = None
    """Model of this request. Defaults to the service's model."""
    extra_body: dict[str, Any] | None = None
    extra_headers: dict[str, str] | None = None
    timeout: float | None = None
    deadline: float | None = None

    def unpack_extension_data(self) -> None:
        """Fill the fields from ``extension_data``. An API name takes precedence."""
        for field, api_name in self.API_NAMES.items():
            if self.extension_data.get(api_name) is not None and api_name not in self.keys:
                self.extension_data[field] = self.extension_data.pop(api_name)
        super().unpack_extension_data()

    def prepare_settings_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return all values that are set, by API name, including unknown parameters."""
        parameters = {k: v for k, v in self.extension_data.items() if k not in self.keys}
        parameters = {k: v for k, v in parameters.items() if _is_sendable(k, v)}
        for field in self.keys:
            if field not in _FRAMEWORK_FIELDS:
                parameters[self.API_NAMES.get(field, field)] = getattr(self, field)
        return {
            name: value.value if isinstance(value, Enum) else value
            for name, value in {**parameters, **kwargs}.items()
            if value is not None and name not in _FOREIGN_FIELDS
        }

    def to_request(self, ai_model_id: str) -> dict[str, Any]:
        """Build the arguments of the core's call. The model defaults to ``ai_model_id``."""
        return {"model": ai_model_id, **self.prepare_settings_dict()}


class LLMaaSChatPromptExecutionSettings(LLMaaSPromptExecutionSettings):
    """Chat. ``max_tokens`` defaults to 16,384, capped at half the model's context."""

    API_NAMES: ClassVar[Mapping[str, str]] = {"ai_model_id": "model", "number_of_responses": "n"}

    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(ge=0, le=1)] = None
    max_tokens: Annotated[int | None, Field(gt=0)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    stop: str | list[str] | None = None
    seed: int | None = None
    number_of_responses: Annotated[int | None, Field(ge=1, serialization_alias="n")] = None
    user: str | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning: bool | str | None = None
    """False switches reasoning off, True on; ``"low"`` to ``"xhigh"`` set the effort."""
    fallbacks: list[str] | None = None
    """Models to try in order if the model is retired, overloaded, too small or answers nothing."""
    retry_empty: bool | None = None
    """Retry an empty answer once. Defaults to False."""
    conform: bool | None = None
    """Adapt the conversation to what the model accepts. Defaults to True."""
    fresh: bool | None = None
    """Add a nonce to the last user message, so that no gateway replays a cached answer."""
    strict: bool | None = None
    """Refuse images for a model without vision, instead of warning."""
    reasoning_effort: str | None = None
    """Any value: models support different ones."""
    enable_thinking: bool | None = None
    """For qwen models only; others return an error."""
    parallel_tool_calls: bool | None = None
    response_format: Any = None
    """A pydantic model, a dataclass, or a dict in OpenAI's format."""
    repair: bool | None = None
    """Retry an answer that does not match ``response_format`` once. Defaults to True."""
    tools: list[dict[str, Any]] | None = None
    """Set by Semantic Kernel from ``function_choice_behavior``."""
    tool_choice: Any = None


class LLMaaSTextPromptExecutionSettings(LLMaaSChatPromptExecutionSettings):
    """Text completion, which the service implements as a chat."""


class LLMaaSEmbeddingPromptExecutionSettings(LLMaaSPromptExecutionSettings):
    """Embeddings."""

    dimensions: Annotated[int | None, Field(gt=0)] = None
    encoding_format: str | None = None
    """``float`` (the default) or ``base64``."""
    user: str | None = None
    batch_size: Annotated[int | None, Field(gt=0)] = None
    """Texts per request. Defaults to 64."""
    concurrency: Annotated[int | None, Field(gt=0)] = None
    """Concurrent requests. Defaults to 4."""


class LLMaaSAudioToTextExecutionSettings(LLMaaSPromptExecutionSettings):
    """Transcription. The service returns JSON only, so there is no ``response_format``."""

    API_NAMES: ClassVar[Mapping[str, str]] = {"ai_model_id": "model", "initial_prompt": "prompt"}

    language: str | None = None
    """ISO 639-1."""
    initial_prompt: str | None = None
    """``prompt`` is accepted as well."""
    task: str | None = None
    """``transcribe``, or ``translate`` to English."""
    temperature: float | None = None

    def prepare_settings_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return all values that are set; ``prompt`` is renamed ``initial_prompt``."""
        parameters = super().prepare_settings_dict(**kwargs)
        if "prompt" in parameters:
            parameters["initial_prompt"] = parameters.pop("prompt")
        return parameters


class LLMaaSTextToAudioExecutionSettings(LLMaaSPromptExecutionSettings):
    """Speech."""

    voice: str | None = None
    """Any name. Defaults to ``alloy``."""
    response_format: str | None = None
    """``mp3`` (the default), ``opus``, ``aac``, ``flac``, ``wav`` or ``pcm``."""
    speed: float | None = None
    lang_code: str | None = None
    """One letter, for Kokoro only."""


class LLMaaSTextToImageExecutionSettings(LLMaaSPromptExecutionSettings):
    """Images."""

    size: Any = None
    """``1024x1024``, a pair of numbers, or OpenAI's ``ImageSize``."""
    width: int | None = None
    height: int | None = None
    n: Annotated[int | None, Field(ge=1)] = None
    response_format: str | None = None
    """``b64_json`` (the default) or ``url``."""

    def prepare_settings_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return all values that are set, the size as ``WIDTHxHEIGHT``."""
        parameters = super().prepare_settings_dict(**kwargs)
        width, height = parameters.pop("width", None), parameters.pop("height", None)
        size = parameters.get("size") or ((width, height) if width and height else None)
        if size is not None:
            is_pair = isinstance(size, tuple | list)
            parameters["size"] = "x".join(map(str, size)) if is_pair else str(size)
        return parameters


def _is_sendable(name: str, value: Any) -> bool:
    """Whether a value of ``extension_data`` is JSON or an option of the core; warn if not.

    Applications store their own objects there, which other connectors ignore.
    """
    if value is None or isinstance(value, str | int) or name in _CORE_OPTIONS:
        return True
    if name in _FOREIGN_FIELDS:
        return True
    try:
        json.dumps(value.value if isinstance(value, Enum) else value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = f"extension_data[{name!r}] is not JSON ({type(value).__name__}) and was not sent."
        warn(text, IgnoredOptionWarning)
        return False
    return True

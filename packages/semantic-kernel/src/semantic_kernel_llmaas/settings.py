"""The settings of each service. Whatever they do not name goes on the wire as it is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar

from pydantic import Field
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings

_OF_SEMANTIC_KERNEL = frozenset({"service_id", "extension_data", "function_choice_behavior"})
_OF_OTHER_CONNECTORS = frozenset({"messages", "stream", "structured_json_response", "input"})
"""What OpenAI settings hold for their own connector's use: it would be wrong on the wire."""


class LLMaaSPromptExecutionSettings(PromptExecutionSettings):
    """What the settings of all services have. Times in seconds."""

    WIRE_NAMES: ClassVar[Mapping[str, str]] = {"ai_model_id": "model"}
    """Fields whose name on the wire is another; either may be given."""

    ai_model_id: Annotated[str | None, Field(serialization_alias="model")] = None
    """Another model for this request."""
    extra_body: dict[str, Any] | None = None
    extra_headers: dict[str, str] | None = None
    timeout: float | None = None
    deadline: float | None = None

    def unpack_extension_data(self) -> None:
        """Fill the fields, also from the names that they have on the wire: these are newer."""
        for field, wire in self.WIRE_NAMES.items():
            if self.extension_data.get(wire) is not None and wire not in self.keys:
                self.extension_data[field] = self.extension_data.pop(wire)
        super().unpack_extension_data()

    def prepare_settings_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return what was set, by its name on the wire, unknown parameters included."""
        told = {k: v for k, v in self.extension_data.items() if k not in self.keys}
        for field in self.keys:
            if field not in _OF_SEMANTIC_KERNEL:
                told[self.WIRE_NAMES.get(field, field)] = getattr(self, field)
        return {
            name: value.value if isinstance(value, Enum) else value
            for name, value in {**told, **kwargs}.items()
            if value is not None and name not in _OF_OTHER_CONNECTORS
        }

    def request(self, ai_model_id: str) -> dict[str, Any]:
        """Return the options of the core's call: ``ai_model_id`` unless another was set."""
        return {"model": ai_model_id, **self.prepare_settings_dict()}


class LLMaaSChatPromptExecutionSettings(LLMaaSPromptExecutionSettings):
    """Chat. ``max_tokens`` is 16,384 unless said, at most half of the model's context."""

    WIRE_NAMES: ClassVar[Mapping[str, str]] = {"ai_model_id": "model", "number_of_responses": "n"}

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
    """Models to ask, in order, when the model is gone, overloaded, too small or answers nothing."""
    retry_empty: bool | None = None
    """Ask once more when an answer is empty."""
    conform: bool | None = None
    """Change the conversation to what the model takes. Defaults to True."""
    fresh: bool | None = None
    """Add a nonce to the last user message, so that no gateway replays a cached answer."""
    strict: bool | None = None
    """Refuse images for a model without vision, instead of warning."""
    reasoning_effort: str | None = None
    """Any value: models differ in what they know."""
    enable_thinking: bool | None = None
    """For qwen models only: others fail on it."""
    parallel_tool_calls: bool | None = None
    response_format: Any = None
    """A pydantic model, a dataclass, or a dict as OpenAI takes it."""
    repair: bool | None = None
    """False leaves an answer that does not fit ``response_format`` as it is."""
    tools: list[dict[str, Any]] | None = None
    """Set by Semantic Kernel from ``function_choice_behavior``."""
    tool_choice: Any = None


class LLMaaSTextPromptExecutionSettings(LLMaaSChatPromptExecutionSettings):
    """Text completion: as chat, since the service's completions are chats."""


class LLMaaSEmbeddingPromptExecutionSettings(LLMaaSPromptExecutionSettings):
    """Embeddings."""

    dimensions: Annotated[int | None, Field(gt=0)] = None
    encoding_format: str | None = None
    """``float`` (the default) or ``base64``."""
    user: str | None = None
    batch_size: Annotated[int | None, Field(gt=0)] = None
    """Texts in one request: 64 unless said."""
    concurrency: Annotated[int | None, Field(gt=0)] = None
    """Requests at once: 4 unless said."""


class LLMaaSAudioToTextExecutionSettings(LLMaaSPromptExecutionSettings):
    """Transcription. The service answers JSON only: ``response_format`` need not be said."""

    WIRE_NAMES: ClassVar[Mapping[str, str]] = {"ai_model_id": "model", "initial_prompt": "prompt"}

    language: str | None = None
    """ISO 639-1."""
    initial_prompt: str | None = None
    """``prompt`` is taken, too."""
    task: str | None = None
    """``transcribe``, or ``translate`` to English."""
    temperature: float | None = None

    def prepare_settings_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return what was set; the service's current name is ``initial_prompt``."""
        told = super().prepare_settings_dict(**kwargs)
        if "prompt" in told:
            told["initial_prompt"] = told.pop("prompt")
        return told


class LLMaaSTextToAudioExecutionSettings(LLMaaSPromptExecutionSettings):
    """Speech."""

    voice: str | None = None
    """Any name; ``alloy`` unless said."""
    response_format: str | None = None
    """``mp3`` (the default), ``opus``, ``aac``, ``flac``, ``wav`` or ``pcm``."""
    speed: float | None = None
    lang_code: str | None = None
    """One letter, for Kokoro only."""


class LLMaaSTextToImageExecutionSettings(LLMaaSPromptExecutionSettings):
    """Images."""

    size: Any = None
    """``1024x1024``, a pair of numbers, or what writes itself like that (OpenAI's)."""
    width: int | None = None
    height: int | None = None
    n: Annotated[int | None, Field(ge=1)] = None
    response_format: str | None = None
    """``b64_json`` (the default) or ``url``."""

    def prepare_settings_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return what was set, the size as one word."""
        told = super().prepare_settings_dict(**kwargs)
        width, height = told.pop("width", None), told.pop("height", None)
        size = told.get("size") or ((width, height) if width and height else None)
        if size is not None:
            is_pair = isinstance(size, tuple | list)
            told["size"] = "x".join(map(str, size)) if is_pair else str(size)
        return told

"""Text-to-image service."""

from __future__ import annotations

import base64
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from semantic_kernel.connectors.ai.text_to_image_client_base import TextToImageClientBase

from llmaas import Image
from llmaas.model_names import ImageModelName
from llmaas.warnings import LLMaaSWarning
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import LLMaaSTextToImageExecutionSettings

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class LLMaaSTextToImage(LLMaaSService, TextToImageClientBase):
    """Image generation by a model of LLMaaS."""

    MODEL_FIELD: ClassVar[str] = "text_to_image_model_id"

    def __init__(
        self,
        ai_model_id: ImageModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(ai_model_id, service_id, api_key, base_url, options)

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the class of this service's settings."""
        return LLMaaSTextToImageExecutionSettings

    async def generate_image(
        self,
        description: str,
        width: int | None = None,
        height: int | None = None,
        settings: PromptExecutionSettings | None = None,
        **kwargs: Any,
    ) -> bytes | str:
        """Generate one image: its bytes, or its URL with ``response_format="url"``."""
        size = {"size": f"{width}x{height}"} if width and height else {}
        [image, *_] = await self._generate(description, settings, kwargs | size)
        return image.data if image.data is not None else image.url or ""

    async def generate_images(
        self, prompt: str, settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> list[str]:
        """Generate as many images as the settings request; warn about those that failed.

        Return URLs or base64, as ``OpenAITextToImage`` does.
        """
        return [_as_text(image) for image in await self._generate(prompt, settings, kwargs)]

    async def _generate(
        self, prompt: str, settings: PromptExecutionSettings | None, options: dict[str, Any]
    ) -> list[Image]:
        """Generate images; return those that did not fail, at least one."""
        own = self.get_prompt_execution_settings_from_settings(
            settings or LLMaaSTextToImageExecutionSettings()
        )
        assert isinstance(own, LLMaaSTextToImageExecutionSettings)
        options = own.to_request(self.ai_model_id) | options
        options.pop("prompt", None)  # OpenAI's settings hold the prompt
        with translate_errors:
            images = await self.client.generate_images(prompt, **options)
        for image in images:
            if image.error is not None:
                warnings.warn(
                    f"1 of {len(images)} images failed: {image.error}", LLMaaSWarning, stacklevel=3
                )
        return [image for image in images if image.error is None]


def _as_text(image: Image) -> str:
    return base64.b64encode(image.data).decode() if image.data is not None else image.url or ""

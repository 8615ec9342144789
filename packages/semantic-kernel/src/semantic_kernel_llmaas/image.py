"""Text to image."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from semantic_kernel.connectors.ai.text_to_image_client_base import TextToImageClientBase

from llmaas import Image
from llmaas.warnings import LLMaaSWarning
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import LLMaaSTextToImageExecutionSettings

if TYPE_CHECKING:
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class LLMaaSTextToImage(LLMaaSService, TextToImageClientBase):
    """An image model of LLMaaS."""

    MODEL_FIELD: ClassVar[str] = "text_to_image_model_id"

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
        return LLMaaSTextToImageExecutionSettings

    async def generate_image(
        self,
        description: str,
        width: int | None = None,
        height: int | None = None,
        settings: PromptExecutionSettings | None = None,
        **kwargs: Any,
    ) -> bytes | str:
        """Draw one image: its bytes, or its address with ``response_format="url"``."""
        return (await self.generate_images(description, width, height, settings, **kwargs))[0]

    async def generate_images(
        self,
        description: str,
        width: int | None = None,
        height: int | None = None,
        settings: PromptExecutionSettings | None = None,
        **kwargs: Any,
    ) -> list[bytes | str]:
        """Draw as many images as the settings say; warn of those that cannot be read."""
        own = self.get_prompt_execution_settings_from_settings(
            settings or LLMaaSTextToImageExecutionSettings()
        )
        assert isinstance(own, LLMaaSTextToImageExecutionSettings)
        if width and height:
            own = own.model_copy(update={"size": (width, height)})
        options = own.request(self.ai_model_id) | kwargs
        options.pop("prompt", None)  # OpenAI's settings hold it for their own connector
        with translate_errors:
            drawn = await self.client.generate_images(description, **options)
        for image in drawn:
            if image.error is not None:
                warnings.warn(f"One of {len(drawn)}: {image.error}", LLMaaSWarning, stacklevel=2)
        return [_content(image) for image in drawn if image.error is None]


def _content(image: Image) -> bytes | str:
    return image.data if image.data is not None else image.url or ""

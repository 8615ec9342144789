"""``LLMaaSImageGenerator``: generates images from prompts."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haystack import component, default_from_dict, default_to_dict
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from llmaas.model_names import ImageModelName

if TYPE_CHECKING:
    from llmaas import Image


@component
class LLMaaSImageGenerator(ConnectionMixin):
    """Generates an image. Accepts the parameters of `OpenAIImageGenerator`.

    ```python
    from haystack_integrations.components.generators.llmaas import LLMaaSImageGenerator

    image = LLMaaSImageGenerator().run("un chat noir, au fusain")["images"][0]  # base64
    ```
    """

    def __init__(
        self,
        model: ImageModelName = "z-image:16b",
        quality: str = "auto",
        size: str = "1024x1024",
        response_format: str = "b64_json",
        api_key: Secret = DEFAULT_API_KEY,
        api_base_url: str | None = None,
        organization: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param model: An image model's name. Defaults to `z-image:16b`.
        :param quality: Defaults to `auto`, which is not sent. The service does not document it.
        :param size: `1024x1024`, `1536x1024`, `1024x1536` or `auto` (chosen by the service).
            Defaults to `1024x1024`.
        :param response_format: `b64_json`, or `url` if the service stores images. Defaults to
            `b64_json`.
        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param organization: Accepted for compatibility; the service has no organizations.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        """
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.quality = quality
        self.size = size
        self.response_format = response_format
        self.organization = organization

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        return default_to_dict(
            self,
            **self._connection_to_dict(),
            model=self.model,
            quality=self.quality,
            size=self.size,
            response_format=self.response_format,
            organization=self.organization,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSImageGenerator:
        """Deserialize this component from a dictionary.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        generator: LLMaaSImageGenerator = default_from_dict(cls, data)
        return generator

    @component.output_types(images=list[str], revised_prompt=str, urls=list[str])
    def run(
        self,
        prompt: str,
        size: str | None = None,
        quality: str | None = None,
        response_format: str | None = None,
    ) -> dict[str, Any]:
        """Generate an image.

        :param prompt: Description of the image.
        :param size: Overrides the constructor's value.
        :param quality: Overrides the constructor's value.
        :param response_format: Overrides the constructor's value.
        :returns: `{"images": base64 strings, "urls": of stored images,
            "revised_prompt": ""}`
        """
        options = self._options(size, quality, response_format)
        return _to_output(self._get_client().generate_images(prompt, **options))

    @component.output_types(images=list[str], revised_prompt=str, urls=list[str])
    async def run_async(
        self,
        prompt: str,
        size: str | None = None,
        quality: str | None = None,
        response_format: str | None = None,
    ) -> dict[str, Any]:
        """Generate an image without blocking the event loop.

        :param prompt: Description of the image.
        :param size: Overrides the constructor's value.
        :param quality: Overrides the constructor's value.
        :param response_format: Overrides the constructor's value.
        :returns: As `run`.
        """
        options = self._options(size, quality, response_format)
        return _to_output(await self._get_async_client().generate_images(prompt, **options))

    def _options(
        self, size: str | None, quality: str | None, response_format: str | None
    ) -> dict[str, Any]:
        hints = {"size": size or self.size, "quality": quality or self.quality}
        return {
            "model": self.model,
            "response_format": response_format or self.response_format,
            "n": 1,
            **{name: value for name, value in hints.items() if value != "auto"},
        }


def _to_output(images: list[Image]) -> dict[str, Any]:
    encoded = [base64.b64encode(image.data).decode("ascii") for image in images if image.data]
    return {
        "images": encoded,
        "revised_prompt": "",
        "urls": [image.url for image in images if image.url],
    }

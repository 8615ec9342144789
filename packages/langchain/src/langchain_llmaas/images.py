"""``LLMaaSImages``: an image generation tool for agents."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForToolRun, CallbackManagerForToolRun
from langchain_core.tools import BaseTool
from pydantic import BaseModel, Field

from langchain_llmaas.connection import MODEL_CONFIG, ConnectionMixin
from langchain_llmaas.errors import translate_errors
from llmaas import Image
from llmaas.adapters import image_type
from llmaas.model_names import ImageModelName

Artifact = list[dict[str, Any]]


class ImagesInput(BaseModel):
    """Arguments of the tool."""

    prompt: str = Field(description="What the image shows, in detail.")


class LLMaaSImages(ConnectionMixin, BaseTool):
    """Generates images. The model reads a sentence; the images are the message's ``artifact``.

    The artifact is a list of LangChain image blocks, ready to use in a message. The price of
    images is not published, so their cost is not tracked.
    """

    model_config = MODEL_CONFIG

    name: str = "draw_image"
    description: str = "Draw an image from a description. The user sees it."
    args_schema: Any = ImagesInput
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    model: ImageModelName
    size: str | None = None
    n: int = Field(default=1, ge=1)

    def _run(
        self, prompt: str, run_manager: CallbackManagerForToolRun | None = None
    ) -> tuple[str, Artifact]:
        with translate_errors:
            return _to_tool_output(prompt, self.client.generate_images(prompt, **self._options()))

    async def _arun(
        self, prompt: str, run_manager: AsyncCallbackManagerForToolRun | None = None
    ) -> tuple[str, Artifact]:
        with translate_errors:
            return _to_tool_output(
                prompt, await self.async_client.generate_images(prompt, **self._options())
            )

    def _options(self) -> Any:
        return {"model": self.model, "size": self.size, "n": self.n}


def _to_tool_output(prompt: str, images: Sequence[Image]) -> tuple[str, Artifact]:
    generated = [image for image in images if image.error is None]
    noun = "image" if len(generated) == 1 else "images"
    failed = "".join(f". One failed: {image.error}" for image in images if image.error)
    return f"Drew {len(generated)} {noun}: {prompt}{failed}", [
        _to_block(image) for image in generated
    ]


def _to_block(image: Image) -> dict[str, Any]:
    if image.data is None:
        return {"type": "image", "url": image.url}
    data = base64.b64encode(image.data).decode("ascii")
    return {"type": "image", "base64": data, "mime_type": _mime_type(image.data)}


def _mime_type(data: bytes) -> str:
    """Detect the MIME type of an image. Defaults to PNG, the service's format."""
    try:
        return image_type(data)
    except ValueError:
        return "image/png"

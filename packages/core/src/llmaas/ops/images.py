"""Image generation."""

from __future__ import annotations

from collections.abc import Mapping

from llmaas.ops.effects import Operation
from llmaas.ops.json_request import check_model_name, check_texts, request_json
from llmaas.ops.retrying import Deadline
from llmaas.settings import Settings, Timeout
from llmaas.types import Image
from llmaas.wire.images import read_images


def images(
    settings: Settings,
    prompt: str,
    *,
    model: str,
    size: str | None = None,
    n: int | None = None,
    response_format: str = "b64_json",
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | None = None,
    **params: object,
) -> Operation[list[Image]]:
    """Generate images from a prompt."""
    wire = {"size": size, "n": n, "response_format": response_format, **params}
    body = {
        "model": check_model_name(settings, model),
        "prompt": check_texts(prompt, "prompt")[0],
        **{name: value for name, value in wire.items() if value is not None},
    }
    return (
        yield from request_json(
            settings,
            "/v1/images/generations",
            body,
            _read_images,
            timeout=timeout,
            deadline=deadline,
            extra_headers=extra_headers,
        )
    )


def _read_images(data: bytes, _: Mapping[str, str]) -> list[Image]:
    return read_images(data)

"""Path of the image service."""

from __future__ import annotations

import base64
from typing import Any

from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply, given
from llmaas_sandbox.images.drawing import png
from llmaas_sandbox.models.resolve import model_of

SIZES = ("256x256", "512x512", "1024x1024", "1536x1024", "1024x1536")
DEFAULT_SIZE = "1024x1024"


def generations(exchange: Exchange) -> Reply:
    """Draw ``n`` pictures; ``url`` answers with data URIs, since nothing is hosted."""
    body = exchange.body
    model_of(exchange, body.get("model"), frozenset(("image",)))
    prompt, size = body.get("prompt"), given(body, "size", DEFAULT_SIZE)
    form, count = given(body, "response_format", "b64_json"), given(body, "n", 1)
    if not isinstance(prompt, str) or not prompt:
        raise bad_request("Missing required parameter: 'prompt'", "prompt")
    if size not in SIZES:
        raise bad_request(f"Invalid parameter 'size': one of {', '.join(SIZES)}", "size")
    if form not in ("b64_json", "url"):
        raise bad_request("Invalid parameter 'response_format'", "response_format")
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 10:
        raise bad_request("Invalid parameter 'n': must be between 1 and 10", "n")
    width, height = (int(part) for part in size.split("x"))
    data = [_image(png(prompt, width, height, i), form) for i in range(count)]
    return Reply({"created": int(exchange.state.clock.now()), "data": data})


def _image(data: bytes, form: str) -> dict[str, Any]:
    text = base64.b64encode(data).decode()
    return {"b64_json": text} if form == "b64_json" else {"url": f"data:image/png;base64,{text}"}


ENDPOINTS = (Endpoint("POST", "/v1/images/generations", generations, metered=True),)

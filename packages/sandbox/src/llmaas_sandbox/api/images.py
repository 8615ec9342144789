"""Endpoint of the image service."""

from __future__ import annotations

import base64

from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.http.model_lookup import resolve_model
from llmaas_sandbox.images.drawing import DEFAULT_SIZE, SIZES, png
from llmaas_sandbox.json_body import get_or_default
from llmaas_sandbox.reply import Reply


def generations(exchange: Exchange) -> Reply:
    """Generate ``n`` images; ``url`` returns data URIs because nothing is hosted."""
    body = exchange.body
    resolve_model(exchange, body.get("model"), frozenset(("image",)))
    prompt, size = body.get("prompt"), get_or_default(body, "size", DEFAULT_SIZE)
    form, count = get_or_default(body, "response_format", "b64_json"), get_or_default(body, "n", 1)
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


def _image(data: bytes, form: str) -> dict[str, object]:
    text = base64.b64encode(data).decode()
    return {"b64_json": text} if form == "b64_json" else {"url": f"data:image/png;base64,{text}"}


ENDPOINTS = (Endpoint("POST", "/v1/images/generations", generations, metered=True),)

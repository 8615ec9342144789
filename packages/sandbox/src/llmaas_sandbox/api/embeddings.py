"""Endpoint of the embeddings service."""

from __future__ import annotations

import base64
from array import array
from sys import byteorder
from typing import Any

from llmaas_sandbox.embeddings.vectors import DEFAULT_DIMENSIONS, DIMENSIONS, vector
from llmaas_sandbox.engines import fields
from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.families.check import context_exceeded, context_window
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.http.model_lookup import resolve_model
from llmaas_sandbox.json_body import get_or_default
from llmaas_sandbox.measured.requests import check_dimensions, check_inputs
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.tokens import count_tokens
from llmaas_sandbox.usage import Usage

MAX_INPUTS = 4_096
"""Inferred: no figure is documented."""


def embeddings(exchange: Exchange) -> Reply:
    """Embed strings; token arrays are rejected (400)."""
    body = exchange.body
    model = resolve_model(exchange, body.get("model"), frozenset(("embedding",)))
    facts = model.measured
    texts = _texts(body.get("input"), takes_tokens=bool(facts.get("accepts_token_arrays")))
    check_inputs(texts, facts)
    encoding = get_or_default(body, "encoding_format", "float")
    if encoding not in ("float", "base64"):
        raise bad_request("Invalid parameter 'encoding_format'", "encoding_format")
    _check_length(texts, context_window(model, exchange.faults))
    if facts.get("accepts_base64") is False:
        encoding = "float"
    own = facts.get("embedding_dimensions") or DIMENSIONS.get(model.id, DEFAULT_DIMENSIONS)
    size = _dimensions(body.get("dimensions"), own)
    if body.get("dimensions") is not None and "mild" not in exchange.faults:
        check_dimensions(size, model)
    data = [
        {"object": "embedding", "index": i, "embedding": _encoded(vector(t, size), encoding)}
        for i, t in enumerate(texts)
    ]
    tokens = sum(count_tokens(t) for t in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    created = int(exchange.state.clock.now())
    payload = {"object": "list", "data": data, "model": model.id, "usage": usage}
    return Reply(
        fields.to_engine_embeddings(payload, exchange.faults, exchange.fingerprint, created),
        usage=Usage(prompt=tokens),
    )


def _texts(value: object, *, takes_tokens: bool = False) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if takes_tokens:
        texts = _as_texts(texts)
    if not isinstance(texts, list) or not texts:
        raise bad_request(
            "Invalid parameter 'input': must be a string or an array of strings", "input"
        )
    if not all(isinstance(t, str) for t in texts):
        raise bad_request(
            "Invalid parameter 'input': token arrays are not supported, send strings", "input"
        )
    if len(texts) > MAX_INPUTS:
        raise bad_request(f"Invalid parameter 'input': at most {MAX_INPUTS} strings", "input")
    if "" in texts:
        raise bad_request("The decoder prompt cannot be empty", "input")
    return texts


def _as_texts(value: object) -> object:
    """Return token arrays as texts of as many words; other inputs unchanged."""
    if not isinstance(value, list):
        return value
    if value and all(type(token) is int for token in value):
        value = [value]
    return [" ".join(map(str, each)) if isinstance(each, list) else each for each in value]


def _check_length(texts: list[str], context: int) -> None:
    for text in texts:
        if context and count_tokens(text) > context:
            raise context_exceeded(count_tokens(text), context)


def _dimensions(requested: Any, size: int) -> int:
    if requested is None:
        return size
    if not isinstance(requested, int) or isinstance(requested, bool) or not 1 <= requested <= size:
        raise bad_request(
            f"Invalid parameter 'dimensions': must be between 1 and {size}", "dimensions"
        )
    return requested


def _encoded(values: list[float], encoding: str) -> list[float] | str:
    if encoding == "float":
        return [round(v, 8) for v in values]
    floats = array("f", values)
    if byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode()


ENDPOINTS = (Endpoint("POST", "/v1/embeddings", embeddings, metered=True),)

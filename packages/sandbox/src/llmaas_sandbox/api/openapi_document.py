"""OpenAPI document, built from the endpoints and a table of schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from llmaas_sandbox.api.openapi_schemas import SCHEMAS, STRING, object_schema, ref
from llmaas_sandbox.http.exchange import Endpoint

JSON = "application/json"
_REFUSALS = {
    "json": ("400", "413", "415"),
    "form": ("400", "413", "415"),
    "nothing": ("400", "413"),
}
_ANSWERS: Mapping[str, tuple[str | None, str, str]] = {
    "POST /v1/chat/completions": ("ChatRequest", "200", "ChatCompletion"),
    "POST /v1/completions": ("ChatRequest", "200", "ChatCompletion"),
    "POST /v1/embeddings": ("EmbeddingRequest", "200", "Embeddings"),
    "POST /v1/rerank": ("RerankRequest", "200", "RerankResponse"),
    "POST /v2/rerank": ("RerankRequest", "200", "RerankResponse"),
    "POST /v1/audio/transcriptions": ("TranscriptionRequest", "200", "Transcription"),
    "POST /v1/audio/speech": ("SpeechRequest", "200", "audio/*"),
    "POST /v1/images/generations": ("ImageRequest", "200", "Images"),
    "GET /v1/models": (None, "200", "Models"),
    "POST /v1/chat/completions/batch": ("BatchRequest", "202", "Batch"),
    "GET /v1/chat/completions/batch/{batch_id}": (None, "200", "Batch"),
    "GET /api/platform-status": (None, "200", "Anything"),
    "GET /lifecycle": (None, "200", "Anything"),
    "POST /admin/keys": ("KeyRequest", "201", "Anything"),
    "GET /admin/keys": (None, "200", "Anything"),
    "DELETE /admin/keys/{key_id}": (None, "200", "Anything"),
    "POST /admin/keys/{key_id}/rotate": (None, "201", "Anything"),
    "GET /admin/keys/{key_id}/successor": (None, "200", "Anything"),
    "GET /admin/machines": (None, "200", "Anything"),
    "PUT /admin/machines/{name}": ("MachineRequest", "200", "Anything"),
    "GET /admin/audit/verify": (None, "200", "Anything"),
    "GET /admin/audit/report": (None, "200", "Anything"),
    "GET /admin/alerts": (None, "200", "Anything"),
    "PUT /admin/alerts": ("AlertsRequest", "200", "Anything"),
    "POST /admin/script": ("ScriptRequest", "200", "Anything"),
    "GET /admin/requests": (None, "200", "Anything"),
    "PUT /admin/faults": ("FaultsRequest", "200", "Anything"),
    "POST /admin/clock": ("ClockRequest", "200", "Anything"),
    "POST /admin/reset": (None, "200", "Anything"),
}
"""Request schema, good status, answer schema (or media type); what is not here is not in it."""
_STREAMED = frozenset(("POST /v1/chat/completions", "POST /v1/completions"))


def build_document(endpoints: Iterable[Endpoint], server: str) -> dict[str, object]:
    """Build the OpenAPI document of the given endpoints."""
    paths: dict[str, dict[str, object]] = {}
    for endpoint in endpoints:
        if _name(endpoint) in _ANSWERS:
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LLMaaS sandbox",
            "version": version("llmaas-sandbox"),
            "description": "A local stand-in for the LLMaaS inference service.",
        },
        "servers": [{"url": server}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _operation(endpoint: Endpoint) -> dict[str, object]:
    request, status, answer = _ANSWERS[_name(endpoint)]
    summary = (endpoint.handler.__doc__ or "").strip()
    words = [endpoint.method.lower(), *re.findall(r"\w+", endpoint.path)]
    operation: dict[str, object] = {"operationId": "_".join(words), "summary": summary}
    operation["responses"] = {status: _answer(endpoint, answer), **_refusals(endpoint)}
    parameters = [_parameter(p) for p in re.findall(r"{(\w+)}", endpoint.path)]
    if parameters:
        operation["parameters"] = parameters
    if request:
        media = "multipart/form-data" if endpoint.takes == "form" else JSON
        operation["requestBody"] = {"required": True, "content": {media: {"schema": ref(request)}}}
    if endpoint.open_to == "everyone":
        operation["security"] = []
    return operation


def _parameter(name: str) -> dict[str, object]:
    return {"name": name, "in": "path", "required": True, "schema": {**STRING, "minLength": 1}}


def _answer(endpoint: Endpoint, answer: str) -> dict[str, object]:
    if "/" in answer:
        return {"description": "Good.", "content": {answer: {}}}
    content: dict[str, object] = {JSON: {"schema": ref(answer)}}
    if _name(endpoint) in _STREAMED:
        content["text/event-stream"] = {"schema": object_schema(("data",), data=STRING)}
    return {"description": "Good.", "content": content}


def _refusals(endpoint: Endpoint) -> dict[str, object]:
    codes = set(_REFUSALS[endpoint.takes])
    if endpoint.open_to != "everyone":
        codes.add("401")
    if endpoint.open_to == "both" or "{" in endpoint.path or endpoint.metered:
        codes |= {"403", "404"}
    if endpoint.path.startswith("/admin"):
        codes.add("409")
    if endpoint.metered:
        codes |= {"429", "501", "502", "503"}
    error = {"description": "Refused.", "content": {JSON: {"schema": ref("Error")}}}
    return dict.fromkeys(sorted(codes), error)

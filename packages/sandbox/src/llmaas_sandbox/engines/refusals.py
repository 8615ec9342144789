"""Error bodies of inference engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from llmaas_sandbox.errors import Json, Refusal
from llmaas_sandbox.faults.parse import Faults

_VLLM_TYPES = {400: "BadRequestError", 404: "NotFoundError", 422: "BadRequestError"}
_LLAMA_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    501: "not_supported_error",
    503: "unavailable_error",
}


def to_engine_error(refusal: Refusal, faults: Faults) -> Refusal:
    """Convert a refusal to the error body of the requested engine."""
    if refusal.status == 401 and "unauthorized-string" in faults:
        return Refusal(401, {"error": "Unauthorized"}, refusal.headers)
    if faults.engine == "vllm" and _is_routing(refusal):
        return Refusal(refusal.status, {"detail": _DETAILS[refusal.status]}, refusal.headers)
    write = _ENGINES.get(faults.engine) or (_integer if "error-code-int" in faults else None)
    if write is None or not isinstance(refusal.body.get("error"), dict):
        return refusal
    return Refusal(refusal.status, write(refusal), refusal.headers)


_DETAILS = {404: "Not Found", 405: "Method Not Allowed"}


def _is_routing(refusal: Refusal) -> bool:
    inner = refusal.body.get("error")
    named = isinstance(inner, dict) and inner.get("param")
    return refusal.status in _DETAILS and not named


def _integer(refusal: Refusal) -> Json:
    """Convert to vLLM's errors: four keys, an integer code, pydantic's envelope for wrong types."""
    inner, status = refusal.body["error"], refusal.status
    text, param = str(inner["message"]), inner.get("param")
    kind = _VLLM_TYPES.get(status, "InternalServerError")
    if refusal.invalid:  # pydantic refuses it before the engine looks
        problem = {"type": refusal.invalid, "loc": f"body.{param}", "msg": text}
        text, kind, param = f"1 validation error:\n  {problem}", "Bad Request", f"body.{param}"
    return {"error": {"message": text, "type": kind, "param": param, "code": status}}


def _llama(refusal: Refusal) -> Json:
    kind = _LLAMA_TYPES.get(refusal.status, "server_error")
    message = refusal.body["error"]["message"]
    return {"error": {"code": refusal.status, "message": message, "type": kind}}


def _ollama(refusal: Refusal) -> Json:
    kinds = {400: "invalid_request_error", 404: "not_found_error"}
    kind, message = kinds.get(refusal.status, "api_error"), refusal.body["error"]["message"]
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


_ENGINES: Mapping[str, Callable[[Refusal], Json]] = {
    "vllm": _integer,
    "llama.cpp": _llama,
    "ollama": _ollama,
}

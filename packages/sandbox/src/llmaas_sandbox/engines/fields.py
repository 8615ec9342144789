"""Fields that engines add to responses and chunks, or omit.

vLLM: recordings of 0.32.0. llama.cpp: ``tools/server/server-task.cpp`` (``to_json_oaicompat_chat``)
and ``server-common.cpp``. Ollama: ``openai/openai.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b

from llmaas_sandbox.errors import Json
from llmaas_sandbox.faults.parse import Faults

_VLLM = "vllm-0.32.0-1d6410eb"
Change = Callable[[Json, str], Json]


def to_engine_body(body: Json, faults: Faults, requested: str) -> Json:
    """Convert a whole response to the format of the requested engine."""
    change = _WHOLE.get(faults.engine)
    return change(body, requested) if change else body


def to_engine_chunks(stream: list[Json], faults: Faults, requested: str) -> list[Json]:
    """Convert the chunks of a stream to the format of the requested engine."""
    change = _CHUNK.get(faults.engine)
    if change is None:
        return stream
    written = [change(chunk, requested) for chunk in stream]
    if faults.engine == "vllm" and written:
        written[-1] = {**written[-1], "system_fingerprint": _VLLM}
    return written


def to_engine_models(payload: Json, faults: Faults) -> Json:
    """Convert the list of models; engines have no aliases."""
    if not faults.engine:
        return payload
    owner = {"vllm": "vllm", "llama.cpp": "llamacpp", "ollama": "library"}[faults.engine]
    rows = [{k: v for k, v in row.items() if k != "aliases"} for row in payload["data"]]
    return {**payload, "data": [{**row, "owned_by": owner} for row in rows]}


def to_engine_embeddings(payload: Json, faults: Faults, fingerprint: bytes, created: int) -> Json:
    """Convert embeddings; vLLM adds an id, the time and three counts."""
    if faults.engine != "vllm":
        return payload
    nulls = dict.fromkeys(("prompt_tokens_details", "completion_tokens_details"))
    return {
        "id": f"embd-{_short(fingerprint.decode('utf-8', 'replace'))}",
        **payload,
        "created": created,
        "usage": {**payload["usage"], "completion_tokens": 0, **nulls},
    }


def _short(identity: str) -> str:
    return blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _without_gateway(body: Json) -> Json:
    return {k: v for k, v in body.items() if k != "backend"}


def _vllm_usage(usage: Mapping[str, object] | None, *, in_stream: bool) -> Json | None:
    if not usage:
        return None
    details: Json = {"cached_tokens": 0, "created_cache_tokens": 0}
    return {
        "prompt_tokens": usage["prompt_tokens"],
        "total_tokens": usage["total_tokens"],
        "completion_tokens": usage["completion_tokens"],
        "prompt_tokens_details": details if in_stream else {**details, "multimodal_tokens": None},
        "completion_tokens_details": usage.get("completion_tokens_details"),
    }


def _vllm_whole(body: Json, requested: str) -> Json:
    body = _without_gateway(body)
    choices = [_vllm_choice(choice) for choice in body["choices"]]
    usage = _vllm_usage(body.get("usage"), in_stream=False)
    return {
        "id": f"chatcmpl-{_short(body['id'])}",
        "object": body["object"],
        "created": body["created"],
        "model": requested,
        "choices": choices,
        "service_tier": None,
        "system_fingerprint": _VLLM,
        "usage": usage,
        **dict.fromkeys(("prompt_logprobs", "prompt_token_ids", "prompt_text")),
        **dict.fromkeys(("kv_transfer_params", "ec_transfer_params", "metrics")),
    }


def _vllm_choice(choice: Json) -> Json:
    message = choice["message"]
    calls = {"tool_calls": message["tool_calls"]} if message.get("tool_calls") else {}
    return {
        "index": choice["index"],
        "message": {
            "role": "assistant",
            "content": message["content"],
            **dict.fromkeys(("refusal", "annotations", "audio", "function_call")),
            **calls,
            "reasoning": message.get("reasoning"),
        },
        "logprobs": choice.get("logprobs"),
        "finish_reason": choice["finish_reason"],
        **dict.fromkeys(("stop_reason", "token_ids", "routed_experts")),
    }


def _vllm_chunk(chunk: Json, requested: str) -> Json:
    body = {**_without_gateway(chunk), "model": requested}
    body["id"] = f"chatcmpl-{_short(chunk['id'])}"
    choices = body.get("choices") or []
    if choices and "role" in choices[0]["delta"]:
        body["choices"] = [_vllm_delta(c, first=True) for c in choices]
        body |= {"prompt_token_ids": None, "prompt_text": None}
    elif choices:
        body["choices"] = [_vllm_delta(c, first=False) for c in choices]
    if usage := body.pop("usage", None):
        body["usage"] = _vllm_usage(usage, in_stream=True)
    return body


def _vllm_delta(choice: Json, *, first: bool) -> Json:
    logprobs, finish = choice.get("logprobs"), choice["finish_reason"]
    result: Json = {"index": choice["index"], "delta": choice["delta"], "logprobs": logprobs}
    result["finish_reason"] = finish
    if finish:
        result["stop_reason"] = None
    return result if first else {**result, "token_ids": None}


def _llama_whole(body: Json, requested: str) -> Json:
    body = _without_gateway(body)
    return {**body, "system_fingerprint": "b7200-llama.cpp", "timings": _timings(body)}


def _timings(body: Json) -> Json:
    usage = body.get("usage") or {}
    stated, read = usage.get("completion_tokens", 0), usage.get("prompt_tokens", 0)
    return {"prompt_n": read, "predicted_n": stated, "prompt_ms": 1.0 * read, "predicted_ms": 9.0}


def _llama_chunk(chunk: Json, requested: str) -> Json:
    body = {**_without_gateway(chunk), "system_fingerprint": "b7200-llama.cpp"}
    choices = [_null_content_first(c) for c in body.get("choices") or ()]
    if any(c["finish_reason"] for c in choices) or not choices:
        body["timings"] = _timings(body)
    return {**body, "choices": choices}


def _null_content_first(choice: Json) -> Json:
    delta = choice["delta"]
    if choice["finish_reason"]:
        return {**choice, "delta": {}}
    return {**choice, "delta": {**delta, "content": None}} if "role" in delta else choice


def _ollama_whole(body: Json, requested: str) -> Json:
    body = _without_gateway(body)
    for choice in body["choices"]:
        choice["message"]["content"] = choice["message"]["content"] or ""
    return {**body, "id": _ollama_id(body), "model": requested, "system_fingerprint": "fp_ollama"}


def _ollama_id(body: Json) -> str:
    return f"chatcmpl-{int(_short(body['id'])[:6], 16) % 999}"


def _ollama_chunk(chunk: Json, requested: str) -> Json:
    body = _without_gateway(chunk)
    for choice in body.get("choices") or ():
        choice["delta"] = {"role": "assistant", "content": "", **choice["delta"]}
    return {**body, "id": _ollama_id(body), "model": requested, "system_fingerprint": "fp_ollama"}


_WHOLE: Mapping[str, Change] = {
    "vllm": _vllm_whole,
    "llama.cpp": _llama_whole,
    "ollama": _ollama_whole,
}
_CHUNK: Mapping[str, Change] = {
    "vllm": _vllm_chunk,
    "llama.cpp": _llama_chunk,
    "ollama": _ollama_chunk,
}

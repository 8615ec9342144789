"""Endpoints of the rerank service."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from llmaas_sandbox.errors import bad_request, not_found
from llmaas_sandbox.families.check import context_exceeded, context_window
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.http.model_lookup import resolve_model
from llmaas_sandbox.measured.requests import check_documents
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.rerank.scores import logits, to_unit_interval
from llmaas_sandbox.tokens import count_tokens
from llmaas_sandbox.usage import Usage

MAX_DOCUMENTS = 10_000
"""Inferred: no figure is documented."""


def rerank(exchange: Exchange) -> Reply:
    """Rank documents by decreasing relevance, in the new or the old response format."""
    body = exchange.body
    model = resolve_model(exchange, body.get("model"), frozenset(("rerank",)))
    query, documents, top = _validate(body)
    facts = exchange.state.facts or {}
    if facts.get("rerank_path", exchange.path) != exchange.path:
        raise not_found()
    check_documents(documents, model.measured)
    size = context_window(model, exchange.faults)
    longest = count_tokens(query) + max(map(count_tokens, documents))
    if size and longest > size and not _truncates(body, size):
        raise context_exceeded(longest, size)
    scores = logits(query, documents)
    if facts.get("rerank_scores") == "unit_interval":
        scores = [to_unit_interval(score) for score in scores]
    order = sorted(range(len(documents)), key=lambda i: (-scores[i], i))[:top]
    tokens = sum(count_tokens(d) for d in documents) + count_tokens(query)
    usage = Usage(prompt=tokens, documents=len(documents))
    with_text = body.get("return_documents") is not False or bool(exchange.faults.engine)
    digest = blake2b(exchange.fingerprint, digest_size=8).hexdigest()
    if exchange.state.config.rerank_shape == "old":
        results = [
            _to_legacy_result(i, scores[i], documents[i] if with_text else None) for i in order
        ]
        billed = {"billed_units": {"search_units": len(documents)}}
        return Reply({"id": f"rerank-{digest}", "results": results, "usage": billed}, usage=usage)
    payload: dict[str, Any] = {
        "id": f"score-{digest}",
        "model": model.id,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "results": [
            _to_vllm_result(i, scores[i], documents[i] if with_text else None) for i in order
        ],
        "backend": exchange.backend,
    }
    if exchange.faults.engine or "no-backend" in exchange.faults:
        del payload["backend"]
    return Reply(payload, usage=usage)


def _validate(body: dict[str, object]) -> tuple[str, list[str], int]:
    query, documents, top = body.get("query"), body.get("documents"), body.get("top_n")
    if not isinstance(query, str) or not query:
        raise bad_request("Missing required parameter: 'query'", "query")
    if not isinstance(documents, list) or not documents:
        raise bad_request("Missing required parameter: 'documents'", "documents")
    if len(documents) > MAX_DOCUMENTS:
        raise bad_request(
            f"Invalid parameter 'documents': at most {MAX_DOCUMENTS} strings", "documents"
        )
    if not all(isinstance(d, str) for d in documents):
        raise bad_request("Invalid parameter 'documents': must be strings", "documents")
    if top is not None and (not isinstance(top, int) or isinstance(top, bool) or top < 1):
        raise bad_request("Invalid parameter 'top_n': must be an integer of at least 1", "top_n")
    return query, documents, top or len(documents)


def _truncates(body: dict[str, object], size: int) -> bool:
    """Whether a request lets the engine cut texts to the window, as vLLM does on demand."""
    limit = body.get("truncate_prompt_tokens")
    return isinstance(limit, int) and (limit == -1 or 0 < limit <= size)


def _to_vllm_result(index: int, score: float, text: str | None) -> dict[str, object]:
    result: dict[str, object] = {"index": index, "relevance_score": score}
    return result if text is None else {**result, "document": {"text": text, "multi_modal": None}}


def _to_legacy_result(index: int, score: float, text: str | None) -> dict[str, object]:
    result: dict[str, object] = {"index": index, "relevance_score": to_unit_interval(score)}
    return result if text is None else {**result, "document": {"text": text}}


ENDPOINTS = (
    Endpoint("POST", "/v1/rerank", rerank, metered=True),
    Endpoint("POST", "/v2/rerank", rerank, metered=True),
)

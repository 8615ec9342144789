"""Endpoints of the retired file-based batches, enabled by ``Config.legacy_batches``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from llmaas_sandbox.api.chat import answer_conversation
from llmaas_sandbox.errors import Refusal, bad_request, not_found
from llmaas_sandbox.faults.framing import dumps
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.legacy.store import File, LegacyBatch
from llmaas_sandbox.reply import Reply

_CHAT = "/v1/chat/completions"
_STATES = {"validating": "in_progress", "in_progress": "finalizing"}


def _tenant(exchange: Exchange) -> str:
    return exchange.caller.tenant if exchange.caller else ""


def upload(exchange: Exchange) -> Reply:
    """Store an uploaded file."""
    given, purpose = exchange.form.get("file"), exchange.form.get("purpose")
    if not isinstance(given, tuple) or purpose != "batch":
        raise bad_request("A file with purpose 'batch' is required", "file")
    store, now = exchange.state.legacy_store, exchange.state.clock.now()
    return Reply(store.keep(_tenant(exchange), given[0], given[1], purpose, now).to_dict())


def content(exchange: Exchange) -> Reply:
    """Return the content of a file."""
    file = _file(exchange, exchange.path_params["file_id"])
    return Reply(media=file.data, content_type="application/jsonl")


def _file(exchange: Exchange, file_id: object) -> File:
    file = exchange.state.legacy_store.files.get(str(file_id))
    if file is None or file.tenant != _tenant(exchange):
        raise not_found("File not found")
    return file


def create(exchange: Exchange) -> Reply:
    """Create a batch from a file."""
    body = exchange.body
    file = _file(exchange, body.get("input_file_id"))
    if body.get("endpoint") != _CHAT or body.get("completion_window") != "24h":
        raise bad_request(f"Only endpoint {_CHAT} within 24h is offered", "endpoint")
    now = exchange.state.clock.now()
    return Reply(
        exchange.state.legacy_store.start(_tenant(exchange), _CHAT, file.id, now).to_dict()
    )


def _batch(exchange: Exchange) -> LegacyBatch:
    batch = exchange.state.legacy_store.batches.get(exchange.path_params["batch_id"])
    if batch is None or batch.tenant != _tenant(exchange):
        raise not_found("Batch not found")
    return batch


def read(exchange: Exchange) -> Reply:
    """Return the status of a batch, which advances by one state per poll."""
    batch = _batch(exchange)
    if batch.status == "finalizing":
        _finish(batch, exchange)
    batch.status = _STATES.get(batch.status, batch.status)
    return Reply(batch.to_dict())


def _finish(batch: LegacyBatch, exchange: Exchange) -> None:
    lines = list(_answers(exchange, _file(exchange, batch.input).data))
    failed = sum(1 for line in lines if "error" in line)
    counts = {"total": len(lines), "completed": len(lines) - failed, "failed": failed}
    data = b"".join(dumps(line) + b"\n" for line in lines)
    now = exchange.state.clock.now()
    output = exchange.state.legacy_store.keep(
        batch.tenant, "output.jsonl", data, "batch_output", now
    )
    batch.status, batch.output, batch.counts = "completed", output.id, counts


def _answers(exchange: Exchange, data: bytes) -> Iterator[dict[str, object]]:
    for number, line in enumerate(data.splitlines()):
        try:
            request = json.loads(line)
            body = {**request["body"], "stream": False}
            single = replace(exchange, parsed=body, raw=line, step=None, lease=None)
            result: dict[str, object] = {"response": {"status_code": 200, "body": _body(single)}}
        except Refusal as refused:
            result = {"error": {"code": str(refused.status), "message": str(refused.body)}}
        except (ValueError, KeyError, TypeError):
            result, request = {"error": {"code": "400", "message": "Invalid line"}}, {}
        custom = request.get("custom_id") if isinstance(request, dict) else None
        yield {"id": f"req-{number}", "custom_id": custom, **result}


def _body(single: Exchange) -> Any:
    try:
        return answer_conversation(single).payload
    finally:
        single.release()


def cancel(exchange: Exchange) -> Reply:
    """Cancel a batch that has not finished."""
    batch = _batch(exchange)
    if batch.status in _STATES or batch.status == "finalizing":
        batch.status = "cancelled"
    return Reply(batch.to_dict())


def listing(exchange: Exchange) -> Reply:
    """List the tenant's batches, newest first."""
    batches = exchange.state.legacy_store.batches.values()
    own = [b.to_dict() for b in batches if b.tenant == _tenant(exchange)]
    limit = exchange.query.get("limit", "20")
    shown = own[::-1][: int(limit) if limit.isdigit() else 20]
    return Reply({"object": "list", "data": shown, "has_more": False})


ENDPOINTS = (
    Endpoint("POST", "/v1/files", upload, takes="form"),
    Endpoint("GET", "/v1/files/{file_id}/content", content, takes="nothing"),
    Endpoint("POST", "/v1/batches", create),
    Endpoint("GET", "/v1/batches", listing, takes="nothing"),
    Endpoint("GET", "/v1/batches/{batch_id}", read, takes="nothing"),
    Endpoint("POST", "/v1/batches/{batch_id}/cancel", cancel, takes="nothing"),
)

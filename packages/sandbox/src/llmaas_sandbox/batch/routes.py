"""Paths of the batch service."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from llmaas_sandbox.batch.lots import DONE_AFTER, MAX_CONVERSATIONS, MAX_QUEUED, Lot
from llmaas_sandbox.batch.window import is_open
from llmaas_sandbox.chat.parameters import check_parameters
from llmaas_sandbox.chat.routes import answered
from llmaas_sandbox.errors import Refusal, bad_request, forbidden, not_found, of_status
from llmaas_sandbox.faults.frames import dumps
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply
from llmaas_sandbox.gateway.used import Used
from llmaas_sandbox.models.resolve import CHAT, model_of

PATH = "/v1/chat/completions/batch"


def create(exchange: Exchange) -> Reply:
    """Queue a lot (202); 501 where batch is off, 503 when the queue is full."""
    if not exchange.state.config.batch_enabled:
        raise of_status(501)
    body = exchange.body
    model = model_of(exchange, body.get("model"), CHAT)
    _check(body.get("messages"))
    check_parameters(body)
    lots, now = exchange.state.lots, exchange.state.clock.now()
    if len(lots.queued(now)) >= MAX_QUEUED:
        raise of_status(503)
    name = f"batch-sandbox-{os.urandom(8).hex()}"
    lot = Lot(name, _owner(exchange), model.id, body["model"], body, now)
    lot.will_fail = "batch-failed" in exchange.faults
    lots.add(lot)
    return Reply(lot.summary(), status=202)


def _check(messages: Any) -> None:
    lists = isinstance(messages, list) and all(isinstance(m, list) and m for m in messages)
    if not messages or not lists:
        text = "Invalid parameter 'messages': must be a non-empty array of arrays"
        raise bad_request(text, "messages")
    if len(messages) > MAX_CONVERSATIONS:
        raise bad_request(f"A batch holds at most {MAX_CONVERSATIONS} conversations", "messages")


def read(exchange: Exchange) -> Reply:
    """Tell how a lot is doing, to the key that made it only (403 otherwise)."""
    lots, now = exchange.state.lots, exchange.state.clock.now()
    with lots.changing():
        lot = lots.get(exchange.path_params["batch_id"], now)
        if lot is None:
            raise not_found("Batch not found")
        if lot.key != _owner(exchange):
            raise forbidden("This batch belongs to another key")
        used = _advance(lot, exchange, now)
        lots.save(lot)
    return Reply(lot.summary(), used=used, batch=True)


def _owner(exchange: Exchange) -> str:
    return exchange.caller.id if exchange.caller else ""


def _advance(lot: Lot, exchange: Exchange, now: float) -> Used:
    """Move a lot on each time it is asked about, and by itself; return what that cost."""
    if exchange.state.config.batch_night_only and not is_open(now):
        lot.status = "queued" if lot.status == "in_progress" else lot.status
        return Used()
    moves_alone = not exchange.state.config.batch_night_only
    is_open_still = lot.status in ("queued", "in_progress")
    if moves_alone and is_open_still and now >= lot.created + DONE_AFTER:
        return _process(lot, exchange, lot.created + DONE_AFTER)
    if lot.status == "queued":
        lot.status = "in_progress"
    elif lot.status == "in_progress":
        return _process(lot, exchange, now)
    return Used()


def _process(lot: Lot, exchange: Exchange, now: float) -> Used:
    count = len(lot.body["messages"])
    done = [_result(lot, i, exchange) for i in range(count // 2 if lot.will_fail else count)]
    lot.results = [result for result, _ in done]
    lot.status, lot.completed_at = "failed" if lot.will_fail else "completed", now
    if lot.will_fail:
        lot.error = {"message": "The instance stopped", "type": "server_error"}
    return Used(
        prompt=sum(u.prompt for _, u in done),
        completion=sum(u.completion for _, u in done),
        reasoning=sum(u.reasoning for _, u in done),
    )


def _result(lot: Lot, index: int, exchange: Exchange) -> tuple[dict[str, Any], Used]:
    body = {**lot.body, "messages": lot.body["messages"][index], "stream": False}
    single = replace(exchange, parsed=body, raw=dumps([lot.id, index]), step=None, lease=None)
    try:
        reply = answered(single)
        return reply.payload, reply.used
    except Refusal as refused:
        message = refused.body.get("error", {}).get("message", "failed")
        error = {"type": "BatchSubRequestError", "message": message, "index": index}
        return {"error": error}, Used()
    finally:
        single.release()


ENDPOINTS = (
    Endpoint("POST", PATH, create, metered=True),
    Endpoint("GET", PATH + "/{batch_id}", read, takes="nothing"),
)

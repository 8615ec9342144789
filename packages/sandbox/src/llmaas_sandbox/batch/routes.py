"""Paths of the batch service."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from llmaas_sandbox.batch.lots import MAX_CONVERSATIONS, MAX_QUEUED, Lot
from llmaas_sandbox.chat.answers import compose
from llmaas_sandbox.chat.bodies import Writer
from llmaas_sandbox.chat.rules import check
from llmaas_sandbox.errors import Refusal, bad_request, forbidden, not_found, of_status
from llmaas_sandbox.faults.frames import dumps
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply
from llmaas_sandbox.models.resolve import CHAT, model_of

PATH = "/v1/chat/completions/batch"


def create(exchange: Exchange) -> Reply:
    """Queue a lot (202); it is answered when it is first asked about."""
    body = exchange.body
    model = model_of(exchange, body.get("model"), CHAT)
    messages = body.get("messages")
    if (
        not isinstance(messages, list)
        or not messages
        or not all(isinstance(m, list) and m for m in messages)
    ):
        raise bad_request(
            "Invalid parameter 'messages': must be a non-empty array of arrays", "messages"
        )
    if len(messages) > MAX_CONVERSATIONS:
        raise bad_request(f"A batch holds at most {MAX_CONVERSATIONS} conversations", "messages")
    lots, now = exchange.state.lots, exchange.state.clock.now()
    if len(lots.queued()) >= MAX_QUEUED:
        raise of_status(503)
    lot = Lot(
        f"batch-sandbox-{os.urandom(8).hex()}",
        _owner(exchange),
        model.id,
        body["model"],
        body,
        now,
    )
    lots.add(lot)
    return Reply(lot.summary(), status=202)


def read(exchange: Exchange) -> Reply:
    """Tell how a lot is doing, to the key that made it only (403 otherwise)."""
    lots, now = exchange.state.lots, exchange.state.clock.now()
    lot = lots.get(exchange.path_params["batch_id"], now)
    if lot is None:
        raise not_found("Batch not found")
    if lot.key != _owner(exchange):
        raise forbidden("This batch belongs to another key")
    _advance(lot, exchange, now)
    return Reply(lot.summary())


def _owner(exchange: Exchange) -> str:
    return exchange.caller.id if exchange.caller else ""


def _advance(lot: Lot, exchange: Exchange, now: float) -> None:
    """Move a lot one state on each time it is asked about."""
    if lot.status == "queued":
        lot.status = "in_progress"
    elif lot.status == "in_progress":
        lot.results = [_result(lot, i, exchange) for i in range(len(lot.body["messages"]))]
        lot.status, lot.completed_at = "completed", now


def _result(lot: Lot, index: int, exchange: Exchange) -> dict[str, Any]:
    body = {**lot.body, "messages": lot.body["messages"][index], "stream": False}
    single = replace(exchange, parsed=body, raw=dumps([lot.id, index]), step=None)
    try:
        model = model_of(single, lot.model_requested, CHAT)
        check(body, model)
        return Writer(single, [compose(single)]).body()
    except Refusal as refused:
        message = refused.body.get("error", {}).get("message", "failed")
        return {"error": {"type": "BatchSubRequestError", "message": message, "index": index}}


ENDPOINTS = (
    Endpoint("POST", PATH, create, metered=True),
    Endpoint("GET", PATH + "/{batch_id}", read, takes="nothing"),
)

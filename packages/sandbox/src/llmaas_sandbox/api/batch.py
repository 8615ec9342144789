"""Endpoints of the batch service."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from llmaas_sandbox.api.chat import answer_conversation
from llmaas_sandbox.batch.store import DONE_AFTER, MAX_CONVERSATIONS, MAX_QUEUED, Batch
from llmaas_sandbox.batch.window import is_open
from llmaas_sandbox.chat.parameters import check_parameters
from llmaas_sandbox.errors import Refusal, bad_request, forbidden, not_found, status_error
from llmaas_sandbox.faults.framing import dumps
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.http.model_lookup import CHAT, resolve_model
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.usage import Usage

PATH = "/v1/chat/completions/batch"


def create(exchange: Exchange) -> Reply:
    """Queue a batch (202); 501 if batches are disabled, 503 if the queue is full."""
    measured = (exchange.state.facts or {}).get("batches")
    if not exchange.state.config.batch_enabled or measured is False:
        raise status_error(501)
    body = exchange.body
    model = resolve_model(exchange, body.get("model"), CHAT)
    _check(body.get("messages"))
    check_parameters(body)
    store, now = exchange.state.batches, exchange.state.clock.now()
    if len(store.queued(now)) >= MAX_QUEUED:
        raise status_error(503)
    name = f"batch-sandbox-{os.urandom(8).hex()}"
    batch = Batch(name, _owner(exchange), model.id, body["model"], body, now)
    batch.will_fail = "batch-failed" in exchange.faults
    store.add(batch)
    return Reply(batch.summary(), status=202)


def _check(messages: Any) -> None:
    lists = isinstance(messages, list) and all(isinstance(m, list) and m for m in messages)
    if not messages or not lists:
        text = "Invalid parameter 'messages': must be a non-empty array of arrays"
        raise bad_request(text, "messages")
    if len(messages) > MAX_CONVERSATIONS:
        raise bad_request(f"A batch holds at most {MAX_CONVERSATIONS} conversations", "messages")


def read(exchange: Exchange) -> Reply:
    """Return the status of a batch to the key that created it (403 for others)."""
    store, now = exchange.state.batches, exchange.state.clock.now()
    with store.exclusive():
        batch = store.get(exchange.path_params["batch_id"], now)
        if batch is None:
            raise not_found("Batch not found")
        if batch.key != _owner(exchange):
            raise forbidden("This batch belongs to another key")
        usage = _advance(batch, exchange, now)
        store.save(batch)
    return Reply(batch.summary(), usage=usage, batch=True)


def _owner(exchange: Exchange) -> str:
    return exchange.caller.id if exchange.caller else ""


def _advance(batch: Batch, exchange: Exchange, now: float) -> Usage:
    """Advance a batch on each poll and over time; return the usage to bill."""
    if exchange.state.config.batch_night_only and not is_open(now):
        batch.status = "queued" if batch.status == "in_progress" else batch.status
        return Usage()
    moves_alone = not exchange.state.config.batch_night_only
    is_open_still = batch.status in ("queued", "in_progress")
    if moves_alone and is_open_still and now >= batch.created + DONE_AFTER:
        return _process(batch, exchange, batch.created + DONE_AFTER)
    if batch.status == "queued":
        batch.status = "in_progress"
    elif batch.status == "in_progress":
        return _process(batch, exchange, now)
    return Usage()


def _process(batch: Batch, exchange: Exchange, now: float) -> Usage:
    count = len(batch.body["messages"])
    done = [_result(batch, i, exchange) for i in range(count // 2 if batch.will_fail else count)]
    batch.results = [result for result, _ in done]
    batch.status, batch.completed_at = "failed" if batch.will_fail else "completed", now
    if batch.will_fail:
        batch.error = {"message": "The instance stopped", "type": "server_error"}
    return Usage(
        prompt=sum(u.prompt for _, u in done),
        completion=sum(u.completion for _, u in done),
        reasoning=sum(u.reasoning for _, u in done),
    )


def _result(batch: Batch, index: int, exchange: Exchange) -> tuple[dict[str, Any], Usage]:
    body = {**batch.body, "messages": batch.body["messages"][index], "stream": False}
    single = replace(exchange, parsed=body, raw=dumps([batch.id, index]), step=None, lease=None)
    try:
        reply = answer_conversation(single)
        return reply.payload, reply.usage
    except Refusal as refused:
        message = refused.body.get("error", {}).get("message", "failed")
        error = {"type": "BatchSubRequestError", "message": message, "index": index}
        return {"error": error}, Usage()
    finally:
        single.release()


ENDPOINTS = (
    Endpoint("POST", PATH, create, metered=True),
    Endpoint("GET", PATH + "/{batch_id}", read, takes="nothing"),
)

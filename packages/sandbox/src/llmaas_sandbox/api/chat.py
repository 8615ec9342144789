"""Endpoints of the chat service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from llmaas_sandbox.catalog import Model
from llmaas_sandbox.chat.answers import compose_answer
from llmaas_sandbox.chat.prepared import prepare_response
from llmaas_sandbox.chat.request import ChatRequest
from llmaas_sandbox.chat.serialization import ResponseWriter
from llmaas_sandbox.chat.validation import prompt_refusal, validate_request
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.http.model_lookup import CHAT, resolve_model
from llmaas_sandbox.measured.requests import accept_chat
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.usage import Usage


def chat(exchange: Exchange) -> Reply:
    """Answer a conversation, whole or as a stream."""
    if exchange.state.config.prompt_filter and isinstance(exchange.body.get("messages"), list):
        caller = exchange.caller.id if exchange.caller else ""
        exchange.state.screening.check(_objects(exchange.body["messages"]), caller)
    if exchange.faults.chosen or exchange.step is not None or exchange.state.profile is not None:
        return answer_conversation(exchange)
    return _prepared_reply(exchange)


def _objects(messages: list[object]) -> list[Mapping[str, object]]:
    return [m for m in messages if isinstance(m, Mapping)]


def _prepared_reply(exchange: Exchange) -> Reply:
    """Reply from the cache of prepared responses; only time and machine differ."""
    body, cache = exchange.body, exchange.state.response_cache
    prepared = cache.get(exchange.raw)
    if prepared is not None:
        exchange.fingerprint = prepared.fingerprint
    model = resolve_model(exchange, body.get("model"), CHAT)
    if prepared is None or prepared.model is not model:
        validate_request(body, model, exchange.faults)
        request = _build_request(exchange, model)
        prepared = prepare_response(request, *_compose(request))
        cache.put(exchange.raw, prepared)
    assert exchange.lease is not None
    created, machine = int(exchange.state.clock.now()), exchange.lease.machine
    if prepared.is_stream:
        return Reply(events=prepared.render_events(created, machine), usage=prepared.usage)
    return Reply(media=prepared.render_body(created, machine), usage=prepared.usage)


def answer_conversation(exchange: Exchange) -> Reply:
    """Validate and answer a conversation without the cache of prepared responses."""
    body = exchange.body
    model = resolve_model(exchange, body.get("model"), CHAT)
    validate_request(body, model, exchange.faults)
    if model.measured:
        exchange.parsed = accept_chat(body, model)
    if "cache" in exchange.faults:
        return _replayed_reply(exchange, model)
    return _compose_reply(exchange, model)


def _replayed_reply(exchange: Exchange, model: Model) -> Reply:
    """Reply like a caching gateway: a hit repeats the whole reply, its id included."""
    cache = exchange.state.replay_cache
    cached = cache.get(exchange.fingerprint)
    if cached is not None:
        exchange.return_step()
        return replace(cached, headers={**cached.headers, "x-cache": "hit"})
    reply = _compose_reply(exchange, model)
    cache.put(exchange.fingerprint, reply)
    return replace(reply, headers={**reply.headers, "x-cache": "miss"})


def _compose_reply(exchange: Exchange, model: Model) -> Reply:
    request = _build_request(exchange, model)
    writer, usage = _compose(request)
    if request.body.get("stream"):
        return Reply(chunks=writer.chunks(), usage=usage)
    return Reply(writer.body(), usage=usage)


def _build_request(exchange: Exchange, model: Model) -> ChatRequest:
    return ChatRequest(
        body=exchange.body,
        model=model,
        requested=exchange.requested or model.root,
        faults=exchange.faults,
        step=exchange.step,
        fingerprint=exchange.fingerprint,
        backend=exchange.backend,
        created=int(exchange.state.clock.now()),
        attempts=exchange.state.attempts,
    )


def _compose(request: ChatRequest) -> tuple[ResponseWriter, Usage]:
    """Compose the choices of a response, with the usage to bill."""
    answers = [compose_answer(request) for _ in range(int(request.body.get("n") or 1))]
    writer = ResponseWriter(request, answers)
    return writer, Usage(writer.prompt_tokens, writer.completion_tokens, writer.reasoning_tokens)


def completions(exchange: Exchange) -> Reply:
    """Answer a chat-shaped completion request; reject ``prompt`` (400)."""
    refused = prompt_refusal(exchange.body)
    if refused is not None:
        raise refused
    return chat(exchange)


ENDPOINTS = (
    Endpoint("POST", "/v1/chat/completions", chat, metered=True),
    Endpoint("POST", "/v1/completions", completions, metered=True),
)

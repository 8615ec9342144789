"""Paths of the chat service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.chat.answers import compose
from llmaas_sandbox.chat.bodies import Writer
from llmaas_sandbox.chat.prepared import prepare
from llmaas_sandbox.chat.rules import check, no_prompt
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply, Used
from llmaas_sandbox.models.resolve import CHAT, model_of


def chat(exchange: Exchange) -> Reply:
    """Answer a conversation, at once or as a stream; screen its prompt if that is on."""
    if exchange.state.config.prompt_filter and isinstance(exchange.body.get("messages"), list):
        caller = exchange.caller.id if exchange.caller else ""
        exchange.state.screening.check(_objects(exchange.body["messages"]), caller)
    if exchange.faults.chosen or exchange.step is not None:
        return answered(exchange)
    return _remembered(exchange)


def _objects(messages: list[Any]) -> list[Mapping[str, Any]]:
    return [m for m in messages if isinstance(m, Mapping)]


def _remembered(exchange: Exchange) -> Reply:
    """Answer as the same request was answered before, if it was: only time and machine differ."""
    body, answers = exchange.body, exchange.state.answers
    prepared = answers.find(exchange.raw)
    if prepared is not None:
        exchange.gist = prepared.gist
    model = model_of(exchange, body.get("model"), CHAT)
    if prepared is None or prepared.model is not model:
        check(body, model, exchange.faults)
        prepared = prepare(exchange, *_written(exchange))
        answers.keep(exchange.raw, prepared)
    return prepared.reply(exchange)


def answered(exchange: Exchange) -> Reply:
    """Answer a conversation that was let through."""
    body = exchange.body
    check(body, model_of(exchange, body.get("model"), CHAT), exchange.faults)
    if "cache" in exchange.faults:
        return exchange.state.replays.answer(exchange, compose_reply)
    return compose_reply(exchange)


def compose_reply(exchange: Exchange) -> Reply:
    """Write the answers to a request that was checked."""
    writer, used = _written(exchange)
    if exchange.body.get("stream"):
        return Reply(chunks=writer.chunks(), used=used)
    return Reply(writer.body(), used=used)


def _written(exchange: Exchange) -> tuple[Writer, Used]:
    """Compose the answers; return who writes them, and what they are billed for."""
    answers = [compose(exchange) for _ in range(int(exchange.body.get("n") or 1))]
    writer = Writer(exchange, answers)
    return writer, Used(writer.prompt_tokens, writer.said, writer.thought)


def completions(exchange: Exchange) -> Reply:
    """Answer the chat-shaped completion endpoint; a ``prompt`` is refused (400)."""
    refused = no_prompt(exchange.body)
    if refused is not None:
        raise refused
    return chat(exchange)


ENDPOINTS = (
    Endpoint("POST", "/v1/chat/completions", chat, metered=True),
    Endpoint("POST", "/v1/completions", completions, metered=True),
)

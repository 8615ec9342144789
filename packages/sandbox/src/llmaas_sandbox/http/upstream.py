"""Forwarding of requests to an upstream engine, and metering of its responses."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.auth.permissions import check_model_permission, model_names
from llmaas_sandbox.catalog import Model, all_models, resolve
from llmaas_sandbox.errors import Refusal, bad_request, error, status_error
from llmaas_sandbox.faults.framing import dumps
from llmaas_sandbox.http.exchange import Exchange, Handler
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.upstream.client import UpstreamError, UpstreamResponse, send_request
from llmaas_sandbox.upstream.fixtures import encode_bytes
from llmaas_sandbox.usage import Usage

Settle = Callable[[Usage], None]
_NO_FIXTURE = (
    "No recording answers this {0.method} {0.path}. Record it with --upstream and --record, "
    "or allow other answers with --replay-fallback."
)


async def forward_request(exchange: Exchange) -> Reply:
    """Forward one request under the sandbox's keys, limits and accounting."""
    config = exchange.state.config
    assert config.upstream is not None
    _choose_machine(exchange)
    root = config.upstream.rstrip("/").removesuffix("/v1")
    passed = {n: exchange.headers[n] for n in ("content-type", "accept") if n in exchange.headers}
    if config.upstream_key:
        passed["authorization"] = f"Bearer {config.upstream_key}"
    try:
        raw, hidden = _with_usage(exchange)
        began = time.perf_counter()
        answer = await send_request(root + exchange.path, exchange.method, passed, raw)
        if config.record:
            answer = exchange.state.fixtures.record(
                config.record, _fixture_request(exchange), answer, began
            )
        return await _reply(exchange, answer, hidden)
    except UpstreamError:
        raise status_error(502) from None


async def replay_request(exchange: Exchange, otherwise: Handler) -> Reply:
    """Reply from a recorded exchange; without one, use ``otherwise`` or reject (404)."""
    config = exchange.state.config
    assert config.replay is not None
    answer = exchange.state.fixtures.replay(config.replay, _fixture_request(exchange))
    if answer is not None:
        _choose_machine(exchange)
        return await _reply(exchange, answer, _with_usage(exchange)[1])
    if not config.replay_fallback:
        raise Refusal(404, error(_NO_FIXTURE.format(exchange), "invalid_request_error"))
    reply = otherwise(exchange)
    return await reply if inspect.isawaitable(reply) else reply


def _fixture_request(exchange: Exchange) -> dict[str, object]:
    """Return the part of a request that identifies its fixture. Headers are not compared."""
    body: dict[str, Any] = {}
    if exchange.parsed is not None:
        body = {"json": exchange.parsed}
    elif exchange.raw:
        body = encode_bytes(exchange.fingerprint)
    query = dict(exchange.query)
    return {"method": exchange.method, "path": exchange.path, "query": query, **body}


def _choose_machine(exchange: Exchange) -> None:
    name = exchange.parsed.get("model") if isinstance(exchange.parsed, dict) else None
    name = name or exchange.form.get("model")
    if not isinstance(name, str) or not name:
        if exchange.method == "POST":
            raise bad_request("Missing required parameter: 'model'", "model")
        return
    model = resolve(name) or _unknown(name)
    check_model_permission(exchange.caller, model, name)
    exchange.model, exchange.requested = model, name
    exchange.lease = exchange.state.fleet.acquire(model, exchange.fingerprint)


def _unknown(name: str) -> Model:
    """Build a model that only the engine knows; metrics group them under one name."""
    some = next(iter(all_models().values()))
    plain = replace(some, reasoning=False, end_of_support=None, released=None, phase="production")
    return replace(plain, id="upstream", root=name, aliases=(name,), parameters=None)


def _with_usage(exchange: Exchange) -> tuple[bytes, bool]:
    """Return the body to send, and whether to hide the usage of the stream from the client.

    A stream reports its usage only on request; without it the tokens cannot be counted.
    """
    body = exchange.parsed
    if not isinstance(body, dict) or not body.get("stream") or "messages" not in body:
        return exchange.raw, False
    options = body.get("stream_options")
    options = options if isinstance(options, dict) else {}
    if options.get("include_usage"):
        return exchange.raw, False
    return dumps({**body, "stream_options": {**options, "include_usage": True}}), True


async def _reply(exchange: Exchange, answer: UpstreamResponse, hidden: bool) -> Reply:
    kind = answer.headers.get("content-type", "application/octet-stream")
    if kind.startswith("text/event-stream"):
        return Reply(
            content_type=kind, status=answer.status, source=answer.body, hides_usage=hidden
        )
    body = await answer.read()
    value = _parse_json(body) if "json" in kind else None
    reply = Reply(media=body, content_type=kind, status=answer.status)
    if isinstance(value, dict) and answer.status < 400:
        if exchange.path == "/v1/models":
            _filter(value, exchange)
        else:
            value.setdefault("backend", exchange.backend)
        reply.media, reply.usage = dumps(value), _parse_usage(value)
    return reply


def _filter(value: dict[str, object], exchange: Exchange) -> None:
    """Remove the models that the key may not use."""
    caller, rows = exchange.caller, value.get("data")
    if caller is None or not isinstance(rows, list):
        return
    value["data"] = [row for row in rows if isinstance(row, dict) and _may_see(caller, row)]


def _may_see(caller: Key, row: dict[str, object]) -> bool:
    name = str(row.get("id"))
    model = resolve(name)
    return caller.may_use((name, *(model_names(model) if model else ())))


async def meter_stream(source: AsyncIterator[bytes], settle: Settle) -> AsyncIterator[bytes]:
    """Relay a stream; settle the last usage before its last bytes are sent."""
    usage, held, line = Usage(), b"", b""
    try:
        async for part in source:
            if held:
                yield held
            held = part
            *lines, line = (line + part).split(b"\n")
            for text in lines:
                usage = _parse_usage_line(text) or usage
    finally:
        settle(usage)
    if held:
        yield held


async def strip_usage(source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Remove the usage event that the client did not request."""
    waiting = b""
    async for part in source:
        *events, waiting = (waiting + part).split(b"\n\n")
        shown = [event for event in events if not _tells_usage(event)]
        if shown:
            yield b"".join(event + b"\n\n" for event in shown)
    if waiting:
        yield waiting


def _tells_usage(event: bytes) -> bool:
    if b'"usage"' not in event or not event.startswith(b"data:"):
        return False
    value = _parse_json(event[5:])
    return isinstance(value, dict) and value.get("choices") == [] and bool(value.get("usage"))


def _parse_usage_line(line: bytes) -> Usage | None:
    if not line.startswith(b"data:") or b'"usage"' not in line:
        return None
    value = _parse_json(line[5:])
    return (
        _parse_usage(value)
        if isinstance(value, dict) and isinstance(value.get("usage"), dict)
        else None
    )


def _parse_json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _parse_usage(value: dict[str, object]) -> Usage:
    usage = value.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    documents = value.get("results")
    return Usage(
        prompt=_number(usage.get("prompt_tokens")),
        completion=_number(usage.get("completion_tokens")),
        reasoning=_number(usage.get("reasoning_tokens")),
        documents=len(documents) if isinstance(documents, list) else 0,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

"""The gate: every request passes here, whatever it asks for."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from llmaas_sandbox.auth.rules import bearer, is_admin
from llmaas_sandbox.catalogue import PERSONA_PREFIX
from llmaas_sandbox.engines.refusals import in_dialect
from llmaas_sandbox.errors import Refusal, of_status
from llmaas_sandbox.faults.chance import TEST_HEADER
from llmaas_sandbox.faults.frames import dumps
from llmaas_sandbox.faults.parse import Fault, Faults, parse
from llmaas_sandbox.faults.refuse import Page, refusal
from llmaas_sandbox.faults.wire import Plan, slow_list
from llmaas_sandbox.forward.relay import metered, relay, replayed, without_usage
from llmaas_sandbox.gateway import intake, plans
from llmaas_sandbox.gateway.access import Ledger, headers_for, identify, let_in
from llmaas_sandbox.gateway.delivery import Delivery
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Handler, Reply
from llmaas_sandbox.gateway.journal import Recorded, masked
from llmaas_sandbox.gateway.origins import check_origin
from llmaas_sandbox.gateway.scripts import Step
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.gateway.used import Used

_log = logging.getLogger("llmaas_sandbox")
STRANGERS_BYTES = 1_000_000
"""The largest body that is read from a client without a key."""
FAULT_HEADERS = ("x-sandbox-fault", "x-sandbox-dialect")


class Gate:
    """An ASGI endpoint: intake, script, faults, key, answer, delivery."""

    def __init__(self, state: State, endpoint: Endpoint) -> None:
        self.state = state
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        record = recorded(request)
        delivery = Delivery(self.state, record, scope, receive, send)
        if self.state.connections.is_doomed(delivery.transport):
            await delivery.raw(b"")
            return
        if not self.endpoint.path.startswith("/admin"):
            self.state.journal.add(record)
        try:
            await Passage(self.state, self.endpoint, record).run(request, delivery)
        finally:
            record.finished = True


def asked_by_header(headers: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return the faults that a request's headers ask for."""
    return tuple(f for name in FAULT_HEADERS for f in parse(headers.get(name, "")))


def recorded(request: Request) -> Recorded:
    """Start the journal's record of a request."""
    headers = dict(request.headers)
    return Recorded(
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        headers=masked(headers),
        body=b"",
        request_id=headers.get("x-request-id") or f"req-{os.urandom(8).hex()}",
    )


class Passage:
    """The passage of one request through the gate."""

    def __init__(self, state: State, endpoint: Endpoint, record: Recorded) -> None:
        self.state, self.endpoint, self.record = state, endpoint, record
        self.headers = {"x-request-id": record.request_id}
        self.ledger = Ledger(endpoint, record)
        self.exchange: Exchange | None = None
        self.faults = Faults()

    async def run(self, request: Request, delivery: Delivery) -> None:
        """Answer, move to another machine if the first one dies, and settle."""
        try:
            plan = await self._attempt(request)
            while plan is not None and not await self._deliver(plan, delivery):
                plan = await self._again()
            if plan is None:
                await delivery.raw(self._step["raw"])
        finally:
            if self.exchange is not None:
                self.exchange.release()
            self.ledger.finish(self.exchange, delivery.first_byte)

    async def _deliver(self, plan: Plan, delivery: Delivery) -> bool:
        """Send a plan; False when its machine died before the first byte."""
        self.record.status = plan.status
        lease = self.exchange.lease if self.exchange else None
        return await delivery.run(plan, lease.machine if lease else None)

    async def _attempt(self, request: Request) -> Plan | None:
        """Make a plan; None stands for raw bytes."""
        try:
            self.exchange = await self._take_in(request)
            if "raw" in self._step:
                return None
            plan = await self._plan(self.exchange)
            plan.before += float(self._step.get("delay") or 0)
            if self.endpoint.path == "/v1/models":
                slow_list(plan, self.faults)
            return plan
        except Refusal as refused:
            return self._refuse(refused)
        except Exception:
            _log.exception("the sandbox failed on %s %s", self.record.method, self.record.path)
            return self._refuse(of_status(500))

    async def _again(self) -> Plan:
        """Answer once more, on another machine."""
        assert self.exchange is not None
        self.exchange.release()
        self.exchange.lease = None
        try:
            return await self._plan(self.exchange)
        except Refusal as refused:
            return self._refuse(refused)

    @property
    def _step(self) -> Step:
        return (self.exchange.step if self.exchange else None) or {}

    def _refuse(self, refused: Refusal | Page) -> Plan:
        self.ledger.settle(self.exchange, refused.status, Used(), batch=False)
        try:
            return plans.of_refusal(refused, self.faults, self.headers)
        except Refusal as wrong:  # a fault that cannot be read spoils nothing
            return plans.of_refusal(wrong, Faults(), self.headers)

    async def _take_in(self, request: Request) -> Exchange:
        known = self._is_known(request.headers)
        limit = self.state.config.max_body_bytes
        raw = await intake.read_body(request, limit if known else min(limit, STRANGERS_BYTES))
        parsed = self._lenient_json(raw)
        if known:
            self.state.journal.keep(self.record, raw)
        step = None
        if self.endpoint.path.startswith(("/v1", "/v2")):
            step = self.state.scripts.take(request.url.path)
        exchange = Exchange(
            state=self.state,
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            headers=request.headers,
            raw=raw,
            path_params=request.path_params,
            step=step,
            parsed=parsed,
            request_id=self.record.request_id,
        )
        self.exchange = exchange
        if self.endpoint.open_to != "everyone":
            identify(exchange)
        self.faults = exchange.faults = self._faults(request.headers, parsed, step, raw)
        self.record.faults = tuple(f.text for f in self.faults)
        exact = step is not None and plans.is_exact(step)
        if self.endpoint.takes == "form" and not exact:
            intake.check_type(request.headers, self.endpoint)
            exchange.form = await intake.parse_form(request, raw)
        return exchange

    def _is_known(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request's body is worth keeping: it carries a key, or needs none."""
        if self.endpoint.open_to == "everyone":
            return True
        secret = bearer(headers)
        if secret is None:
            return False
        known = self.state.keys.find(secret) is not None
        return known or is_admin(headers, self.state.config.admin_key)

    def _lenient_json(self, raw: bytes) -> Any:
        if self.endpoint.takes == "form" or not raw:
            return None
        try:
            return intake.parse_json(raw)
        except Refusal:
            return None

    def _faults(
        self, headers: Mapping[str, str], parsed: Any, step: Step | None, raw: bytes
    ) -> Faults:
        if self.endpoint.path.startswith("/admin"):
            return Faults()
        chosen: tuple[Fault, ...] = self.state.always
        model = parsed.get("model") if isinstance(parsed, dict) else None
        if isinstance(model, str) and model.startswith(PERSONA_PREFIX):
            chosen += _persona(model)
        chosen += asked_by_header(headers)
        chosen += parse(str(step.get("fault") or "")) if step else ()
        test = headers.get(TEST_HEADER, "")
        return self.state.still_due(chosen, blake2b(raw, digest_size=8).hexdigest(), test)

    async def _plan(self, exchange: Exchange) -> Plan:
        if plans.is_exact(self._step):
            plan = plans.of_step(self._step, self.faults, self.headers)
            self.ledger.settle(exchange, plan.status, Used(), batch=False)
            return plan
        refused = refusal(self.faults, exchange.parsed, self.state.clock.now())
        if refused is not None:
            return self._refuse(refused)
        self._check(exchange)
        reply = self._handler(exchange)
        if inspect.isawaitable(reply):
            reply = await reply
        assert isinstance(reply, Reply)
        if reply.source is not None:
            return self._relayed(exchange, reply, reply.source)
        self.ledger.settle(exchange, reply.status, reply.used, reply.batch)
        headers = {**self.headers, **headers_for(exchange, self.endpoint)}
        return plans.of_reply(reply, self.faults, headers, self._pace(exchange))

    @property
    def _handler(self) -> Handler:
        """The service's own answer, or that of the engine behind the sandbox."""
        config, own = self.state.config, self.endpoint.handler
        if not (self.endpoint.metered or self.endpoint.path == "/v1/models"):
            return own
        live = relay if config.upstream else own
        return partial(replayed, otherwise=live) if config.replay else live

    def _relayed(self, exchange: Exchange, reply: Reply, source: AsyncIterator[bytes]) -> Plan:
        """Plan a stream that is still to come; it is settled when it ends."""

        def settle(used: Used) -> None:
            self.ledger.settle(exchange, reply.status, used, batch=False)

        headers = {**self.headers, **headers_for(exchange, self.endpoint)}
        headers |= {"content-type": reply.content_type, "cache-control": "no-cache"}
        counted = metered(source, settle)
        shown = without_usage(counted) if reply.hides_usage else counted
        return Plan(reply.status, headers, [], source=shown)

    def _pace(self, exchange: Exchange) -> float:
        """Return tokens per second; 0 for at once."""
        config = self.state.config
        if config.speed and exchange.model and exchange.lease:
            return exchange.model.tokens_per_second * exchange.lease.machine.speed * config.speed
        return config.tokens_per_second

    def _check(self, exchange: Exchange) -> None:
        check_origin(self.state, exchange.path, exchange.headers)
        let_in(exchange, self.endpoint)
        self.record.key_id = exchange.caller.id if exchange.caller else None
        if self.endpoint.takes == "json":
            intake.check_type(exchange.headers, self.endpoint)
            if exchange.parsed is None:
                exchange.parsed = intake.parse_json(exchange.raw)


def _persona(model: str) -> tuple[Fault, ...]:
    name = model.removeprefix(PERSONA_PREFIX)
    return () if name == "plain" else parse(name)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Answers what no endpoint takes: a path that is not there (404), a wrong method (405)."""

    state: State
    refusal: Refusal = field(default_factory=lambda: of_status(404))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the request down and refuse it."""
        if scope["type"] == "websocket":
            await _refuse_socket(self.refusal, scope, send)
            return
        request = Request(scope, receive)
        record = recorded(request)
        record.status, record.finished = self.refusal.status, True
        if not record.path.startswith("/admin"):
            self.state.journal.add(record)
        await _refuse(in_dialect(self.refusal, self._faults(request)), send)

    def _faults(self, request: Request) -> Faults:
        try:
            return Faults(self.state.always + asked_by_header(request.headers))
        except Refusal:
            return Faults(self.state.always)


async def _refuse_socket(refused: Refusal, scope: Scope, send: Send) -> None:
    """Refuse an upgrade: 404 where the server can say so, a close (403) where not."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1000})
        return
    kind = [(b"content-type", b"application/json")]
    start = {"type": "websocket.http.response.start", "status": refused.status, "headers": kind}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": dumps(refused.body)})


async def _refuse(refused: Refusal, send: Send) -> None:
    """Send a refusal that no passage made."""
    plan = plans.of_refusal(refused, Faults(), {})
    headers = [(k.encode(), v.encode()) for k, v in plan.headers.items()]
    headers.append((b"content-length", str(plan.length).encode()))
    await send({"type": "http.response.start", "status": plan.status, "headers": headers})
    await send({"type": "http.response.body", "body": plan.pieces[0].data})

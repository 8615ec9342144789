"""The passage of one request: intake, faults, limits, answer, accounting."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope

from llmaas_sandbox.auth.rules import is_admin
from llmaas_sandbox.catalog import PERSONA_PREFIX
from llmaas_sandbox.errors import Refusal, of_status
from llmaas_sandbox.faults.chance import TEST_HEADER
from llmaas_sandbox.faults.parse import NO_FAULTS, Fault, Faults, asked_by_header, parse
from llmaas_sandbox.faults.refuse import Page, refusal
from llmaas_sandbox.faults.wire import Plan, slow_list
from llmaas_sandbox.forward.relay import metered, relay, replayed, without_usage
from llmaas_sandbox.gateway import intake, plans
from llmaas_sandbox.gateway.access import Ledger, headers_for, identify, let_in
from llmaas_sandbox.gateway.delivery import Delivery
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Handler, Reply
from llmaas_sandbox.gateway.journal import Recorded
from llmaas_sandbox.gateway.origins import check_origin
from llmaas_sandbox.gateway.scripts import Step
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.gateway.used import NOTHING, Used

_log = logging.getLogger("llmaas_sandbox")
STRANGERS_BYTES = 1_000_000
"""The largest body that is read from a client without a key."""


class Passage:
    """The passage of one request through the gate."""

    def __init__(
        self, state: State, endpoint: Endpoint, record: Recorded, received: dict[str, str]
    ) -> None:
        self.state, self.endpoint, self.record = state, endpoint, record
        self.received = received
        self.headers = {"x-request-id": record.request_id}
        self.ledger = Ledger(endpoint, record)
        self.exchange: Exchange | None = None
        self.faults = NO_FAULTS

    async def run(self, scope: Scope, receive: Receive, delivery: Delivery) -> None:
        """Answer, move to another machine if the first one dies, and settle."""
        try:
            plan = await self._attempt(scope, receive)
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
        await self.state.store.written()
        self.record.status = plan.status
        lease = self.exchange.lease if self.exchange else None
        return await delivery.run(plan, lease.machine if lease else None)

    async def _attempt(self, scope: Scope, receive: Receive) -> Plan | None:
        """Make a plan; None stands for raw bytes."""
        try:
            self.exchange = await self._take_in(scope, receive)
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
        self.ledger.settle(self.exchange, refused.status, NOTHING, batch=False)
        try:
            return plans.of_refusal(refused, self.faults, self.headers)
        except Refusal as wrong:  # a fault that cannot be read spoils nothing
            return plans.of_refusal(wrong, Faults(), self.headers)

    async def _take_in(self, scope: Scope, receive: Receive) -> Exchange:
        headers, state = self.received, self.state
        exchange = self.exchange = Exchange(
            state=state,
            method=self.record.method,
            path=self.record.path,
            query=_query(self.record.query),
            headers=headers,
            path_params=scope.get("path_params") or {},
            request_id=self.record.request_id,
        )
        if self.endpoint.open_to != "everyone":
            identify(exchange)
        known = self._is_known(exchange)
        limit = state.config.max_body_bytes
        raw = await intake.read_body(
            headers, receive, limit if known else min(limit, STRANGERS_BYTES)
        )
        exchange.raw, exchange.parsed = raw, self._lenient_json(raw)
        if known:
            state.journal.keep(self.record, raw)
        if state.scripts and exchange.path.startswith(("/v1", "/v2")):
            exchange.step = state.scripts.take(exchange.path)
        self.faults = exchange.faults = self._faults(exchange)
        self.record.faults = tuple(f.text for f in self.faults)
        exact = exchange.step is not None and plans.is_exact(exchange.step)
        if self.endpoint.takes == "form" and not exact:
            intake.check_type(headers, self.endpoint)
            exchange.form = await intake.parse_form(scope, raw)
        return exchange

    def _is_known(self, exchange: Exchange) -> bool:
        """Tell whether a request's body is worth keeping: it carries a key, or needs none."""
        if self.endpoint.open_to == "everyone" or exchange.caller is not None:
            return True
        return is_admin(exchange.headers, self.state.config.admin_key)

    def _lenient_json(self, raw: bytes) -> Any:
        if self.endpoint.takes == "form" or not raw:
            return None
        try:
            return intake.parse_json(raw)
        except Refusal:
            return None

    def _faults(self, exchange: Exchange) -> Faults:
        if self.endpoint.path.startswith("/admin"):
            return NO_FAULTS
        chosen: tuple[Fault, ...] = self.state.always
        body, step = exchange.parsed, exchange.step
        model = body.get("model") if isinstance(body, dict) else None
        if isinstance(model, str) and model.startswith(PERSONA_PREFIX):
            chosen += _persona(model)
        chosen += asked_by_header(exchange.headers)
        chosen += parse(str(step.get("fault") or "")) if step else ()
        if not chosen:
            return NO_FAULTS
        test = exchange.headers.get(TEST_HEADER, "")
        return self.state.still_due(chosen, blake2b(exchange.raw, digest_size=8).hexdigest(), test)

    async def _plan(self, exchange: Exchange) -> Plan:
        if plans.is_exact(self._step):
            plan = plans.of_step(self._step, self.faults, self.headers)
            self.ledger.settle(exchange, plan.status, NOTHING, batch=False)
            return plan
        refused = refusal(self.faults, exchange.parsed, self.state.clock.now())
        if refused is not None:
            return self._refuse(refused)
        self._check(exchange)
        reply = self._handler(exchange)
        if not isinstance(reply, Reply):
            reply = await reply
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
            self.state.store.flush()

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


def _query(text: str) -> Mapping[str, str]:
    return dict(QueryParams(text)) if text else {}

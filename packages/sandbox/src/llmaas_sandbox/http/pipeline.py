"""Request pipeline: parsing, faults, limits, handler, accounting, delivery."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from hashlib import blake2b

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope

from llmaas_sandbox.auth.permissions import is_admin
from llmaas_sandbox.catalog import TEST_MODEL_PREFIX
from llmaas_sandbox.errors import Refusal, status_error
from llmaas_sandbox.faults.connection import ResponsePlan, slow_list
from llmaas_sandbox.faults.parse import NO_FAULTS, Fault, Faults, parse_fault_header, parse_faults
from llmaas_sandbox.faults.randomness import TEST_HEADER
from llmaas_sandbox.faults.refusals import ErrorPage, find_refusal
from llmaas_sandbox.http import parsing, response_plan
from llmaas_sandbox.http.accounting import (
    RequestAccounting,
    authorize,
    build_headers,
    identify_caller,
)
from llmaas_sandbox.http.delivery import Delivery
from llmaas_sandbox.http.exchange import Endpoint, Exchange, Handler
from llmaas_sandbox.http.origins import check_origin
from llmaas_sandbox.http.upstream import forward_request, meter_stream, replay_request, strip_usage
from llmaas_sandbox.measured.responses import shape_refusal
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.request_log import RequestRecord
from llmaas_sandbox.scripted_responses import Step
from llmaas_sandbox.state import State
from llmaas_sandbox.usage import NO_USAGE, Usage

_log = logging.getLogger("llmaas_sandbox")
MAX_ANONYMOUS_BYTES = 1_000_000
"""The largest body that is read from a client without a key."""


class RequestPipeline:
    """Processes one request from its body to its delivered response."""

    def __init__(
        self, state: State, endpoint: Endpoint, record: RequestRecord, received: dict[str, str]
    ) -> None:
        self.state, self.endpoint, self.record = state, endpoint, record
        self.received = received
        self.headers = {"x-request-id": record.request_id}
        self.accounting = RequestAccounting(endpoint, record)
        self.exchange: Exchange | None = None
        self.faults = NO_FAULTS

    async def run(self, scope: Scope, receive: Receive, delivery: Delivery) -> None:
        """Respond, retry on another machine if the first one dies, and account for the request."""
        try:
            plan = await self._attempt(scope, receive)
            while plan is not None and not await self._deliver(plan, delivery):
                plan = await self._retry_elsewhere()
            if plan is None:
                await delivery.raw(self._step["raw"])
        finally:
            if self.exchange is not None:
                self.exchange.release()
            self.accounting.finish(self.exchange, delivery.first_byte)

    async def _deliver(self, plan: ResponsePlan, delivery: Delivery) -> bool:
        """Send a plan; return False if its machine died before the first byte."""
        await self.state.store.written()
        self.record.status = plan.status
        lease = self.exchange.lease if self.exchange else None
        return await delivery.run(plan, lease.machine if lease else None)

    async def _attempt(self, scope: Scope, receive: Receive) -> ResponsePlan | None:
        """Plan the response; None stands for scripted raw bytes."""
        try:
            self.exchange = await self._receive(scope, receive)
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
            return self._refuse(status_error(500))

    async def _retry_elsewhere(self) -> ResponsePlan:
        """Plan the response again, on another machine."""
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

    def _refuse(self, refused: Refusal | ErrorPage) -> ResponsePlan:
        if self.state.facts is not None and isinstance(refused, Refusal):
            refused = shape_refusal(refused, self.state.facts)
        self.accounting.settle(self.exchange, refused.status, NO_USAGE, batch=False)
        try:
            return response_plan.plan_refusal(refused, self.faults, self.headers)
        except Refusal as wrong:  # a fault that cannot be read spoils nothing
            return response_plan.plan_refusal(wrong, Faults(), self.headers)

    async def _receive(self, scope: Scope, receive: Receive) -> Exchange:
        """Identify the caller, then read the body; unknown callers may send only a small one."""
        headers, state = self.received, self.state
        exchange = self.exchange = Exchange(
            state=state,
            method=self.record.method,
            path=self.record.path,
            query=_parse_query(self.record.query),
            headers=headers,
            path_params=scope.get("path_params") or {},
            request_id=self.record.request_id,
        )
        if self.endpoint.open_to != "everyone":
            identify_caller(exchange)
        known = self._keeps_body(exchange)
        limit = state.config.max_body_bytes
        raw = await parsing.read_body(
            headers, receive, limit if known else min(limit, MAX_ANONYMOUS_BYTES)
        )
        exchange.raw, exchange.parsed = raw, self._parse_json(raw)
        if known:
            state.request_log.keep(self.record, raw)
        if state.scripted_responses and exchange.path.startswith(("/v1", "/v2")):
            exchange.step = state.scripted_responses.take(exchange.path)
        self.faults = exchange.faults = self._select_faults(exchange)
        self.record.faults = tuple(f.text for f in self.faults)
        exact = exchange.step is not None and response_plan.is_exact_response(exchange.step)
        if self.endpoint.takes == "form" and not exact:
            parsing.check_type(headers, self.endpoint)
            exchange.form = await parsing.parse_form(scope, raw)
        return exchange

    def _keeps_body(self, exchange: Exchange) -> bool:
        """Whether the body is logged: the request carries a key, or needs none."""
        if self.endpoint.open_to == "everyone" or exchange.caller is not None:
            return True
        return is_admin(exchange.headers, self.state.config.admin_key)

    def _parse_json(self, raw: bytes) -> object:
        if self.endpoint.takes == "form" or not raw:
            return None
        try:
            return parsing.parse_json(raw)
        except Refusal:
            return None

    def _select_faults(self, exchange: Exchange) -> Faults:
        """Select the faults of a request.

        They come from the server's options, the profile, a test model's name, the request's header
        and the scripted step, in this order.
        """
        if self.endpoint.path.startswith("/admin"):
            return NO_FAULTS
        chosen: tuple[Fault, ...] = self.state.default_faults
        body, step = exchange.parsed, exchange.step
        model = body.get("model") if isinstance(body, dict) else None
        if self.state.profile is not None:
            chosen = self.state.profile.find_faults(model) + chosen
        if isinstance(model, str) and model.startswith(TEST_MODEL_PREFIX):
            chosen += _test_model_faults(model)
        chosen += parse_fault_header(exchange.headers)
        chosen += parse_faults(str(step.get("fault") or "")) if step else ()
        if not chosen:
            return NO_FAULTS
        test = exchange.headers.get(TEST_HEADER, "")
        return self.state.select_faults(
            chosen, blake2b(exchange.raw, digest_size=8).hexdigest(), test
        )

    async def _plan(self, exchange: Exchange) -> ResponsePlan:
        """Plan the response: a scripted one, a refusal, or what the endpoint's handler returns."""
        if response_plan.is_exact_response(self._step):
            plan = response_plan.plan_step(self._step, self.faults, self.headers)
            self.accounting.settle(exchange, plan.status, NO_USAGE, batch=False)
            return plan
        refused = find_refusal(self.faults, exchange.parsed, self.state.clock.now())
        if refused is not None:
            return self._refuse(refused)
        self._check(exchange)
        reply = self._handler(exchange)
        if not isinstance(reply, Reply):
            reply = await reply
        if reply.source is not None:
            return self._plan_stream(exchange, reply, reply.source)
        self.accounting.settle(exchange, reply.status, reply.usage, reply.batch)
        headers = {**self.headers, **build_headers(exchange, self.endpoint)}
        return response_plan.plan_reply(
            reply, self.faults, headers, self._tokens_per_second(exchange)
        )

    @property
    def _handler(self) -> Handler:
        """Handler of the endpoint, or of the upstream engine and its recorded exchanges."""
        config, own = self.state.config, self.endpoint.handler
        if not (self.endpoint.metered or self.endpoint.path == "/v1/models"):
            return own
        live = forward_request if config.upstream else own
        return partial(replay_request, otherwise=live) if config.replay else live

    def _plan_stream(
        self, exchange: Exchange, reply: Reply, source: AsyncIterator[bytes]
    ) -> ResponsePlan:
        """Plan an upstream stream, which is accounted for when it ends."""

        def settle(usage: Usage) -> None:
            self.accounting.settle(exchange, reply.status, usage, batch=False)
            self.state.store.flush()

        headers = {**self.headers, **build_headers(exchange, self.endpoint)}
        headers |= {"content-type": reply.content_type, "cache-control": "no-cache"}
        counted = meter_stream(source, settle)
        shown = strip_usage(counted) if reply.hides_usage else counted
        return ResponsePlan(reply.status, headers, [], source=shown)

    def _tokens_per_second(self, exchange: Exchange) -> float:
        """Return the speed in tokens per second; 0 is unlimited."""
        config = self.state.config
        if config.speed and exchange.model and exchange.lease:
            return exchange.model.tokens_per_second * exchange.lease.machine.speed * config.speed
        return config.tokens_per_second

    def _check(self, exchange: Exchange) -> None:
        check_origin(self.state, exchange.path, exchange.headers)
        authorize(exchange, self.endpoint)
        self.record.key_id = exchange.caller.id if exchange.caller else None
        if self.endpoint.takes == "json":
            parsing.check_type(exchange.headers, self.endpoint)
            if exchange.parsed is None:
                exchange.parsed = parsing.parse_json(exchange.raw)


def _test_model_faults(model: str) -> tuple[Fault, ...]:
    name = model.removeprefix(TEST_MODEL_PREFIX)
    return () if name == "plain" else parse_faults(name)


def _parse_query(text: str) -> Mapping[str, str]:
    return dict(QueryParams(text)) if text else {}

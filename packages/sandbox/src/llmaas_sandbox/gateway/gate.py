"""The gate: every request passes here, whatever it asks for."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from llmaas_sandbox.catalogue import PERSONA_PREFIX
from llmaas_sandbox.errors import Refusal, bad_key, of_status
from llmaas_sandbox.faults.parse import Fault, Faults, parse
from llmaas_sandbox.faults.refuse import Page, refusal
from llmaas_sandbox.faults.wire import Plan
from llmaas_sandbox.gateway import intake, plans
from llmaas_sandbox.gateway.delivery import Delivery
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply
from llmaas_sandbox.gateway.journal import Recorded, masked
from llmaas_sandbox.gateway.scripts import Step
from llmaas_sandbox.gateway.state import State

_log = logging.getLogger("llmaas_sandbox")
FAULT_HEADER = "x-sandbox-fault"


class Gate:
    """An ASGI endpoint: intake, script, faults, key, answer, delivery."""

    def __init__(self, state: State, endpoint: Endpoint) -> None:
        self.state = state
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        record = self._record(request)
        delivery = Delivery(self.state, record, scope, receive, send)
        if self.state.connections.is_doomed(delivery.transport):
            await delivery.raw(b"")
            return
        self.state.journal.add(record)
        try:
            await self._answer(request, record, delivery)
        finally:
            record.finished = True

    def _record(self, request: Request) -> Recorded:
        headers = dict(request.headers)
        return Recorded(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=masked(headers),
            body=b"",
            request_id=headers.get("x-request-id") or f"req-{os.urandom(8).hex()}",
        )

    async def _answer(self, request: Request, record: Recorded, delivery: Delivery) -> None:
        faults = Faults()
        headers = {"x-request-id": record.request_id}
        try:
            exchange = await self._take_in(request, record)
            step = exchange.step
            if step is not None and "raw" in step:
                await delivery.raw(step["raw"])
                return
            faults = exchange.faults
            plan = await self._plan(exchange, headers)
            plan.before += float(step.get("delay") or 0) if step else 0.0
        except Refusal as refused:
            plan = plans.of_refusal(refused, faults, headers)
        except Exception:
            _log.exception("the sandbox failed on %s %s", record.method, record.path)
            plan = plans.of_refusal(of_status(500), Faults(), headers)
        record.status = plan.status
        await delivery.run(plan)

    async def _take_in(self, request: Request, record: Recorded) -> Exchange:
        raw = await intake.read_body(request, self.state.config.max_body_bytes)
        record.body = raw
        parsed = self._lenient_json(raw)
        record.json = parsed
        step = self.state.scripts.take(request.url.path)
        faults = self._faults(request.headers, parsed, step, raw)
        record.faults = tuple(f.text for f in faults)
        exchange = Exchange(
            state=self.state,
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            headers=dict(request.headers),
            raw=raw,
            path_params=request.path_params,
            key=_bearer(request.headers),
            faults=faults,
            step=step,
            parsed=parsed,
            request_id=record.request_id,
        )
        exact = step is not None and plans.is_exact(step)
        if self.endpoint.takes == "form" and not exact:
            exchange.form = await self._form(request, raw)
        return exchange

    def _lenient_json(self, raw: bytes) -> Any:
        if self.endpoint.takes != "json" or not raw:
            return None
        try:
            return intake.parse_json(raw)
        except Refusal:
            return None

    async def _form(self, request: Request, raw: bytes) -> Mapping[str, Any]:
        intake.check_type(request.headers, self.endpoint)

        async def replay() -> Mapping[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        return await intake.parse_form(Request(request.scope, replay))  # type: ignore[arg-type]

    def _faults(
        self, headers: Mapping[str, str], parsed: Any, step: Step | None, raw: bytes
    ) -> Faults:
        chosen: tuple[Fault, ...] = self.state.always
        model = parsed.get("model") if isinstance(parsed, dict) else None
        if isinstance(model, str) and model.startswith(PERSONA_PREFIX):
            chosen += _persona(model)
        chosen += parse(headers.get(FAULT_HEADER, ""))
        chosen += parse(str(step.get("fault") or "")) if step else ()
        return self.state.still_due(chosen, blake2b(raw, digest_size=8).hexdigest())

    async def _plan(self, exchange: Exchange, headers: Mapping[str, str]) -> Plan:
        step, faults = exchange.step, exchange.faults
        if step is not None and plans.is_exact(step):
            return plans.of_step(step, faults, headers)
        refused: Refusal | Page | None = refusal(faults, exchange.parsed, self.state.clock.now())
        if refused is not None:
            return plans.of_refusal(refused, faults, headers)
        self._check(exchange)
        reply = self.endpoint.handler(exchange)
        if inspect.isawaitable(reply):
            reply = await reply
        assert isinstance(reply, Reply)
        return plans.of_reply(reply, faults, headers, self.state.config.tokens_per_second)

    def _check(self, exchange: Exchange) -> None:
        if not self.endpoint.public and exchange.key not in self.state.config.api_keys:
            raise bad_key()
        if self.endpoint.takes == "json":
            intake.check_type(exchange.headers, self.endpoint)
            if exchange.parsed is None:
                exchange.parsed = intake.parse_json(exchange.raw)


def _persona(model: str) -> tuple[Fault, ...]:
    name = model.removeprefix(PERSONA_PREFIX)
    return () if name == "plain" else parse(name)


def _bearer(headers: Mapping[str, str]) -> str | None:
    kind, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" and key.strip() else None


async def no_such_path(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a path that the service does not have (404)."""
    refused = of_status(404)
    plan = plans.of_refusal(refused, Faults(), {})
    await send(
        {
            "type": "http.response.start",
            "status": 404,
            "headers": [(b"content-type", b"application/json")],
        }
    )
    await send({"type": "http.response.body", "body": plan.pieces[0].data})

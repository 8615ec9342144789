"""ASGI handlers: one per endpoint, and one for requests that match no endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from llmaas_sandbox.engines.refusals import to_engine_error
from llmaas_sandbox.errors import Refusal, status_error
from llmaas_sandbox.faults.framing import dumps
from llmaas_sandbox.faults.parse import Faults, parse_fault_header
from llmaas_sandbox.http import response_plan
from llmaas_sandbox.http.delivery import Delivery
from llmaas_sandbox.http.exchange import Endpoint
from llmaas_sandbox.http.pipeline import RequestPipeline
from llmaas_sandbox.request_log import start_record
from llmaas_sandbox.state import State


class EndpointHandler:
    """ASGI handler that runs the request pipeline for one endpoint."""

    def __init__(self, state: State, endpoint: Endpoint) -> None:
        self.state = state
        self.endpoint = endpoint
        self.is_admins = endpoint.path.startswith("/admin")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        record, headers = start_record(scope)
        delivery = Delivery(self.state, record, scope, receive, send)
        if self.state.connections.is_dropped(delivery.transport):
            await delivery.raw(b"")
            return
        if not self.is_admins:
            self.state.request_log.add(record)
        try:
            await RequestPipeline(self.state, self.endpoint, record, headers).run(
                scope, receive, delivery
            )
        finally:
            record.finished = True


@dataclass(frozen=True, slots=True)
class NotFoundHandler:
    """ASGI handler for unknown paths (404) and methods (405)."""

    state: State
    refusal: Refusal = field(default_factory=lambda: status_error(404))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Log the request and reject it."""
        if scope["type"] == "websocket":
            await _refuse_socket(self.refusal, scope, send)
            return
        record, headers = start_record(scope)
        record.status, record.finished = self.refusal.status, True
        if not record.path.startswith("/admin"):
            self.state.request_log.add(record)
        await _refuse(to_engine_error(self.refusal, self._faults(headers)), send)

    def _faults(self, headers: Mapping[str, str]) -> Faults:
        try:
            return Faults(self.state.default_faults + parse_fault_header(headers))
        except Refusal:
            return Faults(self.state.default_faults)


async def _refuse_socket(refused: Refusal, scope: Scope, send: Send) -> None:
    """Reject a WebSocket upgrade: 404 if the server supports it, otherwise a close (403)."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1000})
        return
    kind = [(b"content-type", b"application/json")]
    start = {"type": "websocket.http.response.start", "status": refused.status, "headers": kind}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": dumps(refused.body)})


async def _refuse(refused: Refusal, send: Send) -> None:
    """Send a refusal outside of the pipeline."""
    plan = response_plan.plan_refusal(refused, Faults(), {})
    headers = [(k.encode(), v.encode()) for k, v in plan.headers.items()]
    headers.append((b"content-length", str(plan.length).encode()))
    await send({"type": "http.response.start", "status": plan.status, "headers": headers})
    await send({"type": "http.response.body", "body": plan.pieces[0].data})

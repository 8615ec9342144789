"""Answers to requests that no endpoint takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from llmaas_sandbox.engines.refusals import in_dialect
from llmaas_sandbox.errors import Refusal, of_status
from llmaas_sandbox.faults.frames import dumps
from llmaas_sandbox.faults.parse import Faults, asked_by_header
from llmaas_sandbox.gateway import plans
from llmaas_sandbox.gateway.journal import recorded
from llmaas_sandbox.gateway.state import State


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
        record, headers = recorded(scope)
        record.status, record.finished = self.refusal.status, True
        if not record.path.startswith("/admin"):
            self.state.journal.add(record)
        await _refuse(in_dialect(self.refusal, self._faults(headers)), send)

    def _faults(self, headers: Mapping[str, str]) -> Faults:
        try:
            return Faults(self.state.always + asked_by_header(headers))
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

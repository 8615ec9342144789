"""The gate: every request passes here, whatever it asks for."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from llmaas_sandbox.gateway.delivery import Delivery
from llmaas_sandbox.gateway.exchange import Endpoint
from llmaas_sandbox.gateway.journal import recorded
from llmaas_sandbox.gateway.passage import Passage
from llmaas_sandbox.gateway.state import State


class Gate:
    """An ASGI endpoint: intake, script, faults, key, answer, delivery."""

    def __init__(self, state: State, endpoint: Endpoint) -> None:
        self.state = state
        self.endpoint = endpoint
        self.is_admins = endpoint.path.startswith("/admin")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        record, headers = recorded(scope)
        delivery = Delivery(self.state, record, scope, receive, send)
        if self.state.connections.is_doomed(delivery.transport):
            await delivery.raw(b"")
            return
        if not self.is_admins:
            self.state.journal.add(record)
        try:
            await Passage(self.state, self.endpoint, record, headers).run(scope, receive, delivery)
        finally:
            record.finished = True

"""The socket's path: upgrade, key, session."""

from __future__ import annotations

import os
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from llmaas_sandbox.auth.rules import bearer, names_of
from llmaas_sandbox.catalog import Model, live_models, resolve
from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.gateway.access import Ledger, let_in
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply
from llmaas_sandbox.gateway.journal import Recorded, masked
from llmaas_sandbox.gateway.origins import check_origin
from llmaas_sandbox.gateway.state import State
from llmaas_sandbox.gateway.used import Used
from llmaas_sandbox.realtime.session import Session

PATH = "/v1/realtime"
_ENDPOINT = Endpoint("GET", PATH, lambda _: Reply(), "nothing", metered=True)


@dataclass(frozen=True, slots=True)
class Realtime:
    """The route's endpoint for one sandbox."""

    state: State

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        socket = WebSocket(scope, receive, send)
        record = _recorded(socket)
        self.state.journal.add(record)
        exchange = _exchange(self.state, socket, record)
        ledger = Ledger(_ENDPOINT, record)
        try:
            await self._let_in(socket, exchange, record)
            session = await _converse(socket, exchange)
            exchange.model = _model(session)
            ledger.settle(exchange, 101, Used(seconds=session.seconds), batch=False)
        except Refusal as refused:
            ledger.settle(exchange, refused.status, Used(), batch=False)
        finally:
            self.state.store.flush()
            record.finished = True
            ledger.finish(exchange, None)

    async def _let_in(self, socket: WebSocket, exchange: Exchange, record: Recorded) -> None:
        record.status = 101
        try:
            check_origin(self.state, PATH, exchange.headers)
            let_in(exchange, _ENDPOINT)
            record.key_id = exchange.caller.id if exchange.caller else None
        except Refusal as refused:
            record.status = refused.status
            missing = bearer(exchange.headers) is None
            body = {"error": "Token manquant"} if missing else refused.body
            denial = JSONResponse(body, refused.status)
            del denial.headers["content-length"]  # older servers would send it twice
            await socket.send_denial_response(denial)
            raise


async def _converse(socket: WebSocket, exchange: Exchange) -> Session:
    caller = exchange.caller

    def permitted(name: str) -> bool:
        model = resolve(name)
        return caller is None or model is None or caller.may_use((name, *names_of(model)))

    session = Session(permitted)
    await socket.accept()
    await socket.send_json({"type": "session.created", "id": f"sess-{os.urandom(8).hex()}"})
    try:
        while (message := await socket.receive())["type"] == "websocket.receive":
            for answer in session.hear(message.get("text") or ""):  # none in a binary frame
                await socket.send_json(answer)
    except WebSocketDisconnect:
        pass
    return session


def _model(session: Session) -> Model | None:
    return next((m for m in live_models() if m.root == session.model), None)


def _recorded(socket: HTTPConnection) -> Recorded:
    headers = masked(dict(socket.headers))
    return Recorded("WS", PATH, socket.url.query, headers, b"", request_id=os.urandom(8).hex())


def _exchange(state: State, socket: HTTPConnection, record: Recorded) -> Exchange:
    exchange = Exchange(
        state=state,
        method="WS",
        path=PATH,
        query=dict(socket.query_params),
        headers=socket.headers,
        raw=b"",
        path_params={},
        request_id=record.request_id,
    )
    secret = bearer(socket.headers)
    exchange.caller = state.keys.find(secret) if secret else None
    return exchange


def routes(state: State) -> list[WebSocketRoute]:
    """Return the socket's route."""
    return [WebSocketRoute(PATH, Realtime(state))]

"""WebSocket endpoint for realtime transcription."""

from __future__ import annotations

import os
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from llmaas_sandbox.auth.permissions import model_names, parse_bearer
from llmaas_sandbox.catalog import Model, live_models, resolve
from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.http.accounting import RequestAccounting, authorize
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.http.origins import check_origin
from llmaas_sandbox.realtime.session import Session
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.request_log import RequestRecord, mask_headers
from llmaas_sandbox.state import State
from llmaas_sandbox.usage import Usage

PATH = "/v1/realtime"
_ENDPOINT = Endpoint("GET", PATH, lambda _: Reply(), "nothing", metered=True)


@dataclass(frozen=True, slots=True)
class RealtimeEndpoint:
    """ASGI handler of the WebSocket for one sandbox."""

    state: State

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket connection."""
        socket = WebSocket(scope, receive, send)
        record = _start_record(socket)
        self.state.request_log.add(record)
        exchange = _build_exchange(self.state, socket, record)
        accounting = RequestAccounting(_ENDPOINT, record)
        try:
            await self._authorize(socket, exchange, record)
            session = await _converse(socket, exchange)
            exchange.model = _find_model(session)
            accounting.settle(exchange, 101, Usage(seconds=session.seconds), batch=False)
        except Refusal as refused:
            accounting.settle(exchange, refused.status, Usage(), batch=False)
        finally:
            self.state.store.flush()
            record.finished = True
            accounting.finish(exchange, None)

    async def _authorize(
        self, socket: WebSocket, exchange: Exchange, record: RequestRecord
    ) -> None:
        record.status = 101
        try:
            check_origin(self.state, PATH, exchange.headers)
            authorize(exchange, _ENDPOINT)
            record.key_id = exchange.caller.id if exchange.caller else None
        except Refusal as refused:
            record.status = refused.status
            missing = parse_bearer(exchange.headers) is None
            body = {"error": "Token manquant"} if missing else refused.body
            denial = JSONResponse(body, refused.status)
            del denial.headers["content-length"]  # older servers would send it twice
            await socket.send_denial_response(denial)
            raise


async def _converse(socket: WebSocket, exchange: Exchange) -> Session:
    caller = exchange.caller

    def permitted(name: str) -> bool:
        model = resolve(name)
        return caller is None or model is None or caller.may_use((name, *model_names(model)))

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


def _find_model(session: Session) -> Model | None:
    return next((m for m in live_models() if m.root == session.model), None)


def _start_record(socket: HTTPConnection) -> RequestRecord:
    headers = mask_headers(dict(socket.headers))
    return RequestRecord("WS", PATH, socket.url.query, headers, b"", request_id=os.urandom(8).hex())


def _build_exchange(state: State, socket: HTTPConnection, record: RequestRecord) -> Exchange:
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
    secret = parse_bearer(socket.headers)
    exchange.caller = state.keys.find(secret) if secret else None
    return exchange


def build_routes(state: State) -> list[WebSocketRoute]:
    """Build the WebSocket route."""
    return [WebSocketRoute(PATH, RealtimeEndpoint(state))]

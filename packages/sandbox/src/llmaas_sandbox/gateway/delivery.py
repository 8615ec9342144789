"""Sending a plan over the socket, well or badly, and noticing a client that leaves."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope, Send

from llmaas_sandbox.faults.wire import Piece, Plan
from llmaas_sandbox.gateway.connections import reset
from llmaas_sandbox.gateway.journal import Recorded
from llmaas_sandbox.gateway.state import State

_ARRIVE = 0.02
"""Seconds that the last bytes get to arrive before the connection dies."""


class Delivery:
    """Sends one plan; a plain one goes straight to the server, a bad one to the socket."""

    def __init__(
        self, state: State, record: Recorded, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.record = record
        self.receive = receive
        self.send = send
        self.state = state
        self.transport = state.connections.of(scope)

    async def run(self, plan: Plan) -> None:
        """Send the plan, unless the client leaves first."""
        if plan.before or any(p.pause for p in plan.pieces):
            await self._watched(plan)
        else:
            await self._send(plan)
        gone = self.transport is not None and self.transport.is_closing()
        if gone and plan.ending in ("normal", "drop-next"):
            self.record.disconnected = True

    async def _watched(self, plan: Plan) -> None:
        """Send slowly; stop at once when the client hangs up."""
        sending = asyncio.ensure_future(self._send(plan))
        leaving = asyncio.ensure_future(self._left())
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            self.record.disconnected = True
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _left(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _send(self, plan: Plan) -> None:
        if plan.before:
            await asyncio.sleep(plan.before)
        if plan.chunked_by_hand:
            await self._by_hand(plan)
            return
        await self.send(
            {"type": "http.response.start", "status": plan.status, "headers": _headers(plan)}
        )
        for piece in plan.pieces:
            await self._write(piece)
        await self._end(plan)

    async def _write(self, piece: Piece) -> None:
        if piece.pause:
            await asyncio.sleep(piece.pause)
        await self.send({"type": "http.response.body", "body": piece.data, "more_body": True})

    async def _end(self, plan: Plan) -> None:
        if plan.ending in ("fin", "rst"):
            await self._break(plan.ending == "rst")
            return
        if plan.ending == "drop-next" and self.transport is not None:
            self.state.connections.doom(self.transport)
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _break(self, with_rst: bool) -> None:
        await asyncio.sleep(_ARRIVE)
        if self.transport is None:
            raise ConnectionResetError("the sandbox broke the connection")
        if with_rst:
            reset(self.transport)
        else:
            self.transport.close()
        await self._left()

    async def _by_hand(self, plan: Plan) -> None:
        """Write a chunked answer whose third chunk has no valid size."""
        if self.transport is None:
            raise ConnectionResetError("the sandbox broke the chunked encoding")
        lines = [f"HTTP/1.1 {plan.status} Sandbox", "transfer-encoding: chunked"]
        lines += [f"{k}: {v}" for k, v in plan.headers.items()]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        for piece in plan.pieces[:2]:
            self.transport.write(b"%x\r\n%s\r\n" % (len(piece.data), piece.data))
        self.transport.write(b"zzz\r\nnot a chunk\r\n")
        await self._break(with_rst=False)

    async def raw(self, data: bytes) -> None:
        """Write bytes to the socket as they are, then close it."""
        if self.transport is None:
            raise ConnectionResetError("raw bytes need a socket")
        self.transport.write(data)
        await self._break(with_rst=False)


def _headers(plan: Plan) -> list[tuple[bytes, bytes]]:
    headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in plan.headers.items()]
    if plan.length is not None:
        headers.append((b"content-length", str(plan.length).encode()))
    return headers

"""Delivery of a planned response, and detection of client disconnects."""

from __future__ import annotations

import asyncio
import time

from starlette.types import Receive, Scope, Send

from llmaas_sandbox.connections import reset
from llmaas_sandbox.errors import error
from llmaas_sandbox.faults.connection import Piece, ResponsePlan
from llmaas_sandbox.faults.framing import to_event
from llmaas_sandbox.machines.fleet import Machine
from llmaas_sandbox.request_log import RequestRecord
from llmaas_sandbox.state import State

_DEATH_CHECK = 0.05
_ARRIVE = 0.02
"""Seconds that the last bytes get to arrive before the connection dies."""


class Delivery:
    """Sends one planned response; connection faults write to the socket directly."""

    def __init__(
        self, state: State, record: RequestRecord, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.record, self.scope = record, scope
        self.receive = receive
        self.send = send
        self.state = state
        self.transport = state.connections.find(scope)
        self.first_byte: float | None = None
        """When the first byte was sent, by ``time.perf_counter``."""

    async def run(self, plan: ResponsePlan, machine: Machine | None = None) -> bool:
        """Send the plan until the client disconnects or the machine dies.

        Return False when the machine died before the first byte: another may take over.
        """
        if plan.plain is not None and self._sends_at_once(plan):
            await self._send_at_once(plan, plan.plain)
            return True
        plan.split()
        if plan.before or plan.source or any(p.pause for p in plan.pieces):
            if not await self._send_watched(plan, machine):
                return False
        else:
            await self._send(plan)
        gone = self.transport is not None and self.transport.is_closing()
        if gone and plan.ending in ("normal", "drop-next"):
            self.record.disconnected = True
        return True

    async def _send_watched(self, plan: ResponsePlan, machine: Machine | None) -> bool:
        """Send with pauses; stop as soon as the client disconnects or the machine dies."""
        sending = asyncio.ensure_future(self._send(plan))
        leaving = asyncio.ensure_future(self._client_left())
        dying = asyncio.ensure_future(_machine_died(machine))
        tasks = (sending, leaving, dying)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        left, died = leaving.done() and not sending.done(), dying.done() and not sending.done()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.record.disconnected = self.record.disconnected or left
        if died and not left and self.first_byte is not None:
            await self._fail_stream(plan)
        return not died or left or self.first_byte is not None

    async def _fail_stream(self, plan: ResponsePlan) -> None:
        """End a stream with an error event, any other response by closing the connection."""
        if plan.length is not None:
            await self._break(with_rst=False)
            return
        last = to_event(error("The backend stopped in mid-stream", "server_error"))
        await self.send({"type": "http.response.body", "body": last, "more_body": False})

    async def _client_left(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _send(self, plan: ResponsePlan) -> None:
        if plan.before:
            await asyncio.sleep(plan.before)
        self.first_byte = time.perf_counter()
        if plan.raw_chunked:
            await self._send_chunked_raw(plan)
            return
        await self.send(
            {"type": "http.response.start", "status": plan.status, "headers": _headers(plan)}
        )
        for piece in plan.pieces:
            await self._write(piece)
        if plan.source is not None:
            async for data in plan.source:
                await self._write(Piece(data))
        await self._end(plan)

    def _sends_at_once(self, plan: ResponsePlan) -> bool:
        """Whether one write can carry the response; its events are then framed here."""
        transport, scope = self.transport, self.scope
        if plan.before or transport is None or transport.is_closing():
            return False
        return bool(scope["http_version"] == "1.1" and scope["method"] != "HEAD")

    async def _send_at_once(self, plan: ResponsePlan, plain: list[bytes]) -> None:
        """Send a response with one write to the socket, one chunk per event."""
        transport = self.transport
        assert transport is not None
        self.first_byte = time.perf_counter()
        start = {"type": "http.response.start", "status": plan.status, "headers": _headers(plan)}
        transport.cork()
        try:
            await self.send(start)
            if plan.length is None:
                transport.write(b"".join([b"%x\r\n%b\r\n" % (len(d), d) for d in plain]))
                await self.send({"type": "http.response.body", "body": b""})
            else:
                await self.send({"type": "http.response.body", "body": plain[0]})
        finally:
            transport.uncork()

    async def _write(self, piece: Piece) -> None:
        if piece.pause:
            await asyncio.sleep(piece.pause)
        await self.send({"type": "http.response.body", "body": piece.data, "more_body": True})

    async def _end(self, plan: ResponsePlan) -> None:
        if plan.ending in ("fin", "rst"):
            await self._break(plan.ending == "rst")
            return
        if plan.ending == "drop-next" and self.transport is not None:
            self.state.connections.drop_next_request(self.transport)
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _break(self, with_rst: bool) -> None:
        await asyncio.sleep(_ARRIVE)
        if self.transport is None:
            raise ConnectionResetError("the sandbox broke the connection")
        if with_rst:
            reset(self.transport)
        else:
            self.transport.close()
        await self._client_left()

    async def _send_chunked_raw(self, plan: ResponsePlan) -> None:
        """Write a chunked response whose third chunk has an invalid size."""
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
        """Write raw bytes to the socket, then close it."""
        if self.transport is None:
            raise ConnectionResetError("raw bytes need a socket")
        self.transport.write(data)
        await self._break(with_rst=False)


async def _machine_died(machine: Machine | None) -> None:
    """Wait until the machine is dead; forever without a machine."""
    while machine is None or machine.health != "dead":  # noqa: ASYNC110 - any thread kills
        await asyncio.sleep(_DEATH_CHECK)


def _headers(plan: ResponsePlan) -> list[tuple[bytes, bytes]]:
    headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in plan.headers.items()]
    if plan.length is not None:
        headers.append((b"content-length", str(plan.length).encode()))
    return headers

"""Runner of operations in the calling thread."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from llmaas.ops.effects import (
    Close,
    Effect,
    Operation,
    Parallel,
    Read,
    ReadSome,
    Run,
    Send,
    Sleep,
    Wait,
)
from llmaas.ops.execution import Execution, drive
from llmaas.ops.outgoing import build_http_request, create_sync_transport
from llmaas.ops.parallel import run_together
from llmaas.ops.worker_threads import run_bounded
from llmaas.settings import Settings
from llmaas.transport.base import Reply, SyncTransport, TransportError

T = TypeVar("T")


class SyncRunner:
    """Runner of operations in the calling thread."""

    def __init__(self, settings: Settings, transport: SyncTransport | None) -> None:
        self._settings = settings
        self._transport = transport

    def close(self) -> None:
        """Release the connections."""
        if (close := getattr(self._transport, "close", None)) is not None:
            close()

    def run(self, operation: Operation[T]) -> T:
        """Run an operation and return its result; close its reply if it fails."""
        execution = Execution(operation)
        try:
            return drive(execution, self._perform)
        except BaseException:
            if execution.reply is not None:
                execution.reply.close()
            raise

    def _perform(self, effect: Effect) -> object:
        """Perform an effect; a broken connection is returned as its ``TransportFailure``."""
        try:
            match effect:
                case Send():
                    return self._send(effect)
                case Read(reply):
                    return reply.read()
                case ReadSome(chunks):
                    return next(chunks, b"")
                case Close(reply):
                    reply.close()
                case Sleep(seconds):
                    time.sleep(seconds)
                case Wait(wakeup, seconds):
                    wakeup.wait(seconds)
                case Run(function, None):
                    return function()
                case Run(function, deadline, undo, may_outlive):
                    return run_bounded(function, deadline, undo, may_outlive=may_outlive)
                case Parallel(operations, limit, must_end):
                    return self._run_parallel(operations, limit, must_end)
        except TransportError as broken:
            return broken.failure
        return None

    def _send(self, effect: Send) -> Reply:
        if self._transport is None:
            self._transport = create_sync_transport(self._settings)
        # No variable holds the key: tools print those of a traceback's frames.
        return self._transport.send(
            build_http_request(self._settings, effect, self._settings.key.get_sync())
        )

    def _run_parallel(
        self, operations: Sequence[Operation[T]], limit: int, must_end: bool
    ) -> list[T]:
        """Run at most ``limit`` operations at once; after a failure those in progress still end."""
        if not must_end and (len(operations) == 1 or limit == 1):
            return [self.run(operation) for operation in operations]
        # A key's callable may read context variables, and a context runs in one thread only.
        work = [partial(contextvars.copy_context().run, self.run, each) for each in operations]
        return run_together(work, limit)

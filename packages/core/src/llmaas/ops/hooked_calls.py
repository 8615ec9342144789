"""Operations wrapped in the hooks of their call."""

from __future__ import annotations

import atexit
import logging
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from llmaas._errors_base import LLMaaSError
from llmaas.hooks import REGISTRY, CallInfo, CallResult, Hook, StreamAbandoned
from llmaas.ops.effects import Operation
from llmaas.ops.execution import settle_now
from llmaas.ops.finalizer import FINALIZER
from llmaas.settings import Settings

T = TypeVar("T")


class HookedStream(Protocol):
    """An open stream, which ends its hooks itself."""

    hook_runner: HookRunner | None


StreamT = TypeVar("StreamT", bound=HookedStream)
_logger = logging.getLogger("llmaas")


class RunningCalls:
    """Hooked calls that have not ended.

    The end of the process ends those of daemon threads: they are recorded and settled, too.
    """

    def __init__(self) -> None:
        self._runners: set[HookRunner] = set()
        self.add, self.discard = self._runners.add, self._runners.discard
        atexit.register(self._end_all)

    def _end_all(self) -> None:
        while self._runners:
            with suppress(Exception):
                settle_now(self._runners.pop().run_after(None, StreamAbandoned()))


_RUNNING_CALLS = RunningCalls()


class HookRunner:
    """The hooks of one call, and the tickets that they returned."""

    def __init__(self, hooks: Sequence[Hook], call: CallInfo) -> None:
        self._hooks = hooks
        self._call = call
        self._tickets: list[tuple[Hook, Any]] = []
        self._process = os.getpid()
        self._start = time.monotonic()
        self.first_token: float | None = None

    def run_before(self) -> Operation[None]:
        """Run ``before_call`` of every hook.

        If one refuses, ``after_call`` of those before it receives ``sent=False``.
        """
        FINALIZER.start()
        try:
            for hook in self._hooks:
                self._tickets.append((hook, (yield from hook.before_call(self._call))))
        except BaseException as error:
            yield from self.run_after(None, error, sent=False)
            raise
        self._start = time.monotonic()
        _RUNNING_CALLS.add(self)

    def record_first_token(self) -> None:
        """Record the time of the first event."""
        self.first_token = time.monotonic() - self._start

    def run_after(
        self, value: object, error: BaseException | None, *, sent: bool = True
    ) -> Operation[None]:
        """Run ``after_call`` of every hook once, whichever thread ends the call first.

        Raises the ``LLMaaSError`` of a hook that withholds the answer, a guard for instance.
        """
        if self._process != os.getpid():  # copied by a fork: the parent ends the call
            return
        _RUNNING_CALLS.discard(self)
        value = _partial_result(error) if value is None else value
        result = CallResult(value, error, time.monotonic() - self._start, self.first_token, sent)
        refusal: BaseException | None = None
        while self._tickets:
            try:
                hook, ticket = self._tickets.pop()
            except IndexError:  # another thread was faster
                break
            try:
                yield from hook.after_call(ticket, result)
            except LLMaaSError as raised:  # the other hooks still count
                refusal = refusal or raised
            except Exception:  # a full disk must not cost the answer, which is paid for
                _logger.error("%s.after_call failed.", type(hook).__name__, exc_info=True)
            except BaseException as raised:  # cancelled: the other hooks still count
                refusal = raised
        if refusal is not None:
            raise refusal


def _partial_result(error: BaseException | None) -> object:
    """Return the part of an answer, or of the batches, that was received before an error."""
    return getattr(error, "completion", None) or getattr(error, "partial", None)


def with_hooks(call: CallInfo, operation: Operation[T]) -> Operation[T]:
    """Wrap an operation in the hooks of its call; return it unchanged without hooks."""
    hooks = REGISTRY.hooks_for(call.settings)
    return _run_with_hooks(HookRunner(hooks, call), operation) if hooks else operation


def part_hooks(settings: Settings) -> tuple[Hook, ...]:
    """Return the hooks that count each request of a call."""
    hooks = REGISTRY.hooks_for(settings)
    return tuple(hook for hook in hooks if getattr(hook, "counts_parts", False))


def with_part_hooks(call: CallInfo, operation: Operation[T]) -> Operation[T]:
    """Wrap one request of a call in the hooks that count each request: budgets."""
    hooks = part_hooks(call.settings)
    return _run_with_hooks(HookRunner(hooks, call), operation) if hooks else operation


def with_stream_hooks(call: CallInfo, operation: Operation[StreamT]) -> Operation[StreamT]:
    """Wrap a stream in the hooks of its call: it ends when the stream does, not when it opens."""
    hooks = REGISTRY.hooks_for(call.settings)
    return _open_with_hooks(HookRunner(hooks, call), operation) if hooks else operation


def _run_with_hooks(runner: HookRunner, operation: Operation[T]) -> Operation[T]:
    yield from runner.run_before()
    try:
        value = yield from operation
    except BaseException as error:
        yield from runner.run_after(None, error)
        raise
    yield from runner.run_after(value, None)
    return value


def _open_with_hooks(runner: HookRunner, operation: Operation[StreamT]) -> Operation[StreamT]:
    yield from runner.run_before()
    try:
        opened = yield from operation
    except BaseException as error:
        yield from runner.run_after(None, error)
        raise
    runner.record_first_token()
    opened.hook_runner = runner
    return opened

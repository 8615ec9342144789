"""Execution of one operation: the loop between its effects and their results."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from llmaas.ops.effects import Effect, Operation, Run, Send, Sleep, Wait
from llmaas.transport.base import AsyncReply, Reply
from llmaas.wire.failures import TransportFailure

T = TypeVar("T")


class Execution(Generic[T]):
    """An operation in progress. Every runner drives this one state machine.

    Results and errors wait here, not in variables of frames: they may echo a key, and tools print
    those variables.
    """

    __slots__ = ("_effect", "_operation", "_resume", "_value", "reply", "result")

    def __init__(self, operation: Operation[T]) -> None:
        self._operation = operation
        self._resume: Callable[[Any], Effect] = operation.send  # or throw, with an error
        self._value: object = None
        self._effect: Effect | None = None
        self.reply: Reply | AsyncReply | None = None
        """The last reply, to be closed if the operation fails."""
        self.result: T

    def next_effect(self) -> Effect | None:
        """Resume the operation up to its next effect; return None once ``result`` is set.

        Raises what the operation raises.
        """
        try:
            self._effect = self._resume(self._take_value())
        except StopIteration as end:
            self._effect, self.result = None, end.value
        return self._effect

    def deliver(self, value: Any) -> None:
        """Resume with the result of the last effect."""
        self._resume, self._value = self._operation.send, value
        if isinstance(self._effect, Send):
            self.reply = None if isinstance(value, TransportFailure) else value

    def throw(self, error: BaseException) -> None:
        """Resume with an error: the operation may have reservations to settle."""
        self._resume, self._value = self._operation.throw, error

    def _take_value(self) -> object:
        value, self._value = self._value, None
        return value


def drive(execution: Execution[T], perform: Callable[[Effect], object]) -> T:
    """Perform each effect in this thread; return the operation's result."""
    while (effect := execution.next_effect()) is not None:
        try:
            execution.deliver(perform(effect))
        except BaseException as error:
            execution.throw(error)
    return execution.result


def settle_now(operation: Operation[object], error: BaseException | None = None) -> None:
    """Let an operation settle in this thread, after ``error`` if given; nothing is sent."""
    execution = Execution(operation)
    if error is not None:
        execution.throw(error)
    try:
        drive(execution, _perform_locally)
    except BaseException as raised:
        if raised is not error:
            raise


def _perform_locally(effect: Effect) -> object:
    if isinstance(effect, Run):
        return effect.function()
    if isinstance(effect, Sleep | Wait):
        time.sleep(effect.seconds)
        return None
    raise RuntimeError("The call was abandoned: nothing more is sent for it.")

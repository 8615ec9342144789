"""What an operation may ask to be done."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from llmaas.ops.wakeup import Wakeup
from llmaas.settings import Timeout
from llmaas.wire.failures import TransportFailure

T = TypeVar("T")


@dataclass(slots=True)
class Send:
    """Send a request. Gives a reply (its body unread), or the ``TransportFailure``."""

    method: str
    path: str
    body: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: Timeout
    stream: bool = False
    deadline: float | None = None


@dataclass(slots=True)
class Read:
    """Read a reply's whole body. Gives bytes, or the ``TransportFailure``."""

    reply: Any


@dataclass(slots=True)
class ReadSome:
    """Read what is there of a streamed reply. Gives bytes, ``b""`` at its end, or the failure."""

    chunks: Any


@dataclass(frozen=True, slots=True)
class Close:
    """Close a reply that is not read further."""

    reply: Any


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until something is called for, but no longer than so many seconds."""

    call: Wakeup
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """Run a function that may block for a moment (a database); asyncio gives it a thread.

    Past ``deadline`` (on the clock of ``time.monotonic``) nobody waits for it: the operation
    meets ``DeadlineExceededError``, or goes on without a result where it ``may_outlive`` the
    call. With ``undo``, a cancelled task does not wait for it either. What nobody waited for
    runs to its end, and its result is given to ``undo``.
    """

    function: Callable[[], Any]
    deadline: float | None = None
    undo: Callable[[Any], None] | None = None
    may_outlive: bool = False


@dataclass(frozen=True, slots=True)
class Parallel:
    """Run operations, at most ``limit`` at once. Gives their results in order.

    With ``must_end``, Ctrl-C breaks off none that is under way, even a single one.
    """

    operations: list[Operation[Any]] = field(default_factory=list)
    limit: int = 4
    must_end: bool = False


Effect: TypeAlias = Send | Read | ReadSome | Close | Sleep | Wait | Run | Parallel
Operation: TypeAlias = Generator[Effect, Any, T]
Outcome: TypeAlias = bytes | TransportFailure

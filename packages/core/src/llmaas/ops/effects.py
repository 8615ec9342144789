"""Effects that operations yield to a runner, each with the result that it is given back.

They are neither compared nor hashed, and created for every call: not frozen, as a frozen instance
takes longer to create.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from llmaas.ops.wakeup import Wakeup
    from llmaas.settings import Timeout

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Send:
    """Send a request. Gives a reply (its body unread), or the ``TransportFailure``."""

    method: str
    path: str
    body: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: Timeout
    stream: bool = False
    deadline: float | None = None


@dataclass(slots=True, eq=False)
class Read:
    """Read a reply's whole body. Gives bytes, or the ``TransportFailure``."""

    reply: Any


@dataclass(slots=True, eq=False)
class ReadSome:
    """Read available bytes of a streamed reply. Gives bytes, ``b""`` at its end, or the failure."""

    chunks: Any


@dataclass(slots=True, eq=False)
class Close:
    """Close a reply that is not read further."""

    reply: Any


@dataclass(slots=True, eq=False)
class Sleep:
    """Wait for a number of seconds."""

    seconds: float


@dataclass(slots=True, eq=False)
class Wait:
    """Wait for a wake-up, at most for a number of seconds."""

    wakeup: Wakeup
    seconds: float


@dataclass(slots=True, eq=False)
class Run:
    """Run a function that may block (a database); under asyncio, in a thread.

    After ``deadline`` (on the clock of ``time.monotonic``) the operation no longer waits: it
    receives ``DeadlineExceededError``, or None if the function ``may_outlive`` the call. With
    ``undo``, a cancelled task does not wait either. A function that nobody waits for still
    finishes, and its result is passed to ``undo``.
    """

    function: Callable[[], Any]
    deadline: float | None = None
    undo: Callable[[Any], None] | None = None
    may_outlive: bool = False

    @property
    def must_end(self) -> bool:
        """Whether a cancelled task waits for the result."""
        return self.undo is None and not self.may_outlive


@dataclass(slots=True, eq=False)
class Parallel:
    """Run operations, at most ``limit`` at once. Gives their results in order.

    With ``must_end``, Ctrl-C interrupts no operation in progress, not even a single one.
    """

    operations: Sequence[Operation[object]] = field(default_factory=list)
    limit: int = 4
    must_end: bool = False


Effect: TypeAlias = Send | Read | ReadSome | Close | Sleep | Wait | Run | Parallel
Operation: TypeAlias = Generator[Effect, Any, T]

"""Base class of the benchmark's drivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

Message = Mapping[str, Any]


class Client:
    """One client under measurement. A driver overrides what its client can do.

    Frameworks are imported in ``__init__``, not at the top: a driver is read to be listed.
    Methods return what the benchmark checks, so that no wrong work is measured: texts are
    the whole answer, ``embed`` is the number of vectors.
    """

    name: ClassVar[str]
    peer: ClassVar[str | None] = None
    """The name of the client that this one is compared with."""
    floor: ClassVar[str | None] = None
    """The name of the framework's own row, which an adapter's figure contains."""
    distributions: ClassVar[Sequence[str]] = ()
    """Whose versions are printed."""
    imports: ClassVar[str] = ""
    """What a program writes to get the class: its time is measured in a fresh process."""
    goals: ClassVar[Mapping[str, float]] = {}
    """By work: how many times better than its peer it should be."""

    def __init__(self, base_url: str) -> None:
        """Connect to the stub."""

    def prepare(self, messages: Sequence[Message]) -> Any:
        """Convert a conversation to what the other methods take, outside the measured time.

        An agent keeps its conversation as the framework's messages and does not convert it at
        each step.
        """
        return messages

    def call(self, messages: Any, model: str) -> str:
        """Ask and return the text."""
        raise NotImplementedError

    async def acall(self, messages: Any, model: str) -> str:
        """Ask and return the text."""
        raise NotImplementedError

    def stream(self, messages: Any, model: str) -> str:
        """Stream and return the text, joined from the pieces."""
        raise NotImplementedError

    async def astream(self, messages: Any, model: str) -> str:
        """Stream and return the text, joined from the pieces."""
        raise NotImplementedError

    def embed(self, texts: Sequence[str], encoding: str) -> int:
        """Embed in one request and return the number of vectors."""
        raise NotImplementedError

    @classmethod
    def can(cls, method: str) -> bool:
        """Return whether the driver has overridden a method."""
        return getattr(cls, method) is not getattr(Client, method)

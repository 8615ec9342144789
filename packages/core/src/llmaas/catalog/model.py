"""Models of the catalog, and resolutions of requested names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from llmaas.catalog import clock


@dataclass(frozen=True, slots=True)
class Model:
    """Facts about a model; ``None`` means unknown.

    ``category`` is chat, code, vision, embedding, rerank, translation, safety, ocr, audio
    (realtime speech in), transcription (of files), speech (out) or image. ``phase`` is
    production, deprecated or undocumented (served, but in no documentation). ``live`` means that
    the service lists the model under its own ID; ``aliases`` are its other names.
    """

    id: str
    publisher: str | None = None
    parameters: str | None = None
    context_tokens: int | None = None
    category: str = "chat"
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    safety: bool | None = None
    tokens_per_second: float | None = None
    kwh_per_mtoken: float | None = None
    licence: str | None = None
    phase: str = "undocumented"
    released: date | None = None
    end_of_support: date | None = None
    lts: bool | None = None
    successor: str | None = None
    live: bool = False
    aliases: tuple[str, ...] = ()
    root: str | None = None
    live_context_tokens: int | None = None
    dimensions: int | None = None
    """Length of a vector of an embedding model."""
    shortens: bool | None = None
    """Whether an embedding model supports shorter vectors (``dimensions=``)."""

    @property
    def context(self) -> int | None:
        """Context window in tokens: as listed by the service, else as documented."""
        return self.live_context_tokens or self.context_tokens

    def supported_on(self, day: date) -> bool:
        """Whether the model is supported on ``day``; True if no end is announced."""
        return self.end_of_support is None or self.end_of_support >= day

    def days_of_support(self, on: date | None = None) -> int | None:
        """Count the days until support ends; negative afterwards, None if no end is announced.

        ``on`` defaults to today.
        """
        end = self.end_of_support
        return None if end is None else (end - (on or clock.today())).days


@dataclass(frozen=True, slots=True)
class Resolution:
    """Model that answers to a name; ``model`` is None for an unknown name.

    ``redirected_to`` is the ID of the serving model if the name is that of another model, and None
    if it is the serving model's ID or alias.
    """

    model: Model | None
    requested: str
    redirected_to: str | None = None

"""One model, and what became of a name that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from llmaas.catalog import clock


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of one model; ``None`` means that no source says.

    ``category`` is chat, code, vision, embedding, rerank, translation, safety, ocr, audio
    (realtime speech in), transcription (of files), speech (out) or image. ``phase`` is
    production, deprecated or undocumented (served, but in no documentation). ``live`` tells
    whether the service listed the model under its own id; ``aliases`` are its other names.
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
    """Numbers of a vector, for embedding models."""
    shortens: bool | None = None
    """Whether an embedding model was trained for shorter vectors (``dimensions=``)."""

    @property
    def context(self) -> int | None:
        """The context in tokens: what the service listed, else what is documented."""
        return self.live_context_tokens or self.context_tokens

    def supported_on(self, day: date) -> bool:
        """Tell whether no announced end of support lies before ``day``."""
        return self.end_of_support is None or self.end_of_support >= day

    def days_of_support(self, on: date | None = None) -> int | None:
        """Count the days until support ends; negative afterwards, None if no end is announced.

        ``on`` defaults to today.
        """
        end = self.end_of_support
        return None if end is None else (end - (on or clock.today())).days


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who answers to a name: ``model`` is None for an unknown one.

    ``redirected_to`` is the serving id when the name is that of another model, None when
    the name is the serving model's own or merely its second name.
    """

    model: Model | None
    requested: str
    redirected_to: str | None = None

"""Facts that a call needs about its model."""

from __future__ import annotations

from dataclasses import dataclass

from llmaas.catalog.model_facts import ModelProfile
from llmaas.wire.conversation.family import Family


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Facts about the model that answers to a name."""

    is_known: bool
    """Whether the catalog has the name, as an ID or as an alias."""
    sees: bool
    """Whether the model accepts images. Defaults to True."""
    window: int | None
    """Context window in tokens; None if unknown."""
    family: Family
    """Rules of its chat template."""
    may_reason: bool
    """Whether the model may reason. Defaults to True."""
    may_hold: bool
    """Whether its first text may be reasoning whose opening tag is in the prompt."""
    measured: ModelProfile | None = None
    """What the client's profile says about the model."""

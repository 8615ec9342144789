"""Facts of a client's profile where it has them, else those of the packaged catalog."""

from __future__ import annotations

from dataclasses import dataclass, replace

from llmaas.catalog import state
from llmaas.catalog.facts import find_measured
from llmaas.catalog.profile import Profile
from llmaas.catalog.reasoning import get_switch as get_family_switch
from llmaas.catalog.reasoning_switches import SWITCHES, ReasoningSwitch


def get_switch(model: str, profile: Profile | None = None) -> ReasoningSwitch:
    """Find the reasoning switch of a model."""
    own = get_family_switch(model)
    measured = find_measured(model, profile)
    if measured is None:
        return own
    efforts = {effort: {"reasoning_effort": effort} for effort in measured.reasoning_efforts}
    switch = own if measured.reasoning_switch is None else SWITCHES[measured.reasoning_switch]
    return replace(switch, levels={**own.levels, **efforts})


@dataclass(frozen=True, slots=True)
class VectorSizes:
    """Sizes of the vectors of an embedding model."""

    own: int | None
    """Size without ``dimensions``; None if unknown."""
    shortens: bool | None
    """Whether the model supports other sizes; None if unknown."""
    shorter: tuple[int, ...] = ()
    """The supported shorter sizes, where only some are."""

    def allow(self, requested: int) -> bool:
        """Tell whether vectors may have ``requested`` dimensions. Unknown models may have any."""
        if requested == self.own:
            return True
        if self.shortens is False or requested < 1:
            return False
        return (
            requested in self.shorter if self.shorter else self.own is None or requested < self.own
        )

    def __str__(self) -> str:
        sizes = self.shorter if self.own is None else (*self.shorter, self.own)
        if self.shortens is False or self.shorter:
            return ", ".join(map(str, dict.fromkeys(sizes))) or "its own only"
        return f"1 to {self.own}" if self.own else "1 or more"


def vector_sizes(model: str, profile: Profile | None = None) -> VectorSizes:
    """Look up the sizes of a model's vectors."""
    known, measured = state.get(model), find_measured(model, profile)
    own, shortens = (None, None) if known is None else (known.dimensions, known.shortens)
    if measured is None:
        return VectorSizes(own, shortens)
    accepts, shorter = measured.accepts_dimensions, measured.shorter_dimensions
    if accepts is None:
        accepts = bool(shorter) or shortens
    return VectorSizes(measured.embedding_dimensions or own, accepts, shorter)

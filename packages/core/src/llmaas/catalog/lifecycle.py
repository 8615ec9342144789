"""Lifecycle warnings of models: redirected, retired or unknown names, reported once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date

from llmaas.catalog import clock
from llmaas.catalog.model import Model
from llmaas.catalog.state import STATE, about, current, resolve
from llmaas.warnings import ModelLifecycleWarning

_IGNORED = ("sandbox/",)  # test models of the sandbox are in no catalog


def lifecycle_note(name: str, on: date | None = None) -> str | None:
    """Describe what is wrong with ``name`` (redirected, retired, unknown); None if nothing is."""
    if name.startswith(_IGNORED):
        return None
    found = resolve(name)
    if found.model is None:
        return f"model {name!r} is unknown to the catalog of {_observed_on()}; see `llmaas models`"
    if found.redirected_to:
        return _redirect_note(name, found.model)
    return _own_note(found.model, on or clock.today())


def warn_once(name: str, *, stacklevel: int = 2) -> None:
    """Warn (``ModelLifecycleWarning``) about ``name``, the first time in this process only.

    ``stacklevel`` is that of ``warnings.warn``: 2 is the caller of this function.
    """
    if not STATE.warned_names.add(name):
        return
    note = lifecycle_note(name)
    if note:
        warnings.warn(note, ModelLifecycleWarning, stacklevel=stacklevel)


def forget_warnings() -> None:
    """Warn again about names already warned about."""
    STATE.warned_names.clear()


def _observed_on() -> str:
    return about()["observed_at"][:10]


def _own_note(model: Model, today: date) -> str | None:
    advice = f"; its successor is {model.successor!r}" if model.successor else ""
    if model.phase == "deprecated":
        return f"model {model.id!r} is deprecated ({_describe_end(model)}){advice}"
    if not model.live:
        return f"model {model.id!r} is not in the service's list of {_observed_on()}{advice}"
    if not model.supported_on(today):
        return f"support of model {model.id!r} ended on {model.end_of_support}{advice}"
    return None


def _describe_end(model: Model) -> str:
    return f"support ended on {model.end_of_support}" if model.end_of_support else "no date"


def _redirect_note(name: str, serving: Model) -> str:
    requested = current().models.get(name) or Model(id=name)
    changes = ", ".join(capability_changes(requested, serving))
    effect = f", which changes {changes}" if changes else ""
    phase = "deprecated and " if requested.phase == "deprecated" else ""
    return f"model {name!r} is {phase}redirected to {serving.id!r}{effect}"


def capability_changes(requested: Model, serving: Model) -> Iterator[str]:
    """Describe each capability that a redirect changes, if known for both models."""
    for name in ("tools", "vision", "reasoning"):
        before, after = getattr(requested, name), getattr(serving, name)
        if None not in (before, after) and before != after:
            yield f"{name} ({'gained' if after else 'lost'})"
    if requested.context and serving.context and requested.context != serving.context:
        yield f"context ({requested.context:,} to {serving.context:,} tokens)"
    if requested.parameters and serving.parameters and requested.parameters != serving.parameters:
        yield f"size ({requested.parameters} to {serving.parameters})"

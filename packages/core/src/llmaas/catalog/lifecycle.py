"""Say once, in one sentence, what a user of a model name ought to know."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from datetime import date

from llmaas.catalog import clock
from llmaas.catalog.model import Model
from llmaas.catalog.state import about, current, resolve
from llmaas.warnings import ModelLifecycleWarning

_QUIET = ("sandbox/",)  # personas of the sandbox are made up on purpose

_warned: set[str] = set()
_lock = threading.Lock()


def lifecycle_note(name: str, on: date | None = None) -> str | None:
    """Return what to know before using ``name`` (redirected, retired, unknown), or None."""
    if name.startswith(_QUIET):
        return None
    found = resolve(name)
    if found.model is None:
        return f"model {name!r} is unknown to the catalog of {_observed()}; see `llmaas models`"
    if found.redirected_to:
        return _redirect_note(name, found.model)
    return _own_note(found.model, on or clock.today())


def warn_once(name: str, *, stacklevel: int = 2) -> None:
    """Warn (``ModelLifecycleWarning``) about ``name``, the first time in this process only.

    ``stacklevel`` counts as in ``warnings.warn``: 2 blames the caller of this function.
    """
    if name in _warned:  # without the lock: asked before each call
        return
    with _lock:
        if name in _warned:
            return
        _warned.add(name)
    note = lifecycle_note(name)
    if note:
        warnings.warn(note, ModelLifecycleWarning, stacklevel=stacklevel)


def forget_warnings() -> None:
    """Warn anew about names already warned about."""
    with _lock:
        _warned.clear()


def _observed() -> str:
    return about()["observed_at"][:10]


def _own_note(model: Model, today: date) -> str | None:
    advice = f"; its successor is {model.successor!r}" if model.successor else ""
    if model.phase == "deprecated":
        return f"model {model.id!r} is deprecated ({_ended(model)}){advice}"
    if not model.live:
        return f"model {model.id!r} is not in the service's list of {_observed()}{advice}"
    if not model.supported_on(today):
        return f"support of model {model.id!r} ended on {model.end_of_support}{advice}"
    return None


def _ended(model: Model) -> str:
    return f"support ended on {model.end_of_support}" if model.end_of_support else "no date"


def _redirect_note(name: str, serving: Model) -> str:
    asked = current().models.get(name) or Model(id=name)
    changes = ", ".join(capability_changes(asked, serving))
    effect = f", which changes {changes}" if changes else ""
    fate = "deprecated and " if asked.phase == "deprecated" else ""
    return f"model {name!r} is {fate}redirected to {serving.id!r}{effect}"


def capability_changes(asked: Model, serving: Model) -> Iterator[str]:
    """Yield each capability that the redirect changes, where both sides are known."""
    for name in ("tools", "vision", "reasoning"):
        before, after = getattr(asked, name), getattr(serving, name)
        if None not in (before, after) and before != after:
            yield f"{name} ({'gained' if after else 'lost'})"
    if asked.context and serving.context and asked.context != serving.context:
        yield f"context ({asked.context:,} to {serving.context:,} tokens)"
    if asked.parameters and serving.parameters and asked.parameters != serving.parameters:
        yield f"size ({asked.parameters} to {serving.parameters})"

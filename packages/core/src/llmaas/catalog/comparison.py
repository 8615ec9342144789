"""Difference between the catalog and a live model list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from llmaas.catalog.lifecycle import capability_changes
from llmaas.catalog.model import Model
from llmaas.catalog.state import current
from llmaas.types import LiveModel


class RedirectChangesCapabilityError(LookupError):
    """A redirect changes capabilities; the message lists them."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Name that another model answers to; ``changes`` describes the differences, if known."""

    name: str
    to: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """New IDs, removed IDs, and new redirects."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    redirected: tuple[Redirect, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.redirected)


def diff(live: Iterable[LiveModel], *, strict: bool = False) -> Diff:
    """Compare a live list (``client.models()``) with the current catalog.

    With ``strict``, a new redirect that changes a capability raises
    ``RedirectChangesCapabilityError``.
    """
    before = current()
    after = before.with_live(live, datetime.now(UTC).isoformat(timespec="seconds"))
    was = {name for name, model in before.models.items() if model.live}
    now = {name for name, model in after.models.items() if model.live}
    moved = {n: to for n, to in after.redirects.items() if before.redirects.get(n) != to}
    redirected = tuple(
        Redirect(name, to, _changes(before.get(name) or Model(name), after.models[to]))
        for name, to in sorted(moved.items())
    )
    if strict:
        _check(redirected)
    return Diff(tuple(sorted(now - was)), tuple(sorted(was - now)), redirected)


def _changes(requested: Model, serving: Model) -> tuple[str, ...]:
    return tuple(capability_changes(requested, serving))


def _check(redirected: tuple[Redirect, ...]) -> None:
    changed = [r for r in redirected if r.changes]
    if changed:
        message = "; ".join(f"{r.name} is now {r.to}: {', '.join(r.changes)}" for r in changed)
        raise RedirectChangesCapabilityError(message)

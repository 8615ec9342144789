"""What has changed between the catalog and what the service lists now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from llmaas.catalog.lifecycle import capability_changes
from llmaas.catalog.model import Model
from llmaas.catalog.state import current
from llmaas.types import LiveModel


class RedirectChangesCapabilityError(LookupError):
    """A name is answered by a model that can do other things; the message tells which."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """A name that another model answers to; ``changes`` in words, empty when nothing is known."""

    name: str
    to: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Ids that are new, ids that are gone, and names that are newly redirected."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    redirected: tuple[Redirect, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.redirected)


def diff(live: Iterable[LiveModel], *, strict: bool = False) -> Diff:
    """Compare a live list (``client.models()``) with the catalog in force.

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


def _changes(asked: Model, serving: Model) -> tuple[str, ...]:
    return tuple(capability_changes(asked, serving))


def _check(redirected: tuple[Redirect, ...]) -> None:
    bad = [r for r in redirected if r.changes]
    if bad:
        told = "; ".join(f"{r.name} is now {r.to}: {', '.join(r.changes)}" for r in bad)
        raise RedirectChangesCapabilityError(told)

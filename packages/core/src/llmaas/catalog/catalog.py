"""The catalog as a value: pure look-ups, and a live list laid over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from llmaas.catalog.model import Model, Resolution
from llmaas.types import LiveModel


@dataclass(frozen=True)
class Catalog:
    """Models by id, second names by name, and redirects (name of another model -> server)."""

    models: Mapping[str, Model]
    aliases: Mapping[str, str]
    redirects: Mapping[str, str]
    about: Mapping[str, str]

    def get(self, name: str) -> Model | None:
        """Return the facts about ``name``: its own card first, else those of who serves it."""
        known = self.aliases.get(name) or self.redirects.get(name)
        return self.models.get(name) or self.models.get(known or "")

    def resolve(self, name: str) -> Resolution:
        """Tell who answers to ``name``: an exact live id first, then redirect, then alias."""
        own = self.models.get(name)
        serving = self.redirects.get(name)
        if serving and not (own and own.live):
            return Resolution(self.models.get(serving), name, serving)
        return Resolution(own or self.get(name), name)

    def with_live(self, listed: Iterable[LiveModel], observed_at: str) -> Catalog:
        """Return the catalog as a live list shows it; what is not listed is not live."""
        entries = {entry.id: entry for entry in listed}
        moved = dict(_redirects(self, entries))
        unlisted = {
            name: replace(model, live=False, root=None, live_context_tokens=None)
            for name, model in self.models.items()
            if name not in entries
        }
        served = {name: _served(self, entry, moved) for name, entry in entries.items()}
        models = unlisted | served
        return Catalog(
            models=models,
            aliases=second_names(models.values()),
            redirects=moved,
            about={**self.about, "observed_at": observed_at, "live_list": "GET /v1/models"},
        )


def second_names(models: Iterable[Model]) -> dict[str, str]:
    """Return alias -> id for all ``models``."""
    return {alias: model.id for model in models for alias in model.aliases}


def _redirects(book: Catalog, entries: Mapping[str, LiveModel]) -> Iterable[tuple[str, str]]:
    """Yield the names that another model now serves, known by their card or by an older list."""
    for entry in entries.values():
        for name in entry.aliases:
            if name not in entries and _is_another(book, name, entry):
                yield name, entry.id


def _is_another(book: Catalog, name: str, entry: LiveModel) -> bool:
    if name in (entry.id, entry.root) or book.aliases.get(name) == entry.id:
        return False
    return name in book.models or name in book.redirects or name in book.aliases


def _served(book: Catalog, entry: LiveModel, moved: Mapping[str, str]) -> Model:
    known = book.models.get(entry.id) or Model(id=entry.id)
    aliases = {a for a in (*entry.aliases, entry.root) if a and a != entry.id and a not in moved}
    return replace(
        known,
        live=True,
        root=entry.root,
        live_context_tokens=entry.context_tokens,
        aliases=tuple(sorted(aliases)),
    )

"""Immutable catalog: lookups, and merging of a live model list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from llmaas.catalog.model import Model, Resolution
from llmaas.types import LiveModel


@dataclass(frozen=True)
class Catalog:
    """Models by ID, aliases (name to ID), and redirects (name to the ID of another model)."""

    models: Mapping[str, Model]
    aliases: Mapping[str, str]
    redirects: Mapping[str, str]
    about: Mapping[str, str]

    def get(self, name: str) -> Model | None:
        """Look up a model by its ID, else by an alias or a redirect."""
        known = self.aliases.get(name) or self.redirects.get(name)
        return self.models.get(name) or self.models.get(known or "")

    def resolve(self, name: str) -> Resolution:
        """Find the model that answers to ``name``: by live ID, redirect, then alias."""
        own = self.models.get(name)
        serving = self.redirects.get(name)
        if serving and not (own and own.live):
            return Resolution(self.models.get(serving), name, serving)
        return Resolution(own or self.get(name), name)

    def with_live(self, listed: Iterable[LiveModel], observed_at: str) -> Catalog:
        """Merge a live model list; models that it lacks are not live."""
        entries = {entry.id: entry for entry in listed}
        moved = dict(_redirects(self, entries))
        unlisted = {
            name: replace(model, live=False, root=None, live_context_tokens=None)
            for name, model in self.models.items()
            if name not in entries
        }
        listed_models = {name: _merge_entry(self, entry, moved) for name, entry in entries.items()}
        models = unlisted | listed_models
        return Catalog(
            models=models,
            aliases=build_aliases(models.values()),
            redirects=moved,
            about={**self.about, "observed_at": observed_at, "live_list": "GET /v1/models"},
        )


def build_aliases(models: Iterable[Model]) -> dict[str, str]:
    """Map the aliases of all models to their IDs."""
    return {alias: model.id for model in models for alias in model.aliases}


def _redirects(catalog: Catalog, entries: Mapping[str, LiveModel]) -> Iterable[tuple[str, str]]:
    """Yield names of known models that another model serves now."""
    for entry in entries.values():
        for name in entry.aliases:
            if name not in entries and _is_redirect(catalog, name, entry):
                yield name, entry.id


def _is_redirect(catalog: Catalog, name: str, entry: LiveModel) -> bool:
    if name in (entry.id, entry.root) or catalog.aliases.get(name) == entry.id:
        return False
    return name in catalog.models or name in catalog.redirects or name in catalog.aliases


def _merge_entry(catalog: Catalog, entry: LiveModel, moved: Mapping[str, str]) -> Model:
    known = catalog.models.get(entry.id) or Model(id=entry.id)
    aliases = {a for a in (*entry.aliases, entry.root) if a and a != entry.id and a not in moved}
    return replace(
        known,
        live=True,
        root=entry.root,
        live_context_tokens=entry.context_tokens,
        aliases=tuple(sorted(aliases)),
    )

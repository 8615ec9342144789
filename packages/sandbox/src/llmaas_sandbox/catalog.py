"""Model catalog, read from the client's data file; no code is shared with the client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

TEST_MODEL_PREFIX = "sandbox/"


@dataclass(frozen=True, slots=True)
class Model:
    """Model properties that the sandbox uses."""

    id: str
    root: str
    aliases: tuple[str, ...]
    category: str
    reasoning: bool
    live: bool
    context: int
    """Tokens, as the live list tells them; 0 when it does not."""
    phase: str
    end_of_support: str | None
    successor: str | None
    tokens_per_second: float
    parameters: str | None
    lts: bool = False
    released: str | None = None
    vision: bool | None = None
    """None when the documentation does not tell."""
    documented_context: int = 0
    """Tokens; 0 when the documentation does not tell."""
    measured: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What the profile of a service says about the model."""

    @property
    def window(self) -> int:
        """The context window that the engine enforces, in tokens; 0 if unknown."""
        return self.context or self.documented_context

    @property
    def family(self) -> str:
        """The name without repository, size or version: ``qwen``, ``mistral``, ``gpt-oss``."""
        return _family(self.id)


@lru_cache(maxsize=256)
def _family(name: str) -> str:
    return name.rsplit("/", 1)[-1].split(":")[0].lower()


def _model(row: Mapping[str, Any]) -> Model:
    name = row["id"]
    return Model(
        id=name,
        root=row.get("root") or name,
        aliases=tuple(row.get("aliases") or ()),
        category=row.get("category") or "chat",
        reasoning=bool(row.get("reasoning")),
        live=bool(row.get("live")),
        context=int(row.get("live_context_tokens") or 0),
        phase=row.get("phase") or "undocumented",
        end_of_support=row.get("end_of_support"),
        successor=row.get("successor"),
        tokens_per_second=float(row.get("tokens_per_second") or 40),
        parameters=row.get("parameters"),
        lts=bool(row.get("lts")),
        released=row.get("released"),
        vision=row.get("vision"),
        documented_context=int(row.get("context_tokens") or 0),
    )


@cache
def _data() -> Mapping[str, Any]:
    text = files("llmaas.data").joinpath("catalog.json").read_text(encoding="utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data


@cache
def all_models() -> Mapping[str, Model]:
    """Return every documented or live model by id."""
    return {row["id"]: _model(row) for row in _data()["models"]}


@cache
def redirects() -> Mapping[str, str]:
    """Return the retired names and the models that serve them."""
    return dict(_data().get("redirects", {}))


@cache
def _names() -> Mapping[str, str]:
    names = {alias: model.id for model in live_models() for alias in model.aliases}
    names |= redirects()
    return names | {model.id: model.id for model in live_models()}


@cache
def live_models() -> tuple[Model, ...]:
    """Return the models that ``GET /v1/models`` lists, sorted by id as the service does."""
    return tuple(sorted((m for m in all_models().values() if m.live), key=lambda m: m.id))


def resolve(name: str) -> Model | None:
    """Return the model that serves a name (id first, then alias or redirect), or None."""
    served_by = _names().get(name)
    return None if served_by is None else all_models()[served_by]


def find_model(name: str) -> Model | None:
    """Return the documented model with exactly this name, live or not, or None."""
    return all_models().get(name)

"""Profile of a service: its facts, and its models as models of the sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from llmaas_sandbox.catalog import Model, find_model, resolve
from llmaas_sandbox.faults.parse import Fault
from llmaas_sandbox.measured.variants import model_faults, service_faults

VERSION = 1
"""The newest version of the format that is known here."""
_COPIED = ("limits_prompt_plus_output", "rerank_scores")
"""Facts of the service that its models are checked by."""


@dataclass(frozen=True, slots=True)
class ServiceProfile:
    """Measured facts of a service, and its models by ID and alias."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    model_faults: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)

    def resolve(self, name: str) -> Model | None:
        """Return the model with this ID or alias; those of the catalog if none was measured."""
        if not self.models:
            return resolve(name)
        return self.models.get(name) or self.models.get(self.aliases.get(name, ""))

    def find_faults(self, name: object) -> tuple[Fault, ...]:
        """Return the response variants of the service and of a model."""
        known = self.aliases.get(name, name) if isinstance(name, str) else ""
        return self.faults + self.model_faults.get(known, ())


def load_profile(source: Any) -> ServiceProfile | None:
    """Load a profile: a path, its content, or an object with ``to_dict``.

    Raises ``ValueError`` if it is missing or invalid.
    """
    if source is None:
        return None
    if isinstance(source, str | Path):
        return build_profile(_read(Path(source)), f"profile {str(source)!r}")
    raw = source if isinstance(source, Mapping) else source.to_dict()
    return build_profile(raw, "profile")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(
            f"profile {str(path)!r} cannot be read: {error.strerror or error}."
        ) from error
    except ValueError as error:
        raise ValueError(f"profile {str(path)!r} is not JSON: {error}.") from error


def build_profile(raw: object, where: str) -> ServiceProfile:
    """Build a profile from the content of its file; facts that are unknown here do nothing."""
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where} must contain an object, got {type(raw).__name__}.")
    version, models = raw.get("version", VERSION), raw.get("models", {})
    if type(version) is not int or version < 1:
        raise ValueError(f"{where}: version must be an integer >= 1, got {version!r}.")
    if not isinstance(models, Mapping) or not all(isinstance(m, Mapping) for m in models.values()):
        raise ValueError(f"{where}: models must be an object of objects, got {models!r}.")
    shared = {name: raw[name] for name in _COPIED if name in raw}
    return ServiceProfile(
        facts=raw,
        models={name: _build_model(name, {**shared, **facts}) for name, facts in models.items()},
        aliases={alias: name for name, facts in models.items() for alias in _aliases(facts)},
        faults=service_faults(raw),
        model_faults={name: model_faults(facts) for name, facts in models.items()},
    )


def _aliases(facts: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, facts.get("aliases") or ()))


def _build_model(name: str, facts: Mapping[str, object]) -> Model:
    """Build a model of the sandbox; what was not measured is that of the catalog."""
    known = find_model(name) or resolve(name) or _unknown(name)
    reasoning = facts.get("reasoning_field")
    changes: dict[str, Any] = {
        "context": facts.get("context_window"),
        "vision": facts.get("vision"),
        "category": facts.get("category") or _guess_category(facts, known),
        "reasoning": None if reasoning is None else reasoning != "none",
    }
    return replace(
        known,
        id=name,
        root=known.root if known.id == name else name,
        aliases=_aliases(facts),
        live=True,
        measured=facts,
        **{key: value for key, value in changes.items() if value is not None},
    )


def _guess_category(facts: Mapping[str, object], known: Model) -> str:
    if facts.get("embedding_dimensions"):
        return "embedding"
    return "rerank" if facts.get("rerank_document_limit") else known.category


def _unknown(name: str) -> Model:
    return Model(
        id=name,
        root=name,
        aliases=(),
        category="chat",
        reasoning=False,
        live=True,
        context=0,
        phase="production",
        end_of_support=None,
        successor=None,
        tokens_per_second=40,
        parameters=None,
    )

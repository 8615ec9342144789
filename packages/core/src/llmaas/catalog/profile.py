"""Profile of a service: what was measured at one address, which overrides the packaged catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Self

from llmaas.catalog import profile_file
from llmaas.catalog.model_facts import ModelProfile
from llmaas.catalog.profile_checks import (
    check_fields,
    fact,
    one_of,
    to_date,
    to_flag,
    to_word,
    to_words,
)
from llmaas.catalog.profile_file import ProfileError


def _to_models(value: Any) -> dict[str, ModelProfile]:
    if not isinstance(value, Mapping):
        raise ValueError(f" must be an object, got {value!r}")
    for name, model in value.items():
        if not isinstance(name, str) or not isinstance(model, ModelProfile):
            raise ValueError(f"[{name!r}] must be a ModelProfile, got {model!r}")
    return dict(value)


def _keep(value: object) -> Any:
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """Facts measured at one service; None, or a missing key, means that it was not measured.

    What is known overrides the packaged catalog of the clients that have the profile; the rest is
    left as it is. Raises ``ProfileError`` for an invalid value.
    """

    measured: date = field(metadata={"check": to_date})
    """Day of the measurement."""
    address: str = field(metadata={"check": to_word})
    """Host name of the service."""
    engine: str | None = fact(to_word)
    """Name and version of the engine: ``vllm 0.32.0``."""
    models: Mapping[str, ModelProfile] = fact(_to_models, dict)
    """Facts about models by the ID that ``GET /v1/models`` lists."""
    rate_limit_headers: tuple[str, ...] | None = fact(to_words)
    """Names of the headers about rate limits, in lower case; empty if there are none."""
    retry_after: bool | None = fact(to_flag)
    """Whether a 429 has a ``Retry-After`` header."""
    model_name_error: int | None = fact(one_of(400, 404))
    """Status for an unknown model."""
    key_error_type: str | None = fact(to_word)
    """``type`` of the error for a refused key; ``text`` if the error is a plain text."""
    error_format: str | None = fact(one_of("object", "integer_code", "detail", "text"))
    """Format of errors: an object of OpenAI's, one with an integer ``code`` (vLLM), ..."""
    usage_without_options: bool | None = fact(to_flag)
    """Whether a stream has usage without ``stream_options``."""
    usage_with_options: bool | None = fact(to_flag)
    """Whether a stream has usage with ``stream_options.include_usage``."""
    limits_prompt_plus_output: bool | None = fact(to_flag)
    """Whether prompt and ``max_tokens`` together beyond the context window are an error."""
    adds_backend: bool | None = fact(to_flag)
    """Whether answers have a ``backend`` object."""
    rerank_path: str | None = fact(one_of("/v1/rerank", "/v2/rerank"))
    """The only rerank path that exists."""
    rerank_scores: str | None = fact(one_of("raw", "unit_interval"))
    """Range of relevance scores."""
    batches: bool | None = fact(to_flag)
    """Whether ``POST /v1/chat/completions/batch`` accepts batches."""
    notes: Mapping[str, Any] = fact(_keep, dict)
    """Other observations, by probe; nothing reads them."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys of a newer format, which are kept and written again."""
    source: str | None = field(default=None, compare=False)
    """Path of the file."""
    facts: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Cache of ``llmaas.catalog.facts``."""
    names: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """IDs by alias."""

    def __post_init__(self) -> None:
        try:
            check_fields(self)
        except ValueError as error:
            raise ProfileError(f"profile: {error}.") from None
        self.names.update(
            (alias, name) for name, model in self.models.items() for alias in model.aliases
        )

    def __repr__(self) -> str:
        name = f"{self.engine} at {self.address}" if self.engine else self.address
        return f"<Profile of {name}, measured on {self.measured}, {len(self.models)} models>"

    def __hash__(self) -> int:
        return hash((self.measured, self.address, self.engine))

    def get_model(self, *names: str | None) -> ModelProfile | None:
        """Look up the first known of some names, which are IDs or aliases."""
        for name in names:
            found = self.models.get(name or "") or self.models.get(self.names.get(name or "", ""))
            if found is not None:
                return found
        return None

    def with_facts(self, model: str | None = None, **facts: Any) -> Self:
        """Return a copy with facts of the service, or of one of its models, added.

        Raises ``ProfileError`` for an invalid value and ``TypeError`` for an unknown name.
        """
        if model is None:
            return replace(self, **facts)
        try:
            changed = replace(self.models.get(model, ModelProfile()), **facts)
        except ValueError as error:
            raise ProfileError(f"profile: models[{model!r}].{error}.") from None
        return replace(self, models={**self.models, model: changed})

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a profile from a JSON file.

        Raises ``ProfileError`` if it is missing or invalid, with the key and the value.
        """
        raw = profile_file.read_json(path)
        try:
            return replace(cls.from_dict(raw), source=str(path))
        except ProfileError as error:
            raise ProfileError(f"{path}: {error}") from None

    def write(self, path: str | Path) -> None:
        """Write the profile to a JSON file, replacing it atomically."""
        profile_file.write_json(path, self.to_dict())

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> Self:
        """Build a profile from what ``to_dict`` returned. Raises ``ProfileError``."""
        values, extra = profile_file.split_known(cls, raw, "profile")
        models = {
            str(name): profile_file.build_model(ModelProfile, str(name), entry, raw)
            for name, entry in profile_file.entries(values.pop("models", {}))
        }
        return cls(**values, models=models, extra=extra)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain JSON values; unknown facts are left out."""
        models = {name: profile_file.to_plain(model) for name, model in self.models.items()}
        known = profile_file.to_plain(self)
        return {"version": profile_file.VERSION, **known, "models": models, **self.extra}

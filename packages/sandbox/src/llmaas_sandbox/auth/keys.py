"""Record of an API key, without its secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """One API key without its secret."""

    id: str
    tenant: str
    label: str
    digest: str
    """Keyed hash of the secret."""
    ending: str
    """The last four characters, to recognise it by."""
    created: float
    models: tuple[str, ...] = ()
    """Names or patterns (``qwen*``) that this key may use; empty for all."""
    tier: str = "monthly"
    hourly_tokens: int | None = None
    """Output tokens per hour for this key alone, on top of the tenant's tier."""
    expires: float | None = None
    """When it stops working: the end of a rotation's grace period."""
    revoked: float | None = None
    rotate_every: float | None = None
    """Seconds after which a successor is made by itself."""
    successor: str | None = None

    def works(self, now: float) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def may_use(self, names: Iterable[str]) -> bool:
        """Whether the key may use a model with one of these names."""
        if not self.models:
            return True
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.models)

    def is_rotation_due(self, now: float) -> bool:
        """Whether automatic rotation is due."""
        return (
            self.rotate_every is not None
            and self.successor is None
            and self.works(now)
            and now >= self.created + self.rotate_every
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON for administrators: everything except the hash."""
        values = asdict(self)
        del values["digest"]
        return {**values, "models": list(self.models)}

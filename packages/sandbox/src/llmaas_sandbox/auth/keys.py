"""A key as it is remembered: never the key itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of one API key."""

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
        """Tell whether requests with this key are answered."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def may_use(self, names: Iterable[str]) -> bool:
        """Tell whether one of a model's names is permitted."""
        if not self.models:
            return True
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.models)

    def is_rotation_due(self, now: float) -> bool:
        """Tell whether a successor should be made."""
        return (
            self.rotate_every is not None
            and self.successor is None
            and self.works(now)
            and now >= self.created + self.rotate_every
        )

    def shown(self) -> dict[str, Any]:
        """Return what an administrator may see: everything but the hash."""
        told = asdict(self)
        del told["digest"]
        return {**told, "models": list(self.models)}

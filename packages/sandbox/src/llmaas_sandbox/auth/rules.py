"""Who may come in, and what for."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.catalogue import Model
from llmaas_sandbox.errors import forbidden

SELF = "self"


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the key that a request carries."""
    kind, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" and key.strip() else None


def is_admin(headers: Mapping[str, str], admin_key: str) -> bool:
    """Tell whether a request carries the administrator's key."""
    given = bearer(headers) or ""
    return compare_digest(given.encode(), admin_key.encode())


def permit(key: Key | None, model: Model, requested: str) -> None:
    """Refuse a model that a key may not use (403)."""
    if key is not None and not key.may_use({requested, model.id}):
        raise forbidden(f"This key may not use model '{requested}'", "model_not_permitted")

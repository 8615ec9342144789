"""Permissions of keys, and parsing of credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hmac import compare_digest

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.catalog import Model, redirects
from llmaas_sandbox.errors import forbidden

SELF = "self"


def parse_bearer(headers: Mapping[str, str]) -> str | None:
    """Parse the bearer token of a request."""
    kind, _, key = headers.get("authorization", "").partition(" ")
    return (key.strip() or None) if kind.lower() == "bearer" else None


def is_admin(headers: Mapping[str, str], admin_key: str) -> bool:
    """Whether a request carries the administrator's key."""
    given = parse_bearer(headers)
    return given is not None and compare_digest(_bytes(given), _bytes(admin_key))


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def model_names(model: Model) -> Iterator[str]:
    """Yield every name of a model; a permission may refer to any of them."""
    yield from (model.id, model.root, *model.aliases)
    yield from (name for name, to in redirects().items() if to == model.id)


def check_model_permission(key: Key | None, model: Model, requested: str) -> None:
    """Raise a 403 refusal if the key may not use the model."""
    if key is not None and key.models and not key.may_use((requested, *model_names(model))):
        raise forbidden(f"This key may not use model '{requested}'", "model_not_permitted")

"""Access to the fields of a JSON request body."""

from __future__ import annotations

from collections.abc import Mapping


def get_or_default(body: Mapping[str, object], name: str, default: object) -> object:
    """Return a field of a body; null counts as absent."""
    value = body.get(name)
    return default if value is None else value

"""Access to the fields of a JSON request body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def get_or_default(body: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a field of a body; null counts as absent."""
    value = body.get(name)
    return default if value is None else value

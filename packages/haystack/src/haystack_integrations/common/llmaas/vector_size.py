"""Sizes and limits of embedding models."""

from __future__ import annotations

from typing import Any

from llmaas import catalog


class VectorSizeMixin:
    """Properties of an embedder that need no request."""

    model: str
    dimensions: int | None
    http_client_kwargs: dict[str, Any] | None

    @property
    def vector_size(self) -> int | None:
        """Size of a vector; None if it is unknown."""
        known = self._find_model()
        return self.dimensions or (known.dimensions if known else None)

    @property
    def context(self) -> int | None:
        """Maximum tokens of a text; None if it is unknown."""
        known = self._find_model()
        return known.context if known else None

    def _find_model(self) -> catalog.Model | None:
        profile = (self.http_client_kwargs or {}).get("profile")
        return catalog.find_model(self.model, profile)

"""Sizes and limits of embedding models, from the catalog."""

from __future__ import annotations

from llmaas import catalog


class VectorSizeMixin:
    """Properties of an embedder that need no request."""

    model: str
    dimensions: int | None

    @property
    def vector_size(self) -> int | None:
        """Size of a vector; None if neither ``dimensions`` nor the catalog defines it."""
        known = catalog.get(self.model)
        return self.dimensions or (known.dimensions if known else None)

    @property
    def context(self) -> int | None:
        """Maximum tokens of a text; None if the catalog does not define it."""
        known = catalog.get(self.model)
        return known.context if known else None

"""What Chroma 1.x asks of an embedding function beside the call.

See ``chromadb.api.types.EmbeddingFunction``: a collection keeps the function's name and
configuration, never its key, and refuses another function when it is opened again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self


class ChromaFunction:
    """An embedding function of Chroma, without the import of Chroma."""

    @abstractmethod
    def __call__(self, input: Sequence[str]) -> list[list[float]]:  # noqa: A002 - Chroma's name
        """Return one vector a text."""

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Return what makes the function again."""

    def embed_query(self, input: Sequence[str]) -> list[list[float]]:  # noqa: A002
        """Return vectors of questions: as those of documents."""
        return self(input)

    @staticmethod
    def name() -> str:
        """Return the name under which a collection keeps its function."""
        return "llmaas"

    @classmethod
    def build_from_config(cls, config: dict[str, Any]) -> Self:
        """Return the function of a collection's configuration."""
        return cls(**config)

    def default_space(self) -> str:
        """Return the distance that fits."""
        return "cosine"

    def supported_spaces(self) -> list[str]:
        """Return the distances that can be used."""
        return ["cosine", "l2", "ip"]

    def is_legacy(self) -> bool:
        """Tell that the configuration can be kept."""
        return False

    def validate_config_update(
        self, old_config: dict[str, Any], new_config: dict[str, Any]
    ) -> None:
        """Refuse another model for vectors that are there: they would not compare."""
        for part in ("model", "dimensions"):
            if part in new_config and new_config.get(part) != old_config.get(part):
                raise ValueError(
                    f"The {part} of a collection's embedding function cannot change: "
                    f"{old_config.get(part)!r} to {new_config.get(part)!r}. Embed into another one."
                )

    @staticmethod
    def validate_config(config: dict[str, Any]) -> None:
        """Accept every configuration: the constructor refuses what it does not know."""

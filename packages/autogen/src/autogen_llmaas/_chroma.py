"""Interface of Chroma 1.x embedding functions.

See ``chromadb.api.types.EmbeddingFunction``: a collection stores the function's name and
configuration, never its key, and rejects another function when it is reopened.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self


class ChromaFunction:
    """Embedding function of Chroma that does not import Chroma."""

    @abstractmethod
    def __call__(self, input: Sequence[str]) -> list[list[float]]:  # noqa: A002 - Chroma's name
        """Embed texts to one vector per text."""

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments without the key."""

    def embed_query(self, input: Sequence[str]) -> list[list[float]]:  # noqa: A002
        """Embed queries like documents."""
        return self(input)

    @staticmethod
    def name() -> str:
        """Return the name that a collection stores for its function."""
        return "llmaas"

    @classmethod
    def build_from_config(cls, config: dict[str, Any]) -> Self:
        """Create the function of a collection's configuration."""
        return cls(**config)

    def default_space(self) -> str:
        """Return the default distance."""
        return "cosine"

    def supported_spaces(self) -> list[str]:
        """Return the supported distances."""
        return ["cosine", "l2", "ip"]

    def is_legacy(self) -> bool:
        """Return False: the configuration can be stored."""
        return False

    def validate_config_update(
        self, old_config: dict[str, Any], new_config: dict[str, Any]
    ) -> None:
        """Reject another model, because existing vectors would not compare."""
        for part in ("model", "dimensions"):
            if part in new_config and new_config.get(part) != old_config.get(part):
                raise ValueError(
                    f"{part} of a collection's embedding function cannot change from "
                    f"{old_config.get(part)!r} to {new_config.get(part)!r}. "
                    "Create another collection."
                )

    @staticmethod
    def validate_config(config: dict[str, Any]) -> None:
        """Accept every configuration: the constructor rejects unknown arguments."""

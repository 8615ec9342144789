"""Settings of the semantic memory, named without importing a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autogen_llmaas.connection import Connection


class MemorySettings(Connection, total=False):
    """The keywords of ``LLMaaSMemory``; see ``LLMaaSMemoryConfig``."""

    name: str | None
    k: int
    score_threshold: float | None
    api_key_env: str
    base_url: str | None
    batch_size: int | None
    concurrency: int | None
    dimensions: int | None
    embedding_kwargs: Mapping[str, Any] | None
    contents: Sequence[Any]
    vectors: Sequence[str | None]
    vectors_model: str | None
    vector_space: str | None

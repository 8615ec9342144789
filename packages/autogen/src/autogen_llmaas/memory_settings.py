"""Settings of the semantic memory, named without importing a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class MemorySettings(TypedDict, total=False):
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
    timeout: float | None
    deadline: float | None
    max_retries: int | None
    ca_bundle: str | None
    profile: str | None
    proxy: str | None
    default_headers: Mapping[str, str] | None
    contents: Sequence[Any]
    vectors: Sequence[str | None]
    vectors_model: str | None
    vector_space: str | None

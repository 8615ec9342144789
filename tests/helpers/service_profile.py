"""Profile of a service that differs from the catalog in every fact."""

from __future__ import annotations

from datetime import date

from llmaas.catalog import ModelProfile, Profile

MEASURED = Profile(
    measured=date(2026, 11, 30),
    address="127.0.0.1",
    models={
        "gpt-oss:120b": ModelProfile(
            context_window=4096, max_output_tokens=96, tools=False, vision=True
        ),
        "bge-m3:567m": ModelProfile(embedding_dimensions=8, context_window=64),
    },
)

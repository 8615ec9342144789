"""In-memory store of files and batches per tenant."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class File:
    """An uploaded or written JSONL file."""

    id: str
    tenant: str
    name: str
    data: bytes
    purpose: str
    created: int

    def to_dict(self) -> dict[str, Any]:
        """Convert to the JSON object of the API."""
        result = {"id": self.id, "object": "file", "purpose": self.purpose, "filename": self.name}
        return {**result, "bytes": len(self.data), "created_at": self.created}


@dataclass(slots=True)
class LegacyBatch:
    """A batch over a file."""

    id: str
    tenant: str
    endpoint: str
    input: str
    created: int
    status: str = "validating"
    output: str | None = None
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total", "completed", "failed"), 0)
    )

    def to_dict(self) -> dict[str, Any]:
        """Convert to the JSON object of the API."""
        result = {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "status": self.status,
        }
        result |= {"input_file_id": self.input, "completion_window": "24h"}
        if self.output:
            result["output_file_id"] = self.output
        return {**result, "created_at": self.created, "request_counts": self.counts}


class LegacyStore:
    """Files and batches of all tenants."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.batches: dict[str, LegacyBatch] = {}

    def keep(self, tenant: str, name: str, data: bytes, purpose: str, now: float) -> File:
        """Store a file."""
        file = File(f"file-{os.urandom(8).hex()}", tenant, name, data, purpose, int(now))
        self.files[file.id] = file
        return file

    def start(self, tenant: str, endpoint: str, file_id: str, now: float) -> LegacyBatch:
        """Start a batch."""
        batch = LegacyBatch(f"batch-{os.urandom(8).hex()}", tenant, endpoint, file_id, int(now))
        self.batches[batch.id] = batch
        return batch

    def clear(self) -> None:
        """Delete everything."""
        self.files.clear()
        self.batches.clear()

"""Items of arrays: how many a text can fill, and distinct ones to add."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.responder.evidence import Evidence
from llmaas_sandbox.responder.keywords import infer_type
from llmaas_sandbox.responder.references import SchemaResolver

Schema = Mapping[str, Any]


def count_available(items: Schema, evidence: Evidence, resolver: SchemaResolver) -> int:
    """Count how many items the text can fill, at least one."""
    kind = infer_type(items) if items else "string"
    if items.get("enum"):
        return 1
    if kind in ("number", "integer"):
        return max(1, len(evidence.numbers))
    if kind == "string":
        return max(1, len(evidence.quoted) or len(evidence.names))
    return _count_objects(items, evidence, resolver) if kind == "object" else 1


def _count_objects(items: Schema, evidence: Evidence, resolver: SchemaResolver) -> int:
    """Count the objects that names and numbers fill in pairs, at least one."""
    kinds = [infer_type(resolver.resolve(p)) for p in (items.get("properties") or {}).values()]
    texts = kinds.count("string")
    numbers = sum(kind in ("integer", "number") for kind in kinds)
    if not texts or not numbers:
        return 1
    names = len(evidence.quoted) or len(evidence.names)
    return max(1, min(names // texts, len(evidence.numbers) // numbers))


def add_distinct(found: list[object], items: Schema, least: int) -> list[object]:
    """Add items that differ from those found, up to ``least``."""
    options = list(items.get("enum") or ()) or [f"item {i + 1}" for i in range(least)]
    if infer_type(items) in ("integer", "number"):
        options = list(
            range(int(items.get("minimum") or 0), int(items.get("minimum") or 0) + least * 2)
        )
    seen = {json.dumps(item, sort_keys=True) for item in found}
    for option in options:
        if len(found) >= least:
            break
        if json.dumps(option, sort_keys=True) not in seen:
            found.append(option)
    return found

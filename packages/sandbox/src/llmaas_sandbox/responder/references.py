"""Resolution of ``$ref`` and ``allOf`` in a JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.responder.keywords import drop_keywords, merge_schemas
from llmaas_sandbox.responder.schema_problems import resolve_reference

Schema = Mapping[str, Any]
MAX_DEPTH = 12
MAX_STEPS = 20_000
"""Values filled for one schema: more than an answer holds."""


class SchemaResolver:
    """Resolves the references of one schema, and counts the steps spent on it."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.steps = 0
        self.open: list[str] = []
        """References that are being filled: a recursive schema ends as soon as it can."""

    def resolve(self, schema: object) -> Schema:
        """Follow ``$ref`` and merge ``allOf``; a chain that leads back to itself ends."""
        return self._resolve(schema, MAX_DEPTH)

    def _resolve(self, schema: object, left: int) -> Schema:
        if not isinstance(schema, Mapping):
            return {}
        self.steps += 1
        if left <= 0 or self.steps > MAX_STEPS:
            return drop_keywords(schema, "$ref", "allOf")
        if "$ref" in schema:
            target: object = resolve_reference(self.root, schema["$ref"])
            inner: Schema = self._resolve(target, left - 1) if isinstance(target, Mapping) else {}
            schema = {**inner, **drop_keywords(schema, "$ref")}
        for part in schema.get("allOf") or ():
            schema = merge_schemas(drop_keywords(schema, "allOf"), self._resolve(part, left - 1))
        return dict(schema)

    def recurs(self, branch: object, depth: int) -> bool:
        """Whether a branch needs something that is being filled."""
        if not isinstance(branch, Mapping) or depth > 4:
            return False
        if branch.get("$ref") in self.open and self.open:
            return True
        schema = self.resolve(branch)
        properties = schema.get("properties") or {}
        needed = [properties.get(name) for name in schema.get("required") or ()]
        return any(self.recurs(part, depth + 1) for part in needed[:20])

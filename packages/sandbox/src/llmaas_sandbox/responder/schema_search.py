"""JSON schemas written out in a prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.responder.schema_problems import find_schema_problem

Schema = Mapping[str, Any]
MAX_STARTS = 50
"""Opening braces of a prompt that are tried as the start of a schema."""


def find_schema(text: str) -> Schema | None:
    """Find a JSON schema in the text of a prompt, or return None."""
    decoder = json.JSONDecoder()
    start, tries = text.find("{"), 0
    while start >= 0 and tries < MAX_STARTS:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        inner = value.get("schema") if isinstance(value.get("schema"), dict) else value
        if ("properties" in inner or "$defs" in inner) and not find_schema_problem(inner):
            found: Schema = inner
            return found
        start = text.find("{", end)
    return None

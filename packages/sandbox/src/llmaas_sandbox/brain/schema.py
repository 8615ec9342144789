"""A value that satisfies a JSON schema, filled from the text where the text says something."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

from llmaas_sandbox.brain.evidence import Evidence
from llmaas_sandbox.brain.strings import fill_string, hinted
from llmaas_sandbox.brain.words import fold, stem, stems, words

Schema = Mapping[str, Any]
MAX_DEPTH = 12


def fill(schema: Schema, text: str) -> Any:
    """Return a value valid for the schema (the subset that tools use), taken from the text."""
    return _Filler(schema, Evidence(text)).value(schema, "", 0)


class _Filler:
    def __init__(self, root: Schema, evidence: Evidence) -> None:
        self.root = root
        self.evidence = evidence

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """Fill one schema; ``name`` is the property's, for hints."""
        if not isinstance(schema, Mapping):
            return {} if schema is True else None
        schema = self.resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.enum(schema["enum"], schema, name)
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                return self.union(schema, union, name, depth)
        kind = _kind(schema)
        return getattr(self, f"of_{kind}")(schema, name, depth)

    def resolved(self, schema: Schema) -> Schema:
        """Follow ``$ref`` and merge ``allOf``."""
        for _ in range(MAX_DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            target: Any = self.root
            for part in reference.lstrip("#/").split("/"):
                key = part.replace("~1", "/").replace("~0", "~")
                target = target.get(key, {}) if isinstance(target, Mapping) else {}
            schema = {**(target if isinstance(target, Mapping) else {}), **_without(schema, "$ref")}
        for part in schema.get("allOf") or ():
            schema = _merged(_without(schema, "allOf"), self.resolved(part))
        return schema

    def union(self, schema: Schema, keyword: str, name: str, depth: int) -> Any:
        """Fill the first branch that is not null."""
        branches = [self.resolved(b) for b in schema[keyword] if isinstance(b, Mapping)]
        real = [b for b in branches if b.get("type") != "null"] or branches
        simple = [b for b in real if depth < MAX_DEPTH - 2 or _kind(b) != "object"]
        base = _without(schema, keyword)
        return self.value(_merged(base, (simple or real)[0]), name, depth)

    def enum(self, options: Sequence[Any], schema: Schema, name: str) -> Any:
        """Pick the option that the text names, else the default, else the first."""
        text = fold(self.evidence.text)
        spoken = {stem(w) for w in words(self.evidence.text)}
        for option in options:
            if (
                isinstance(option, str)
                and option
                and re.search(rf"\b{re.escape(fold(option))}\b", text)
            ):
                return option
        for option in options:
            if isinstance(option, str) and spoken.intersection(stems(option)):
                return option
        default = schema.get("default")
        return default if default in options else options[0]

    def of_string(self, schema: Schema, name: str, depth: int) -> str:
        """Fill a string from what the name and the format ask for."""
        return fill_string(schema, name, self.evidence)

    def of_boolean(self, schema: Schema, name: str, depth: int) -> bool:
        """Say yes when the text speaks of the property and does not deny it."""
        default = schema.get("default")
        hits = set(stems(name)).intersection(stems(self.evidence.text))
        if not hits:
            return default if isinstance(default, bool) else False
        return not re.search(
            r"\b(?:no|not|without|don't|sans|pas|aucun)\b", self.evidence.text.lower()
        )

    def of_number(self, schema: Schema, name: str, depth: int) -> float | int:
        """Take a number of the text, bent into the bounds."""
        taken = self._number(schema, name)
        value = _bounded(taken, schema, whole=False)
        return int(value) if float(value).is_integer() else value

    def of_integer(self, schema: Schema, name: str, depth: int) -> int:
        """Take a whole number of the text, bent into the bounds."""
        return int(_bounded(self._number(schema, name), schema, whole=True))

    def _number(self, schema: Schema, name: str) -> float:
        hints = {fold(w) for w in words(f"{name} {schema.get('description', '')}")}
        near = self.evidence.number_near(hints - {"number", "the", "of", "a"})
        if near is not None:
            return near
        default = schema.get("default")
        if isinstance(default, int | float) and not isinstance(default, bool):
            return default
        taken = self.evidence.take_number()
        return 0 if taken is None else taken

    def of_null(self, schema: Schema, name: str, depth: int) -> None:
        """Null is null."""

    def of_array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        """Fill a list with everything of its kind that the text holds."""
        prefix = schema.get("prefixItems") or ()
        found = [self.value(item, name, depth + 1) for item in prefix]
        items = self.resolved(schema["items"]) if isinstance(schema.get("items"), Mapping) else {}
        least, most = int(schema.get("minItems") or 0), int(schema.get("maxItems") or 8)
        if prefix and not items:
            return found
        wanted = max(least, min(most, self._supply(items)))
        if depth >= MAX_DEPTH - 2:
            wanted = least
        for _ in range(wanted - len(found)):
            item = self.value(items or {"type": "string"}, name.removesuffix("s"), depth + 1)
            if not (schema.get("uniqueItems") and item in found):
                found.append(item)
        return self._distinct(found, items, least) if schema.get("uniqueItems") else found

    def _distinct(self, found: list[Any], items: Schema, least: int) -> list[Any]:
        options = list(items.get("enum") or ()) or [f"item {i + 1}" for i in range(least)]
        if _kind(items) in ("integer", "number"):
            options = list(
                range(int(items.get("minimum") or 0), int(items.get("minimum") or 0) + least * 2)
            )
        for option in options:
            if len(found) >= least:
                break
            if option not in found:
                found.append(option)
        return found

    def _supply(self, items: Schema) -> int:
        """Count how many items the text can fill, at least one."""
        kind = _kind(items) if items else "string"
        if items.get("enum"):
            return 1
        if kind in ("number", "integer"):
            return max(1, len(self.evidence.numbers))
        if kind == "string":
            return max(1, len(self.evidence.quoted) or len(self.evidence.names))
        return 1

    def of_object(self, schema: Schema, name: str, depth: int) -> dict[str, Any]:
        """Fill the required properties, and the optional ones that the text speaks of."""
        properties = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        wanted = [
            key
            for key, sub in properties.items()
            if key in required or (depth < MAX_DEPTH - 4 and self.spoken_of(key, sub))
        ]
        first = sorted(wanted, key=lambda key: not self.is_hinted(key, properties[key]))
        values = {key: self.value(properties[key], key, depth + 1) for key in first}
        filled = {key: values[key] for key in wanted}
        for key in sorted(required - set(properties)):
            filled[key] = ""
        return filled

    def is_hinted(self, name: str, schema: Any) -> bool:
        """Tell whether a property knows what it looks for, and so may choose first."""
        return isinstance(schema, Mapping) and hinted(name, self.resolved(schema))

    def spoken_of(self, name: str, schema: Any) -> bool:
        """Tell whether the text gives a reason to fill an optional property."""
        if not isinstance(schema, Mapping):
            return False
        schema = self.resolved(schema)
        spoken = {stem(w) for w in words(self.evidence.text)}
        options = [o for o in schema.get("enum") or () if isinstance(o, str)]
        return bool(
            spoken.intersection(stems(name)) or any(spoken.intersection(stems(o)) for o in options)
        )


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null")
    if kind in ("string", "boolean", "number", "integer", "null", "array", "object"):
        return str(kind)
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def _without(schema: Schema, key: str) -> dict[str, Any]:
    return {k: v for k, v in schema.items() if k != key}


def _merged(left: Schema, right: Schema) -> dict[str, Any]:
    merged = {**left, **right}
    if left.get("properties") and right.get("properties"):
        merged["properties"] = {**left["properties"], **right["properties"]}
    if left.get("required") and right.get("required"):
        merged["required"] = [*left["required"], *right["required"]]
    return merged


def _bounded(value: float, schema: Schema, whole: bool) -> float:
    step = float(schema.get("multipleOf") or (1 if whole else 0))
    low, high = schema.get("minimum"), schema.get("maximum")
    nudge = step or 1e-6
    if isinstance(schema.get("exclusiveMinimum"), int | float):
        low = max(schema["exclusiveMinimum"] + nudge, low if low is not None else float("-inf"))
    if isinstance(schema.get("exclusiveMaximum"), int | float):
        high = min(schema["exclusiveMaximum"] - nudge, high if high is not None else float("inf"))
    if low is not None and value < low:
        value = ceil(low / step) * step if step else low
    if high is not None and value > high:
        value = floor(high / step) * step if step else high
    return round(value / step) * step if step else value


def schema_in(text: str) -> Schema | None:
    """Find a JSON schema written out in a prompt, as clients do when nothing else works."""
    decoder = json.JSONDecoder()
    for start in (m.start() for m in re.finditer(r"\{", text)):
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            inner = value.get("schema") if isinstance(value.get("schema"), dict) else value
            if isinstance(inner, dict) and ("properties" in inner or "$defs" in inner):
                return inner
    return None

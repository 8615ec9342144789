"""Generation of values that satisfy a JSON schema, filled from a text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from llmaas_sandbox.responder.array_items import add_distinct, count_available
from llmaas_sandbox.responder.evidence import Evidence
from llmaas_sandbox.responder.keywords import (
    clamp,
    drop_keywords,
    infer_type,
    is_number,
    merge_schemas,
)
from llmaas_sandbox.responder.references import MAX_DEPTH, MAX_STEPS, SchemaResolver
from llmaas_sandbox.responder.schema_check import is_valid
from llmaas_sandbox.responder.strings import fill_string, is_hinted
from llmaas_sandbox.responder.words import normalize, stem, stems, words

Schema = Mapping[str, Any]
MAX_ITEMS = 10_000
MAX_WRITTEN = 1_000_000
"""Characters of all strings of one value: more than the largest answer holds."""
MAX_TEXT = 100_000
"""Characters of the conversation that are looked at."""
_UNCERTAIN = frozenset(("not", "if", "then", "else", "contains", "oneOf", "minProperties"))
"""Keywords that filling alone does not promise to keep."""


def fill(schema: Schema, text: str) -> Any:
    """Build a value that is valid for the schema, filled from the text.

    Bounded in steps: of a schema that asks for more than that, the rest is left out, as an
    engine's budget of tokens would cut it.
    """
    return SchemaFiller(schema, Evidence(text[:MAX_TEXT])).value(schema, "", 0)


class SchemaFiller:
    """Fills one schema from the evidence of a text, in a bounded number of steps."""

    def __init__(self, root: Schema, evidence: Evidence) -> None:
        self.resolver = SchemaResolver(root)
        self.evidence = evidence
        self.written = 0
        self._fillers: Mapping[str, Callable[[Schema, str, int], Any]] = {
            "string": self._fill_string,
            "boolean": self._fill_boolean,
            "number": self._fill_number,
            "integer": self._fill_integer,
            "null": self._fill_null,
            "array": self._fill_array,
            "object": self._fill_object,
        }

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """Fill one schema; ``name`` is the property's, for hints."""
        self.resolver.steps += 1
        if (
            not isinstance(schema, Mapping)
            or self.resolver.steps > MAX_STEPS
            or depth > MAX_DEPTH * 3
        ):
            return {} if schema is True else None
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return self._fill_checked(self.resolver.resolve(schema), name, depth)
        self.resolver.open.append(reference)
        value = self._fill_checked(self.resolver.resolve(schema), name, depth)
        self.resolver.open.pop()
        return value

    def _fill_checked(self, schema: Schema, name: str, depth: int) -> object:
        """Fill a schema; where keywords forbid what was filled, try other values."""
        if depth > MAX_DEPTH * 3:  # a union that leads back to itself
            return None
        value = self._fill_plain(schema, name, depth)
        if _UNCERTAIN.isdisjoint(schema) or is_valid(value, schema, self.resolver.root):
            return value
        others = self._others(schema, name, depth, value)
        return next((o for o in others if is_valid(o, schema, self.resolver.root)), value)

    def _fill_plain(self, schema: Schema, name: str, depth: int) -> object:
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._pick_option(schema["enum"], schema, name)
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                return self._fill_union(schema, union, name, depth)
        return self._fillers[infer_type(schema)](schema, name, depth)

    def _others(self, schema: Schema, name: str, depth: int, value: Any) -> Iterator[Any]:
        """Yield other values: of each branch, of then and else, of each type."""
        base = {k: v for k, v in schema.items() if k not in _UNCERTAIN}
        for branch in ("then", "else", "if"):
            if isinstance(schema.get(branch), Mapping):
                part = self.resolver.resolve(schema[branch])
                yield self._fill_plain(merge_schemas(base, part), name, depth + 1)
        for keyword in ("oneOf", "anyOf"):
            for part in schema.get(keyword) or ():
                yield self.value(merge_schemas(base, self.resolver.resolve(part)), name, depth + 1)
        yield from schema.get("enum") or ()
        if is_number(value):
            yield from (value + 1, value - 1, 1, -1, value + 0.5)
        if isinstance(value, dict) and depth < MAX_DEPTH:
            properties = schema.get("properties") or {}
            yield {**value, **{k: self.value(v, k, depth + 1) for k, v in properties.items()}}
        yield from ("other", "a", "", 1, 0, True, False, None, [], {}, value)

    def _fill_union(self, schema: Schema, keyword: str, name: str, depth: int) -> object:
        """Fill the first branch that is not null; deep down, one that ends."""
        base = drop_keywords(schema, keyword)
        branches = [b for b in schema[keyword] if isinstance(b, Mapping)]
        if not branches:
            return self.value(base, name, depth + 1)
        chosen = min(branches, key=lambda branch: self._cost(branch, depth))
        reference = chosen.get("$ref")
        if isinstance(reference, str):
            self.resolver.open.append(reference)
        value = self._fill_checked(
            merge_schemas(base, self.resolver.resolve(chosen)), name, depth + 1
        )
        if isinstance(reference, str):
            self.resolver.open.pop()
        return value

    def _cost(self, branch: Schema, depth: int) -> int:
        """Rank a branch: first what does not recur, then what is not null."""
        kind = infer_type(self.resolver.resolve(branch))
        recurs = self.resolver.recurs(branch, 0) or (
            depth >= MAX_DEPTH - 2 and kind in ("object", "array")
        )
        return 4 * recurs + (kind == "null")

    def _pick_option(self, options: Sequence[object], schema: Schema, name: str) -> object:
        """Pick the option that the text names, else the default, else the first."""
        text = normalize(self.evidence.text)
        spoken = {stem(w) for w in words(self.evidence.text)}
        for option in options:
            if (
                isinstance(option, str)
                and option
                and re.search(rf"\b{re.escape(normalize(option))}\b", text)
            ):
                return option
        for option in options:
            if isinstance(option, str) and spoken.intersection(stems(option)):
                return option
        default = schema.get("default")
        return default if default in options else options[0]

    def _fill_string(self, schema: Schema, name: str, depth: int) -> str:
        """Fill a string from what the name and the format ask for."""
        text = fill_string(schema, name, self.evidence) if self.written < MAX_WRITTEN else ""
        self.written += len(text)
        return text

    def _fill_boolean(self, schema: Schema, name: str, depth: int) -> bool:
        """Say yes when the text speaks of the property and does not deny it."""
        default = schema.get("default")
        hits = set(stems(name)).intersection(stems(self.evidence.text))
        if not hits:
            return default if isinstance(default, bool) else False
        return not re.search(
            r"\b(?:no|not|without|don't|sans|pas|aucun)\b", self.evidence.text.lower()
        )

    def _fill_number(self, schema: Schema, name: str, depth: int) -> float | int:
        """Take a number of the text, bent into the bounds."""
        used = self._number(schema, name)
        value = clamp(used, schema, whole=False)
        whole = abs(value) < 1e15 and float(value).is_integer()
        return int(value) if whole else value

    def _fill_integer(self, schema: Schema, name: str, depth: int) -> int:
        """Take a whole number of the text, bent into the bounds."""
        return int(clamp(self._number(schema, name), schema, whole=True))

    def _number(self, schema: Schema, name: str) -> float:
        hints = {normalize(w) for w in words(f"{name} {schema.get('description', '')}")}
        near = self.evidence.number_near(hints - {"number", "the", "of", "a"})
        if near is not None:
            return near
        default = schema.get("default")
        if isinstance(default, int | float) and not isinstance(default, bool):
            return default
        used = self.evidence.take_number()
        return 0 if used is None else used

    def _fill_null(self, schema: Schema, name: str, depth: int) -> None:
        """Null is null."""

    def _fill_array(self, schema: Schema, name: str, depth: int) -> list[object]:
        """Fill a list with everything of its kind that the text holds."""
        prefix = schema.get("prefixItems") or ()
        found = [self.value(item, name, depth + 1) for item in prefix]
        items = (
            self.resolver.resolve(schema["items"])
            if isinstance(schema.get("items"), Mapping)
            else {}
        )
        least = min(int(schema.get("minItems") or 0), MAX_ITEMS)
        most = 8 if schema.get("maxItems") is None else int(schema["maxItems"])
        found += self._contained(schema, name, depth)
        if prefix and not items:
            return found
        requested = max(least, min(most, count_available(items, self.evidence, self.resolver)))
        if depth >= MAX_DEPTH - 2 or self.resolver.recurs(schema.get("items"), 0):
            requested = least
        seen = {json.dumps(item, sort_keys=True) for item in found}
        for _ in range(requested - len(found)):
            if self.resolver.steps > MAX_STEPS:
                break
            item = self.value(
                schema.get("items") or {"type": "string"}, name.removesuffix("s"), depth + 1
            )
            text = json.dumps(item, sort_keys=True)
            if not (schema.get("uniqueItems") and text in seen):
                found.append(item)
                seen.add(text)
        return add_distinct(found, items, least) if schema.get("uniqueItems") else found

    def _contained(self, schema: Schema, name: str, depth: int) -> list[object]:
        """Return the items that ``contains`` asks for."""
        if not isinstance(schema.get("contains"), Mapping):
            return []
        times = min(int(schema.get("minContains", 1)), MAX_ITEMS)
        part = merge_schemas(
            self.resolver.resolve(schema.get("items")), self.resolver.resolve(schema["contains"])
        )
        return [self.value(part, name, depth + 1) for _ in range(times)]

    def _fill_object(self, schema: Schema, name: str, depth: int) -> dict[str, object]:
        """Fill the required properties, and the optional ones that the text speaks of."""
        properties = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        requested = [
            key
            for key, sub in properties.items()
            if key in required or (depth < MAX_DEPTH - 4 and self._is_mentioned(key, sub))
        ]
        requested = requested[:MAX_STEPS]
        first = sorted(requested, key=lambda key: not self._is_hinted(key, properties[key]))
        values = {key: self.value(properties[key], key, depth + 1) for key in first}
        filled = {key: values[key] for key in requested}
        extra = schema.get("additionalProperties")
        for key in sorted(required - set(properties)):
            filled[key] = self.value(extra, key, depth + 1) if isinstance(extra, Mapping) else ""
        return self._enough(filled, schema, depth)

    def _enough(self, filled: dict[str, object], schema: Schema, depth: int) -> dict[str, object]:
        """Add what ``minProperties`` wants, and an entry to a map."""
        properties, extra = schema.get("properties") or {}, schema.get("additionalProperties")
        is_map = isinstance(extra, Mapping) and not properties and depth < MAX_DEPTH
        least = max(min(int(schema.get("minProperties") or 0), MAX_ITEMS), 1 if is_map else 0)
        if schema.get("maxProperties") is not None:
            least = min(least, int(schema["maxProperties"]))
        for key, sub in properties.items():
            if len(filled) < least and key not in filled:
                filled[key] = self.value(sub, key, depth + 1)
        position = 0
        while len(filled) < least and extra is not False and self.resolver.steps <= MAX_STEPS:
            position += 1
            key = (self.evidence.take_name() if is_map else None) or f"key_{position}"
            filled.setdefault(key, self.value(extra or {"type": "string"}, key, depth + 1))
        return filled

    def _is_hinted(self, name: str, schema: object) -> bool:
        """Whether a property knows what it looks for, and so may choose first."""
        return isinstance(schema, Mapping) and is_hinted(name, self.resolver.resolve(schema))

    def _is_mentioned(self, name: str, schema: object) -> bool:
        """Whether the text gives a reason to fill an optional property."""
        if not isinstance(schema, Mapping):
            return False
        schema = self.resolver.resolve(schema)
        spoken = {stem(w) for w in words(self.evidence.text)}
        options = [o for o in schema.get("enum") or () if isinstance(o, str)]
        return bool(
            spoken.intersection(stems(name)) or any(spoken.intersection(stems(o)) for o in options)
        )

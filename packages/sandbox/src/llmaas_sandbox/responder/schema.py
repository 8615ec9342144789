"""A value that satisfies a JSON schema, filled from the text where the text says something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmaas_sandbox.responder.evidence import Evidence
from llmaas_sandbox.responder.keywords import bounded, is_number, kind_of, merged, without
from llmaas_sandbox.responder.strings import fill_string, hinted
from llmaas_sandbox.responder.valid import is_valid
from llmaas_sandbox.responder.wellformed import find, schema_problem
from llmaas_sandbox.responder.words import fold, stem, stems, words

Schema = Mapping[str, Any]
MAX_DEPTH = 12
MAX_STEPS = 20_000
"""Values filled for one schema: more than an answer holds."""
MAX_ITEMS = 10_000
MAX_WRITTEN = 1_000_000
"""Characters of all strings of one value: more than the largest answer holds."""
MAX_STARTS = 50
"""Places of a prompt where a schema is looked for."""
MAX_TEXT = 100_000
"""Characters of the conversation that are looked at."""
_UNCERTAIN = frozenset(("not", "if", "then", "else", "contains", "oneOf", "minProperties"))
"""Keywords that filling alone does not promise to keep."""


def fill(schema: Schema, text: str) -> Any:
    """Return a value valid for the schema, taken from the text.

    Bounded in steps: of a schema that asks for more than that, the rest is left out, as an
    engine's budget of tokens would cut it.
    """
    return _Filler(schema, Evidence(text[:MAX_TEXT])).value(schema, "", 0)


class _Filler:
    def __init__(self, root: Schema, evidence: Evidence) -> None:
        self.root = root
        self.evidence = evidence
        self.steps = 0
        self.written = 0
        self.open: list[str] = []
        """References that are being filled: what recurs is ended as soon as it may."""

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """Fill one schema; ``name`` is the property's, for hints."""
        self.steps += 1
        if not isinstance(schema, Mapping) or self.steps > MAX_STEPS or depth > MAX_DEPTH * 3:
            return {} if schema is True else None
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return self._checked(self.resolved(schema), name, depth)
        self.open.append(reference)
        value = self._checked(self.resolved(schema), name, depth)
        self.open.pop()
        return value

    def _checked(self, schema: Schema, name: str, depth: int) -> Any:
        """Fill a schema; where keywords forbid what was filled, try other values."""
        if depth > MAX_DEPTH * 3:  # a union that leads back to itself
            return None
        value = self._plain(schema, name, depth)
        if _UNCERTAIN.isdisjoint(schema) or is_valid(value, schema, self.root):
            return value
        others = self._others(schema, name, depth, value)
        return next((o for o in others if is_valid(o, schema, self.root)), value)

    def _plain(self, schema: Schema, name: str, depth: int) -> Any:
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.enum(schema["enum"], schema, name)
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                return self.union(schema, union, name, depth)
        return getattr(self, f"of_{kind_of(schema)}")(schema, name, depth)

    def _others(self, schema: Schema, name: str, depth: int, value: Any) -> Iterator[Any]:
        """Yield other values: of each branch, of then and else, of each type."""
        base = {k: v for k, v in schema.items() if k not in _UNCERTAIN}
        for branch in ("then", "else", "if"):
            if isinstance(schema.get(branch), Mapping):
                part = self.resolved(schema[branch])
                yield self._plain(merged(base, part), name, depth + 1)
        for keyword in ("oneOf", "anyOf"):
            for part in schema.get(keyword) or ():
                yield self.value(merged(base, self.resolved(part)), name, depth + 1)
        yield from schema.get("enum") or ()
        if is_number(value):
            yield from (value + 1, value - 1, 1, -1, value + 0.5)
        if isinstance(value, dict) and depth < MAX_DEPTH:
            properties = schema.get("properties") or {}
            yield {**value, **{k: self.value(v, k, depth + 1) for k, v in properties.items()}}
        yield from ("other", "a", "", 1, 0, True, False, None, [], {}, value)

    def resolved(self, schema: Any) -> Schema:
        """Follow ``$ref`` and merge ``allOf``; a chain that leads back to itself ends."""
        return self._resolved(schema, MAX_DEPTH)

    def _resolved(self, schema: Any, left: int) -> Schema:
        if not isinstance(schema, Mapping):
            return {}
        self.steps += 1
        if left <= 0 or self.steps > MAX_STEPS:
            return without(schema, "$ref", "allOf")
        if "$ref" in schema:
            target: Any = find(self.root, schema["$ref"])
            inner: Schema = self._resolved(target, left - 1) if isinstance(target, Mapping) else {}
            schema = {**inner, **without(schema, "$ref")}
        for part in schema.get("allOf") or ():
            schema = merged(without(schema, "allOf"), self._resolved(part, left - 1))
        return dict(schema)

    def union(self, schema: Schema, keyword: str, name: str, depth: int) -> Any:
        """Fill the first branch that is not null; deep down, one that ends."""
        base = without(schema, keyword)
        branches = [b for b in schema[keyword] if isinstance(b, Mapping)]
        if not branches:
            return self.value(base, name, depth + 1)
        chosen = min(branches, key=lambda branch: self._cost(branch, depth))
        reference = chosen.get("$ref")
        if isinstance(reference, str):
            self.open.append(reference)
        value = self._checked(merged(base, self.resolved(chosen)), name, depth + 1)
        if isinstance(reference, str):
            self.open.pop()
        return value

    def _cost(self, branch: Schema, depth: int) -> int:
        """Rank a branch: first what does not recur, then what is not null."""
        kind = kind_of(self.resolved(branch))
        recurs = self._recurs(branch, 0) or (depth >= MAX_DEPTH - 2 and kind in ("object", "array"))
        return 4 * recurs + (kind == "null")

    def _recurs(self, branch: Any, depth: int) -> bool:
        """Tell whether a branch needs something that is being filled."""
        if not isinstance(branch, Mapping) or depth > 4:
            return False
        if branch.get("$ref") in self.open and self.open:
            return True
        schema = self.resolved(branch)
        properties = schema.get("properties") or {}
        needed = [properties.get(name) for name in schema.get("required") or ()]
        return any(self._recurs(part, depth + 1) for part in needed[:20])

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
        text = fill_string(schema, name, self.evidence) if self.written < MAX_WRITTEN else ""
        self.written += len(text)
        return text

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
        value = bounded(taken, schema, whole=False)
        whole = abs(value) < 1e15 and float(value).is_integer()
        return int(value) if whole else value

    def of_integer(self, schema: Schema, name: str, depth: int) -> int:
        """Take a whole number of the text, bent into the bounds."""
        return int(bounded(self._number(schema, name), schema, whole=True))

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
        least = min(int(schema.get("minItems") or 0), MAX_ITEMS)
        most = 8 if schema.get("maxItems") is None else int(schema["maxItems"])
        found += self._contained(schema, name, depth)
        if prefix and not items:
            return found
        wanted = max(least, min(most, self._supply(items)))
        if depth >= MAX_DEPTH - 2 or self._recurs(schema.get("items"), 0):
            wanted = least
        seen = {json.dumps(item, sort_keys=True) for item in found}
        for _ in range(wanted - len(found)):
            if self.steps > MAX_STEPS:
                break
            item = self.value(
                schema.get("items") or {"type": "string"}, name.removesuffix("s"), depth + 1
            )
            text = json.dumps(item, sort_keys=True)
            if not (schema.get("uniqueItems") and text in seen):
                found.append(item)
                seen.add(text)
        return self._distinct(found, items, least) if schema.get("uniqueItems") else found

    def _contained(self, schema: Schema, name: str, depth: int) -> list[Any]:
        """Return the items that ``contains`` asks for."""
        if not isinstance(schema.get("contains"), Mapping):
            return []
        times = min(int(schema.get("minContains", 1)), MAX_ITEMS)
        part = merged(self.resolved(schema.get("items")), self.resolved(schema["contains"]))
        return [self.value(part, name, depth + 1) for _ in range(times)]

    def _distinct(self, found: list[Any], items: Schema, least: int) -> list[Any]:
        options = list(items.get("enum") or ()) or [f"item {i + 1}" for i in range(least)]
        if kind_of(items) in ("integer", "number"):
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

    def _supply(self, items: Schema) -> int:
        """Count how many items the text can fill, at least one."""
        kind = kind_of(items) if items else "string"
        if items.get("enum"):
            return 1
        if kind in ("number", "integer"):
            return max(1, len(self.evidence.numbers))
        if kind == "string":
            return max(1, len(self.evidence.quoted) or len(self.evidence.names))
        return self._supply_of_objects(items) if kind == "object" else 1

    def _supply_of_objects(self, items: Schema) -> int:
        """Count the objects that names and numbers fill in pairs, at least one."""
        kinds = [kind_of(self.resolved(p)) for p in (items.get("properties") or {}).values()]
        texts = kinds.count("string")
        numbers = sum(kind in ("integer", "number") for kind in kinds)
        if not texts or not numbers:
            return 1
        names = len(self.evidence.quoted) or len(self.evidence.names)
        return max(1, min(names // texts, len(self.evidence.numbers) // numbers))

    def of_object(self, schema: Schema, name: str, depth: int) -> dict[str, Any]:
        """Fill the required properties, and the optional ones that the text speaks of."""
        properties = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        wanted = [
            key
            for key, sub in properties.items()
            if key in required or (depth < MAX_DEPTH - 4 and self.spoken_of(key, sub))
        ]
        wanted = wanted[:MAX_STEPS]
        first = sorted(wanted, key=lambda key: not self.is_hinted(key, properties[key]))
        values = {key: self.value(properties[key], key, depth + 1) for key in first}
        filled = {key: values[key] for key in wanted}
        extra = schema.get("additionalProperties")
        for key in sorted(required - set(properties)):
            filled[key] = self.value(extra, key, depth + 1) if isinstance(extra, Mapping) else ""
        return self._enough(filled, schema, depth)

    def _enough(self, filled: dict[str, Any], schema: Schema, depth: int) -> dict[str, Any]:
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
        while len(filled) < least and extra is not False and self.steps <= MAX_STEPS:
            position += 1
            key = (self.evidence.take_name() if is_map else None) or f"key_{position}"
            filled.setdefault(key, self.value(extra or {"type": "string"}, key, depth + 1))
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


def schema_in(text: str) -> Schema | None:
    """Find a JSON schema written out in a prompt, as clients do when nothing else works."""
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
        if ("properties" in inner or "$defs" in inner) and not schema_problem(inner):
            found: Schema = inner
            return found
        start = text.find("{", end)
    return None

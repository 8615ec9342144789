"""Strings for a schema, by format, pattern and property name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.responder.evidence import Evidence
from llmaas_sandbox.responder.patterns import build_match
from llmaas_sandbox.responder.words import is_french, normalize, word_set, words

MAX_LENGTH = 1_000_000
"""Characters of one string: more than the largest answer holds."""
_FORMATS: Mapping[str, tuple[str, str]] = {
    "date": ("date", "2026-01-01"),
    "date-time": ("date", "2026-01-01T00:00:00Z"),
    "email": ("email", "someone@example.org"),
    "uri": ("url", "https://example.org/"),
    "url": ("url", "https://example.org/"),
}
_FIXED: Mapping[str, str] = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "time": "00:00:00Z",
    "duration": "PT1H",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.org",
}
_PLACES = word_set(
    """
    city location place ville lieu country pays address adresse destination origin where
    town region
    """
)
_PEOPLE = word_set(
    """
    name nom person personne author auteur who user customer client recipient firstname
    lastname prenom
    """
)
_WHOLE = word_set(
    """
    query question q search text prompt message input content request task requete demande
    topic subject sujet instruction thoughts reason
    """
)
_CODES: Mapping[str, str] = {
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "usd": "USD",
    "dollar": "USD",
    "dollars": "USD",
}


def fill_string(schema: Mapping[str, object], name: str, evidence: Evidence) -> str:
    """Build a string that is valid for the schema."""
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        tokens = (t.strip(".,;:!?()[]\"'«»") for t in evidence.text.split())
        return build_match(pattern, [*evidence.quoted, *tokens, evidence.text])
    form = str(schema.get("format") or "")
    if form in _FIXED:
        return _FIXED[form]
    if form in _FORMATS:
        return _formatted(form, evidence)
    return _fitted(_by_name(schema, name, evidence), schema)


def is_hinted(name: str, schema: Mapping[str, object]) -> bool:
    """Whether a property's name or format suggests a kind of value."""
    return bool(schema.get("format") or schema.get("pattern") or _hints(name) & (_PLACES | _PEOPLE))


def _hints(name: str) -> set[str]:
    return {normalize(w) for w in words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))}


def _formatted(form: str, evidence: Evidence) -> str:
    kind, fallback = _FORMATS[form]
    found = evidence.first(kind) or fallback
    if form == "date":
        return found[:10]
    if form == "date-time" and len(found) < 20:
        return f"{found[:10]}T{found[11:19] or '00:00:00'}Z"
    return found


def _by_name(schema: Mapping[str, object], name: str, evidence: Evidence) -> str:
    """Choose a string by the name and the description of its field, else from the prompt."""
    hints = _hints(name)
    about = hints | {normalize(w) for w in words(str(schema.get("description") or ""))}
    if about & {"expression", "formula", "calculation", "calcul"}:
        found = evidence.first("math")
        if found:
            return found
    if hints & {"date", "day", "jour", "email", "mail", "url", "link", "lien"}:
        kind = (
            "email"
            if hints & {"email", "mail"}
            else "url"
            if hints & {"url", "link", "lien"}
            else "date"
        )
        found = evidence.first(kind)
        if found:
            return found
    if hints & {"language", "lang", "langue"}:
        return "fr" if is_french(evidence.text) else "en"
    if "currency" in hints or "devise" in hints:
        return next(
            (_CODES[normalize(w)] for w in words(evidence.text) if normalize(w) in _CODES), "EUR"
        )
    return _from_text(schema, hints, evidence)


def _from_text(schema: Mapping[str, object], hints: set[str], evidence: Evidence) -> str:
    if hints & _WHOLE and not evidence.quoted:
        return " ".join(evidence.text.split())
    quoted = evidence.take_quoted()
    if quoted is not None:
        return quoted
    named = evidence.take_name(prefer_places=bool(hints & _PLACES))
    if named is not None:
        return named
    default = schema.get("default")
    if isinstance(default, str):
        return default
    return (
        "" if hints & (_PLACES | _PEOPLE) and not evidence.text else " ".join(evidence.text.split())
    )


def _fitted(text: str, schema: Mapping[str, Any]) -> str:
    least, most = int(schema.get("minLength") or 0), schema.get("maxLength")
    if len(text) < least:
        text = text.ljust(min(least, MAX_LENGTH), "x")
    return text if most is None else text[: int(most)]

"""Prompt screening in three layers: structure, patterns, and earlier prompts of the key."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from llmaas_sandbox.errors import Refusal
from llmaas_sandbox.prompts.patterns import MIXED_SCRIPTS, PATTERNS, SUSPICIOUS_KEYS
from llmaas_sandbox.responder.conversation import last_user_text

REMEMBERED = 8
SAME_PROMPT_LIMIT = 30
"""Consecutive repetitions of one prompt that were blocked (DOC)."""


class Screening:
    """Prompt screening with the recent prompts of each key."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._repeats: dict[str, tuple[str, int]] = {}

    def check(self, messages: Sequence[Mapping[str, object]], key_id: str) -> None:
        """Raise a 403 refusal, in the service's format, for a suspicious prompt."""
        prompt = last_user_text(messages)
        behaves_badly = self._behaviour(prompt, key_id)
        if structure(prompt) or patterns(prompt) or behaves_badly:
            raise Refusal(403, {"detail": "Prompt blocked for security reasons"})

    def _behaviour(self, prompt: str, key_id: str) -> bool:
        """Check the recent prompts together, to find split instructions and repetitions."""
        recent = self._recent[key_id]
        joined = " ".join((*recent, prompt))
        recent.append(prompt)
        last, times = self._repeats.get(key_id, ("", 0))
        times = times + 1 if prompt == last else 1
        self._repeats[key_id] = (prompt, times)
        if patterns(joined) and times < SAME_PROMPT_LIMIT and not _each_alike(recent):
            recent.clear()
            return True
        return times >= SAME_PROMPT_LIMIT

    def clear(self) -> None:
        """Clear the recent prompts."""
        self._recent.clear()
        self._repeats.clear()


def _each_alike(prompts: Sequence[str]) -> bool:
    """Whether the prompts are all equal, which another rule covers."""
    return len(prompts) > 1 and len(set(prompts)) == 1


def structure(prompt: str) -> bool:
    """Whether a prompt hides JSON instructions or look-alike letters."""
    text = prompt.strip()
    if unicodedata.normalize("NFKC", text) != text and not _only_typography(text):
        return True
    if not text.startswith("{"):
        return False
    try:
        return not SUSPICIOUS_KEYS.isdisjoint(_keys(json.loads(text)))
    except (ValueError, RecursionError):
        return True


def _only_typography(text: str) -> bool:
    """Allow what French writes every day: narrow spaces, ellipses, ordinals, accents."""
    plain = text
    for sign in "\u00a0\u202f\u2026\u00b2\u00b3\u00ba\u00aa\u00bd\u2122":
        plain = plain.replace(sign, "")
    composed = unicodedata.normalize("NFC", plain)
    return unicodedata.normalize("NFKC", composed) == composed


def _keys(value: object) -> set[str]:
    if isinstance(value, Mapping):
        return {str(k).lower() for k in value} | {k for v in value.values() for k in _keys(v)}
    return {k for v in value for k in _keys(v)} if isinstance(value, list) else set()


def patterns(prompt: str) -> bool:
    """Whether a prompt contains a suspicious phrase."""
    return bool(MIXED_SCRIPTS.search(prompt)) or any(p.search(prompt) for p in PATTERNS)

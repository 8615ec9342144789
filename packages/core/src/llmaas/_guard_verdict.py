"""Parser of verdicts of guardian models; only a clear no counts as safe.

Formats: Granite Guardian (``Yes``, ``No``, ``<score> no </score>``, with reasoning and a
confidence beside it), Llama Guard and ShieldGemma (``safe``, ``unsafe`` and a list of
categories), Qwen3Guard (``Safety: Safe`` and ``Categories: None``).
"""

from __future__ import annotations

import re

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_SCORE = re.compile(r"<score>\s*(\w+)\s*</score>", re.IGNORECASE)
_CONFIDENCE = re.compile(r"<confidence>\s*\w+\s*</confidence>", re.IGNORECASE)
_LABELED = re.compile(r"\A(?:safety|risk|harmful|answer|label)\s*:\s*(\w+)", re.IGNORECASE)
_NOTHING = re.compile(r"\Acategor(?:y|ies)\s*:\s*(?:none|-)?\Z", re.IGNORECASE)
_AROUND = " \t\r\n.,:;!*_\"'`"
_SENTENCES = frozenset(
    {"no, it is safe", "no, this is safe", "no, the message is safe", "no, there is no risk"}
)
"""The only longer answers that are a clear no."""
_SAFE, _RISK = frozenset({"no", "safe"}), frozenset({"yes", "unsafe", "controversial"})


def parse_verdict(text: str) -> bool | None:
    """Return whether a guardian finds a risk, or None where its answer is not clear.

    False means that the answer is ``no`` or ``safe`` and nothing else. Words beside it, two
    different verdicts, or an unfinished thought are not clear.
    """
    text = _CONFIDENCE.sub("", _THOUGHT.sub("", text[:20_000], count=1)).strip()
    if scores := [score.lower() for score in _SCORE.findall(text)]:
        return _judge(set(scores), _SCORE.sub("", text))
    first, _, rest = text.partition("\n")
    label = _LABELED.match(first)
    word = (label[1] if label and label.end() == len(first.rstrip()) else first).lower()
    word = word.strip(_AROUND)
    if word in _SAFE or word in _SENTENCES:
        return None if _has_more(rest) else False
    first_word, *others = re.split(r"\W+", word)
    return True if first_word in _RISK and _SAFE.isdisjoint(others) else None


def _judge(scores: set[str], beside: str) -> bool | None:
    """Return what scores in tags say; words beside a no make it unclear."""
    if scores <= _RISK:
        return True
    return False if scores <= _SAFE and not _has_more(beside) else None


def _has_more(text: str) -> bool:
    bare = text.strip(_AROUND)
    return bool(bare) and not _NOTHING.match(bare)

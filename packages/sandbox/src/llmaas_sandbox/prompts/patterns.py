"""Patterns of suspicious prompts in four languages, written for the sandbox."""

from __future__ import annotations

import re

_FLAGS = re.IGNORECASE | re.DOTALL

PATTERNS = tuple(
    re.compile(pattern, _FLAGS)
    for pattern in (
        r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:previous|prior|above|all)\b.{0,30}"
        r"\b(?:instructions?|rules|prompts?)\b",
        r"\b(?:reveal|print|show)\b.{0,30}\bsystem prompt\b",
        r"\b(?:ignore[sz]?|oublie[sz]?)\b.{0,40}\b(?:instructions?|consignes?|r[eè]gles)\b",
        r"(?:忽略|无视|忘记).{0,20}(?:指令|指示|规则)",
        r"(?:以前|上記|これまで).{0,12}(?:指示|命令).{0,8}(?:無視|忘れ)",
        r"<[^>]{1,80}style\s*=\s*[\"'][^\"']{0,60}(?:display\s*:\s*none|visibility\s*:\s*hidden)",
        r"<!--.{0,200}(?:instruction|ignore).{0,200}-->",
        r"\]\(\s*(?:javascript|data)\s*:",
        r"\b(\w{2,})(?:\W+\1\b){14,}",
    )
)
SUSPICIOUS_KEYS = frozenset(("system", "system_prompt", "instructions", "override", "jailbreak"))
MIXED_SCRIPTS = re.compile(
    r"\b(?=\w*[a-z])(?=\w*[\u0400-\u04ff\u0370-\u03ff])\w{3,}\b", re.IGNORECASE
)
"""A word that mixes Latin with Cyrillic or Greek letters."""

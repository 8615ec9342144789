"""Tags that models and chat templates put around reasoning inside the text."""

from __future__ import annotations

import re
from collections.abc import Iterable

OPEN, CLOSE = "<think>", "</think>"

PAIRS = {
    OPEN: CLOSE,
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<seed:think>": "</seed:think>",  # Seed-OSS
    "[THINK]": "[/THINK]",  # Magistral
    "◁think▷": "◁/think▷",  # Kimi
    "<|channel|>analysis<|message|>": "<|end|>",  # gpt-oss
    "<|start|>assistant<|channel|>analysis<|message|>": "<|end|>",
}
"""The tag that opens reasoning at the start of a text, and the one that closes it."""

HEADERS = tuple(
    f"{start}<|channel|>{channel}<|message|>"
    for start in ("", "<|start|>assistant")
    for channel in ("final", "commentary")
)
"""What gpt-oss writes before text for the user."""

TRAILERS = ("<|end|>", "<|return|>")
"""What gpt-oss writes after it."""

STRAYS = ("</think>", "</thinking>", "[/THINK]", "</seed:think>")
"""Closing tags that parsers leave at the start of the text (vLLM's Qwen and MiniMax parsers)."""

LONE_TAGS = ("</think>", "</thinking>", "[/THINK]")
_LONE = re.compile("|".join(map(re.escape, LONE_TAGS)))


def find_lone(text: str) -> re.Match[str] | None:
    """Find a closing tag whose opening one may have been in the prompt."""
    if "</think" not in text and "[/THINK]" not in text:
        return None  # far faster than the pattern
    return _LONE.search(text)


def half_at_end(text: str, tags: Iterable[str]) -> str:
    """Return the end of a text that may be the beginning of a tag."""
    longest = ""
    for tag in tags:
        start = text.rfind(tag[0], max(0, len(text) - len(tag) + 1))
        if start >= 0 and len(text) - start > len(longest) and tag.startswith(text[start:]):
            longest = text[start:]
    return longest

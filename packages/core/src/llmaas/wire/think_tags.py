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

LONE = re.compile(r"</think(?:ing)?>|\[/THINK\]")
"""A closing tag whose opening one may have been in the prompt."""

LONE_TAGS = ("</think>", "</thinking>", "[/THINK]")


def half_at_end(text: str, tags: Iterable[str]) -> str:
    """Return the end of a text that may be the beginning of a tag."""
    return max((_half(text, tag) for tag in tags), key=len)


def _half(text: str, tag: str) -> str:
    start = text.rfind(tag[0], max(0, len(text) - len(tag) + 1))
    return text[start:] if start >= 0 and tag.startswith(text[start:]) else ""

"""Tags around reasoning in the text of models and chat templates."""

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
    "<reasoning>": "</reasoning>",
    "<|channel>thought": "<channel|>",  # Gemma 4
    "<|channel|>analysis<|message|>": "<|end|>",  # gpt-oss
    "<|start|>assistant<|channel|>analysis<|message|>": "<|end|>",
}
"""Opening tags of reasoning at the beginning of a text, with their closing tags."""

HEADERS = (
    "<|message|>",
    *(
        f"{start}<|channel|>{channel}{kind}<|message|>"
        for start in ("", "<|start|>assistant")
        for channel in ("final", "commentary")
        for kind in ("", " json", "<|constrain|>json", " <|constrain|>json")
    ),
)
"""Headers that gpt-oss writes before text for the user."""

TRAILERS = ("<|end|>", "<|return|>")
"""Trailers that gpt-oss writes after text for the user."""

NEXT = "<|start|>assistant"
"""Beginning of gpt-oss's next message, even if the previous one has no end."""

STRAYS = ("</think>", "</thinking>", "[/THINK]", "</seed:think>", "</reasoning>")
"""Closing tags that parsers leave at the beginning of text (vLLM's Qwen and MiniMax parsers)."""

LONE_TAGS = ("</think>", "</thinking>", "[/THINK]")
_LONE = re.compile("|".join(map(re.escape, LONE_TAGS)))


def find_lone(text: str) -> re.Match[str] | None:
    """Find a closing tag whose opening tag may have been in the prompt."""
    if "</think" not in text and "[/THINK]" not in text:
        return None  # far faster than the pattern
    return _LONE.search(text)


def is_quoted(before: str, after: str) -> bool:
    """Whether a closing tag without an opening tag is quoted text.

    A model ends its reasoning after a sentence, a word or a line. A tag that it writes about is
    in quotes or code, after the opening tag, or between spaces within a sentence.
    """
    if before[-1:] in _OPENING_QUOTES and after[:1] in _CLOSING_QUOTES:
        return True
    if "<think" in before or "[THINK]" in before or before.count("```") % 2:
        return True
    if before[-1:] not in _BLANKS or after[:1] == "\n":
        return False
    if _LIST_ITEM.search(before):
        return True
    return before.rstrip(" \t")[-1:] not in _SENTENCE_ENDS


_OPENING_QUOTES = frozenset("`\"'«“„\u2018(>")
_CLOSING_QUOTES = frozenset("`\"'»”\u2019)<")
_LIST_ITEM = re.compile(r"(?:\A|\n)[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t]+\Z")
_BLANKS = frozenset(" \t")
_SENTENCE_ENDS = frozenset(("", *"\n.!?…。\uff01\uff1f"))


def partial_tag_at_end(text: str, tags: Iterable[str]) -> str:
    """Return the longest end of a text that may be the beginning of a tag."""
    longest = ""
    for tag in tags:
        start = text.rfind(tag[0], max(0, len(text) - len(tag) + 1))
        if start >= 0 and len(text) - start > len(longest) and tag.startswith(text[start:]):
            longest = text[start:]
    return longest

"""Control tokens of chat templates in what users write: found, and made harmless.

An engine that tokenizes a prompt with special tokens enabled reads ``<|im_start|>system`` in a
user's text as the beginning of a message of the operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMS = (
    r"<\|/?[\w ./-]{1,40}\|?>",  # ChatML, Llama 3, harmony, Phi, Granite, GLM: <|im_start|>
    r"</?\|?(?:start|end)_of_(?:turn|role|text|image)\|?>",  # Gemma, Granite
    r"<(?:turn|channel|tool_call|tool_response|tool)\|>",  # Gemma 4
    r"<\uff5c[^<>\n]{1,40}\uff5c>",  # DeepSeek, with full-width bars
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|ARGS|THINK"
    r"|CALL_ID|IMG|PREFIX|SUFFIX|MIDDLE)\]",  # Mistral
    r"<</?SYS>>",  # Llama 2
    r"</?s>|<(?:bos|eos|pad|unk)>",
    r"<\[(?:begin|end)_of_\w{1,20}\]>|<@[a-z_]{1,20}@>|<(?:end_of_utterance|endoftext)>",
)
_TOKENS = re.compile("|".join(_FORMS), re.IGNORECASE)
_FROM_OUTSIDE = frozenset({"user", "tool", "function"})


def find_control_token(text: str) -> re.Match[str] | None:
    """Return the first control token in a text, or None."""
    if "<" not in text and "[" not in text:
        return None
    return _TOKENS.search(text)


def neutralize(text: str) -> str:
    """Return a text in which no control token is one: ``<|im_start|>`` becomes ``< |im_start|>``.

    A reader sees a space more; a tokenizer sees ordinary characters.
    """
    if "<" not in text and "[" not in text:
        return text
    previous = ""
    while previous != text:  # what is left of one may be the beginning of another
        previous, text = text, _TOKENS.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return text


def neutralize_messages(messages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return messages in which users and tools write no control tokens; others stay as they are."""
    return [
        {**message, "content": _neutral(message.get("content"))}
        if message.get("role") in _FROM_OUTSIDE
        else message
        for message in messages
    ]


def _neutral(content: Any) -> Any:
    if isinstance(content, str):
        return neutralize(content)
    if isinstance(content, Sequence):
        return [_neutral_part(part) for part in content]
    return content


def _neutral_part(part: Any) -> Any:
    if isinstance(part, str):
        return neutralize(part)
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return {**part, "text": neutralize(part["text"])}
    return part

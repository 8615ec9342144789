"""Detection and neutralization of chat-template control tokens in user text.

An engine that tokenizes prompts with special tokens enabled reads ``<|im_start|>system`` in a
user's text as the beginning of a system message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

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
_UNTRUSTED_ROLES = frozenset({"user", "tool", "function"})


def find_control_token(text: str) -> re.Match[str] | None:
    """Find the first control token in a text; return None if there is none."""
    if "<" not in text and "[" not in text:
        return None
    return _TOKENS.search(text)


def neutralize(text: str) -> str:
    """Split control tokens with a space: ``<|im_start|>`` becomes ``< |im_start|>``.

    A tokenizer then reads ordinary characters.
    """
    if "<" not in text and "[" not in text:
        return text
    previous = ""
    while previous != text:  # the rest of a token may begin another
        previous, text = text, _TOKENS.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return text


def neutralize_messages(messages: Iterable[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Neutralize control tokens in messages of users and tools; other messages stay as is."""
    return [
        {**message, "content": _neutral(message.get("content"))}
        if message.get("role") in _UNTRUSTED_ROLES
        else message
        for message in messages
    ]


def _neutral(content: object) -> object:
    if isinstance(content, str):
        return neutralize(content)
    if isinstance(content, Sequence):
        return [_neutral_part(part) for part in content]
    return content


def _neutral_part(part: object) -> object:
    if isinstance(part, str):
        return neutralize(part)
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return {**part, "text": neutralize(part["text"])}
    return part

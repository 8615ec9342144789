"""Detection of context overflows in the error messages of engines.

Engines share no field for the context window, so their messages are parsed with tables of
phrases and patterns. Every pattern is bounded and anchored on a literal, and only the beginning
of a message is read, so that hostile text takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_READ = 4_000
"""Maximum characters of a message that are read."""

PHRASES = (
    "context length",  # vLLM, SGLang, OpenAI, Ollama
    "context_length",  # code of OpenAI and gateways
    "context window",  # llama-cpp-python, LiteLLM
    "contextwindowexceeded",  # LiteLLM
    "maximum context",
    "context size",  # llama.cpp
    "exceed_context",  # type of llama.cpp
    "exceed context limit",  # Anthropic behind a gateway
    "max_model_len",  # vLLM
    "maximum model length",  # vLLM
    "prompt is too long",  # Anthropic
    "max_new_tokens` must be <=",  # TGI
    "must have less than",  # TGI: `inputs` must have less than 1024 tokens
    "maximum allowed length",  # SGLang
    "input token count",  # Gemini
    "longer than the maximum",
    "too large to process",  # llama.cpp: an embedding's input beyond its physical batch
    "max_tokens must be at least 1, got -",  # vLLM 0.6: what the prompt left was negative
)
"""Phrases of a 400 for a request that exceeds the context window."""

_N = r"\(?([\d,]{1,12})"
_WINDOW = (
    r"exceed context limit: [\d,]{1,12} \+ [\d,]{1,12} > ([\d,]{1,12})",
    rf"maximum context (?:length|window|size) (?:of |is )?(?:only )?{_N}",
    rf"max_model_len ?[=:]? ?{_N}",
    rf"maximum model length of {_N}",
    rf"context (?:length|window|size|limit)(?: of| is)?(?: only)?:? {_N}",
    r"([\d,]{1,12}) maximum(?: context length)?\b",  # Mistral, Anthropic
    rf"must be <= {_N}",
    rf"must have less than {_N}",
    rf"maximum (?:number of tokens allowed|allowed length|input length) {_N}",
)
_PROMPT = (
    r"([\d,]{1,12}) (?:tokens )?(?:in|from) the (?:input )?(?:messages|prompt)",
    rf"(?:request|prompt) (?:has|contains) (?:at least )?{_N} (?:input )?tokens",
    rf"(?:request|input|input length|requested tokens|input token count) {_N}(?: tokens)?\)",
    r"given: ([\d,]{1,12}) `inputs`",
    r"exceed context limit: ([\d,]{1,12}) \+",
    rf"prompt is too long: {_N}",
    rf"messages resulted in {_N}",  # OpenAI
    rf"(?:total )?length {_N}\) is (?:longer|too long)",
)
_LIMIT = (
    rf"supports at most {_N} completion tokens",  # OpenAI
    rf"range of max_tokens is \[1, ?{_N}",  # DeepSeek
    rf"must be less than or equal to `?{_N}`?, the maximum value",  # Groq
)
_AT_LEAST = "at least"
"""vLLM stops counting a prompt at the limit, so that its number is a lower bound."""


@dataclass(frozen=True, slots=True)
class Overflow:
    """Numbers of a refusal in tokens; None where its words do not tell."""

    window: int | None = None
    prompt: int | None = None
    limit: int | None = None
    """Maximum tokens of an answer, independent of the prompt."""
    is_lower_bound: bool = False
    """Whether ``prompt`` is a lower bound."""


_LONGER = re.compile(r"(?:longer than|exceeds?|more than) (?:the limit of )?[\d,]{1,12} tokens")


def is_overflow(words: str) -> bool:
    """Whether an error message reports that the context window is exceeded."""
    text = words[:_READ].lower()
    return any(phrase in text for phrase in PHRASES) or _LONGER.search(text) is not None


def parse_overflow(message: str, body: object = None) -> Overflow:
    """Parse the context window and the counts of an error; ``body`` is its parsed JSON."""
    text = message[:_READ].lower()
    fields = _fields(body)
    return Overflow(
        window=_number(fields.get("n_ctx")) or _first(_WINDOW, text),
        prompt=_number(fields.get("n_prompt_tokens")) or _first(_PROMPT, text),
        limit=_first(_LIMIT, text),
        is_lower_bound=_AT_LEAST in text and "input tokens" in text,
    )


def _fields(body: object) -> Mapping[str, object]:
    """Return the fields of an error body; llama.cpp reports its counts there."""
    inner = body.get("error", body) if isinstance(body, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _number(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None


def _first(patterns: tuple[str, ...], text: str) -> int | None:
    for pattern in patterns:
        found = re.search(pattern, text)
        digits = found.group(1).replace(",", "") if found else ""
        if digits:
            return int(digits) or None
    return None

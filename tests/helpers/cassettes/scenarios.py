"""Prompts of all packages' cassettes, so that the cassettes can be compared."""

from __future__ import annotations

TALKER = "mistral-small4:119b"
THINKER = "gpt-oss:120b"
EMBEDDER = "qwen3-embedding:0.6b"
RERANKER = "qwen3-reranker:4b"

SAY = 'Dis "été".'
SKY = "Pourquoi le ciel est-il bleu ? Réponds en cinq mots."
"""Short, so that a real model's streamed reasoning keeps a cassette small."""
TWO_CITIES = "What is the weather in Paris and Lyon?"
NAMED = 'The city is "Nantes".'
PASSAGES = ("La clé du dépôt est signée.", "Le prix du café monte.", "Un paquet a une version.")
PRICE = "le prix du café"
SPOKEN = ("a.mp3", b"ID3")

WRONG_KEY = "sk-test-wrong"
UNKNOWN = "no-such-model"
LIMIT = "status:429:7"
"""How the sandbox is made to refuse: a limit is reached, try again in seven seconds."""

OF_CHAT = (
    "chat",
    "reasoning",
    "tools",
    "structured",
    "unknown-model",
    "wrong-key",
    "limit-reached",
)
"""Scenarios of each package with a chat class, whole and (``-stream``) streamed."""


def micro_eur(prompt_tokens: int, completion_tokens: int) -> int:
    """Return what a chat costs by the tariff of 2026: 1.80 and 8 EUR per million tokens."""
    return round(prompt_tokens * 1.8 + completion_tokens * 8)

"""Price of a response in micro-euros: the price list since 17 May 2026 (DOC).

The sandbox counts for itself, so that it can contradict the client.
"""

from __future__ import annotations

from math import ceil

from llmaas_sandbox.usage import Usage

INPUT, OUTPUT, DOCUMENT = 1_800_000, 8_000_000, 4_000_000
"""Per million."""
BATCH_INPUT, BATCH_OUTPUT = 900_000, 4_000_000
AUDIO_MINUTE = 10_000
"""Per minute begun."""


def calculate_cost(usage: Usage, batch: bool = False) -> int:
    """Calculate micro-euros; the output tokens include the reasoning tokens."""
    entry, exit_ = (BATCH_INPUT, BATCH_OUTPUT) if batch else (INPUT, OUTPUT)
    spoken = 0 if usage.documents else usage.prompt * entry + usage.completion * exit_
    ranked = usage.documents * DOCUMENT
    return (spoken + ranked + 500_000) // 1_000_000 + ceil(usage.seconds / 60) * AUDIO_MINUTE

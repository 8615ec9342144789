"""Names of OpenTelemetry's GenAI semantic conventions (in development; as of 2026-11)."""

from __future__ import annotations

PROVIDER = "llmaas"

OPERATIONS = {
    "chat": "chat",
    "embeddings": "embeddings",
    "rerank": "rerank",
    "transcription": "transcription",
    "speech": "speech",
    "image": "generate_content",
    "batch": "batch",
}
"""Operation names of the conventions; for others, the name of the operation here."""

REQUEST_PARAMETERS = {
    "max_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    "top_k": "gen_ai.request.top_k",
    "dimensions": "gen_ai.embeddings.dimension.count",
}

OUTPUT_TYPES = {"speech": "speech", "image": "image"}
"""Output types by operation. A chat has one if it requests JSON."""

CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
CONTENT_ON_SPANS = frozenset({"true", "1", "span_only", "span_and_event"})
"""Values of the variable that add messages to spans; others are no_content and event_only."""

TOKEN_BUCKETS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576]
SECOND_BUCKETS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96,
                  81.92]  # fmt: skip

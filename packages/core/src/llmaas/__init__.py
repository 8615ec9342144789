"""Client of LLMaaS: answers, reasoning, usage, cost and typed errors for every model.

Names are imported at first use: ``import llmaas`` is fast, and ``openai`` is imported only for an
API error or ``client.openai``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmaas._lazy import MODULE_BY_NAME, import_at_first_use
from llmaas._version import __version__

if TYPE_CHECKING:
    from llmaas.client import AsyncLLMaaS, LLMaaS
    from llmaas.content_parts import image_part
    from llmaas.errors import (
        APIConnectionError,
        APIError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        BudgetExceededError,
        ConfigurationError,
        ContextOverflowError,
        DeadlineExceededError,
        InternalServerError,
        InvalidInputError,
        InvalidResponseError,
        LedgerError,
        LLMaaSError,
        MissingAPIKeyError,
        ModelNotFoundError,
        NotFoundError,
        PermissionDeniedError,
        PromptBlockedError,
        QuotaExceededError,
        RateLimitError,
        StreamError,
        StreamInterrupted,
        StructuredOutputError,
    )
    from llmaas.settings import Limits, Timeout
    from llmaas.streaming import AsyncStream, Stream
    from llmaas.types import (
        Adjustment,
        Attempt,
        Backend,
        Batch,
        Choice,
        Completion,
        Done,
        Embeddings,
        Event,
        Image,
        LiveModel,
        RateLimit,
        ReasoningDelta,
        RerankResponse,
        RerankResult,
        Speech,
        TextDelta,
        ToolCall,
        ToolCallDelta,
        Transcription,
        Usage,
    )

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "Adjustment",
    "AsyncLLMaaS",
    "AsyncStream",
    "Attempt",
    "AuthenticationError",
    "Backend",
    "BadRequestError",
    "Batch",
    "BudgetExceededError",
    "Choice",
    "Completion",
    "ConfigurationError",
    "ContextOverflowError",
    "DeadlineExceededError",
    "Done",
    "Embeddings",
    "Event",
    "Image",
    "InternalServerError",
    "InvalidInputError",
    "InvalidResponseError",
    "LLMaaS",
    "LLMaaSError",
    "LedgerError",
    "Limits",
    "LiveModel",
    "MissingAPIKeyError",
    "ModelNotFoundError",
    "NotFoundError",
    "PermissionDeniedError",
    "PromptBlockedError",
    "QuotaExceededError",
    "RateLimit",
    "RateLimitError",
    "ReasoningDelta",
    "RerankResponse",
    "RerankResult",
    "Speech",
    "Stream",
    "StreamError",
    "StreamInterrupted",
    "StructuredOutputError",
    "TextDelta",
    "Timeout",
    "ToolCall",
    "ToolCallDelta",
    "Transcription",
    "Usage",
    "__version__",
    "image_part",
]


__getattr__ = import_at_first_use(globals(), MODULE_BY_NAME)


def __dir__() -> list[str]:
    return sorted(__all__)

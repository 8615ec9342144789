"""Names that packages import at first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

NAMES_BY_MODULE: dict[str, tuple[str, ...]] = {
    "client": ("AsyncLLMaaS", "LLMaaS"),
    "_errors_base": (
        "BudgetExceededError",
        "ConfigurationError",
        "InvalidInputError",
        "LedgerError",
        "LLMaaSError",
        "MissingAPIKeyError",
        "QuotaExceededError",
        "StructuredOutputError",
    ),
    "errors": (
        "APIConnectionError",
        "APIError",
        "APIStatusError",
        "APITimeoutError",
        "AuthenticationError",
        "BadRequestError",
        "ContextOverflowError",
        "DeadlineExceededError",
        "InternalServerError",
        "InvalidResponseError",
        "ModelNotFoundError",
        "NotFoundError",
        "PermissionDeniedError",
        "PromptBlockedError",
        "RateLimitError",
        "StreamError",
        "StreamInterrupted",
    ),
    "_ipython": ("load_ipython_extension", "unload_ipython_extension"),
    "content_parts": ("image_part",),
    "settings": ("Limits", "Timeout"),
    "streaming": ("AsyncStream", "Stream"),
    "types": (
        "Adjustment",
        "Attempt",
        "Backend",
        "Batch",
        "Choice",
        "Completion",
        "Done",
        "Embeddings",
        "Event",
        "Image",
        "LiveModel",
        "RateLimit",
        "RerankResult",
        "RerankResponse",
        "ReasoningDelta",
        "Speech",
        "TextDelta",
        "ToolCall",
        "ToolCallDelta",
        "Transcription",
        "Usage",
    ),
}
MODULE_BY_NAME = {name: home for home, names in NAMES_BY_MODULE.items() for name in names}
"""Modules of the public names of ``llmaas``."""


def import_at_first_use(
    namespace: dict[str, Any], module_by_name: Mapping[str, str]
) -> Callable[[str], Any]:
    """Build the ``__getattr__`` of the package whose globals are ``namespace``."""
    package = namespace["__name__"]

    def __getattr__(name: str) -> Any:  # noqa: N807 - shown in tracebacks
        module = module_by_name.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{module}"), name)
        namespace[name] = value
        return value

    return __getattr__

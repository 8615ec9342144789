"""Detection of other instrumentations, so that each call has one span and is counted once.

Semantic Kernel and Agent Framework create a span around each call of a model, with the same
tokens; backends that add up ``gen_ai.usage`` would count the call twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_SUPPRESSED = ("suppress_instrumentation", "suppress_language_model_instrumentation")
"""Keys of OpenTelemetry's context by which an instrumentation suppresses others."""
_MODEL_CALLS = frozenset({"chat", "text_completion", "text_completions", "generate_content",
                          "embeddings"})  # fmt: skip
_OPENINFERENCE_KINDS = frozenset({"LLM", "EMBEDDING", "RERANKER"})
_WITH_METRICS = ("agent_framework", "opentelemetry.instrumentation")
"""Instrumentations that also record the tokens as metrics."""
SCOPE = "llmaas"


def is_suppressed() -> bool:
    """Whether an instrumentation around this call suppresses others."""
    from opentelemetry import context

    return any(context.get_value(key) for key in _SUPPRESSED)


def find_foreign_span() -> Span | None:
    """Return the current span if another instrumentation describes this call with it."""
    from opentelemetry import trace

    span = trace.get_current_span()
    attributes = getattr(span, "attributes", None)
    if not attributes or not span.is_recording() or _scope_name(span) == SCOPE:
        return None
    is_call = attributes.get("gen_ai.operation.name") in _MODEL_CALLS
    is_call = is_call or attributes.get("openinference.span.kind") in _OPENINFERENCE_KINDS
    is_call = is_call or attributes.get("llm.request.type") in ("chat", "completion")
    return span if is_call else None


def records_tokens(span: object) -> bool:
    """Whether the instrumentation of a span records the tokens as metrics."""
    return _scope_name(span).startswith(_WITH_METRICS)


def _scope_name(span: object) -> str:
    scope = getattr(span, "instrumentation_scope", None)
    return str(getattr(scope, "name", ""))

"""OpenTelemetry spans and metrics of every call (extra ``otel``)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llmaas._version import __version__
from llmaas.hooks import REGISTRY, CallInfo, CallResult, StreamAbandoned
from llmaas.ops.effects import Operation
from llmaas.telemetry import beside
from llmaas.telemetry.messages import input_messages, output_messages, tool_definitions
from llmaas.telemetry.names import (
    CONTENT_ON_SPANS,
    CONTENT_VARIABLE,
    OPERATIONS,
    OUTPUT_TYPES,
    PROVIDER,
    REQUEST_PARAMETERS,
    SECOND_BUCKETS,
    TOKEN_BUCKETS,
)
from llmaas.types import Completion, Embeddings

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Span, TracerProvider
    from opentelemetry.util.types import AttributeValue


class Telemetry:
    """Hook that records one span and its metrics per call.

    ``content=True`` adds messages and answers to the spans, which may contain personal data. It
    defaults to ``OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT``. If another instrumentation
    already describes the call with a span, missing attributes are added to that span instead, and
    tokens are counted once.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        content: bool | None = None,
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise ImportError(
                "telemetry needs OpenTelemetry: pip install 'llmaas[otel]'"
            ) from error
        self._trace = trace
        self._tracer = trace.get_tracer("llmaas", __version__, tracer_provider)
        self._content = _is_content_enabled() if content is None else content
        self._create_instruments(metrics.get_meter("llmaas", __version__, meter_provider))

    def before_call(self, call: CallInfo) -> Operation[Any]:
        """Start a span, unless another one describes the call."""
        if self._is_duplicate(call) or beside.is_suppressed():
            return None
        foreign = beside.find_foreign_span()
        if foreign is not None:
            return _Ticket(call, foreign, is_own=False)
        span = self._tracer.start_span(
            f"{OPERATIONS[call.operation]} {call.model}",
            kind=self._trace.SpanKind.CLIENT,
            attributes=dict(_shared_attributes(call), **dict(self._request_attributes(call))),
        )
        return _Ticket(call, span, is_own=True)
        yield  # an operation without effects

    def after_call(self, ticket: _Ticket | None, result: CallResult) -> Operation[None]:
        """End the span and record the metrics."""
        if ticket is None:
            return
        shared = dict(_shared_attributes(ticket.call))
        failed = result.error is not None and not isinstance(result.error, StreamAbandoned)
        if failed:
            shared["error.type"] = type(result.error).__qualname__
        if model := getattr(result.result, "model", None):
            shared["gen_ai.response.model"] = model
        attributes = dict(_response_attributes(result, content=self._content))
        if ticket.is_own:
            if failed and result.error is not None:
                ticket.span.set_status(
                    self._trace.StatusCode.ERROR, self._describe_error(result.error)
                )
            ticket.span.set_attributes({**shared, **attributes})
            ticket.span.end()
        else:
            _add_missing(ticket.span, {**dict(_request_parameters(ticket.call)), **attributes})
        self._record(shared, result, counts=ticket.counts)
        return
        yield

    def _is_duplicate(self, call: CallInfo) -> bool:
        """Whether the client has telemetry of its own in addition to that of the process."""
        if self not in REGISTRY:
            return False
        return any(isinstance(hook, Telemetry) for hook in call.settings.hooks)

    def _request_attributes(self, call: CallInfo) -> Iterator[tuple[str, AttributeValue]]:
        yield from _request_parameters(call)
        if not self._content:
            return
        yield "gen_ai.input.messages", input_messages(call.inputs)
        if definitions := tool_definitions(call.params.get("tools")):
            yield "gen_ai.tool.definitions", definitions

    def _describe_error(self, error: BaseException) -> str:
        """Describe an error. Its message is content, since it may quote prompts and answers."""
        status = getattr(error, "status_code", None)
        kind = (
            type(error).__qualname__ if status is None else f"{type(error).__qualname__} {status}"
        )
        return f"{kind}: {error}" if self._content else kind

    def _create_instruments(self, meter: Meter) -> None:
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            explicit_bucket_boundaries_advisory=TOKEN_BUCKETS,
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            explicit_bucket_boundaries_advisory=SECOND_BUCKETS,
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            explicit_bucket_boundaries_advisory=SECOND_BUCKETS,
        )
        self._cost = meter.create_counter("llmaas.client.cost", unit="EUR")

    def _record(
        self, shared: Mapping[str, AttributeValue], result: CallResult, *, counts: bool
    ) -> None:
        if result.cost_micro_eur:
            self._cost.add(result.cost_micro_eur / 1_000_000, shared)
        if result.first_token is not None:
            self._first.record(result.first_token, shared)
        if not counts:  # the other instrumentation records these two
            return
        self._duration.record(result.duration, shared)
        if result.usage is not None:
            used = (
                ("input", result.usage.prompt_tokens),
                ("output", result.usage.completion_tokens),
            )
            for kind, count in used:
                self._tokens.record(count, {**shared, "gen_ai.token.type": kind})


def instrument(
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    content: bool | None = None,
) -> Telemetry:
    """Record every call of this process, including those of adapters; return the hook.

    Providers default to the global ones: without a configured provider, nothing is exported. A
    second call replaces the first.
    """
    telemetry = Telemetry(
        tracer_provider=tracer_provider, meter_provider=meter_provider, content=content
    )
    REGISTRY.replace(Telemetry, telemetry)
    return telemetry


def uninstrument() -> None:
    """Stop recording the calls of this process."""
    REGISTRY.replace(Telemetry)


def _shared_attributes(call: CallInfo) -> Iterator[tuple[str, AttributeValue]]:
    """Yield the attributes of spans and metrics, of low cardinality."""
    yield "gen_ai.operation.name", OPERATIONS[call.operation]
    yield "gen_ai.provider.name", PROVIDER
    yield "gen_ai.request.model", call.model
    address = urlsplit(call.settings.root)
    yield "server.address", address.hostname or ""
    yield "server.port", address.port or (443 if address.scheme == "https" else 80)


def _request_parameters(call: CallInfo) -> Iterator[tuple[str, AttributeValue]]:
    params = {**call.params, **(_to_mapping(call.params.get("extra_body")))}
    for name, attribute in REQUEST_PARAMETERS.items():
        value = params.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield attribute, float(value) if name == "top_k" else value
    if stop := params.get("stop"):
        yield "gen_ai.request.stop_sequences", [stop] if isinstance(stop, str) else list(stop)
    if call.operation in OUTPUT_TYPES:
        yield "gen_ai.output.type", OUTPUT_TYPES[call.operation]
    elif call.operation == "chat" and _wants_json(params.get("response_format")):
        yield "gen_ai.output.type", "json"
    if call.stream:
        yield "gen_ai.request.stream", True


def _wants_json(response_format: Any) -> bool:
    if not response_format:
        return False
    return not (isinstance(response_format, Mapping) and response_format.get("type") == "text")


def _to_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _response_attributes(
    result: CallResult, *, content: bool
) -> Iterator[tuple[str, AttributeValue]]:
    if result.usage is not None:
        yield "gen_ai.usage.input_tokens", result.usage.prompt_tokens
        yield "gen_ai.usage.output_tokens", result.usage.completion_tokens
        if result.usage.reasoning_tokens is not None:
            yield "gen_ai.usage.reasoning.output_tokens", result.usage.reasoning_tokens
        if result.usage.cached_tokens is not None:
            yield "gen_ai.usage.cache_read.input_tokens", result.usage.cached_tokens
    if result.resends:
        yield "http.request.resend_count", result.resends
    if isinstance(result.result, Embeddings):
        yield "gen_ai.response.model", result.result.model
        first = next((v for v in result.result.vectors if v is not None), None)
        if first is not None:
            yield "gen_ai.embeddings.dimension.count", len(first)
    if result.cost_micro_eur is not None:
        yield "llmaas.cost_micro_eur", result.cost_micro_eur
    if result.first_token is not None:
        yield "gen_ai.response.time_to_first_chunk", result.first_token
    if isinstance(result.result, Completion):
        yield from _completion_attributes(result.result, content=content)


def _completion_attributes(
    completion: Completion, *, content: bool
) -> Iterator[tuple[str, AttributeValue]]:
    yield "gen_ai.response.model", completion.model
    reasons = [c.finish_reason for c in completion.choices if c.finish_reason]
    if reasons:
        yield "gen_ai.response.finish_reasons", reasons
    if completion.id is not None:
        yield "gen_ai.response.id", completion.id
    if completion.request_id is not None:
        yield "llmaas.request_id", completion.request_id
    if completion.backend is not None and completion.backend.machine_name:
        yield "llmaas.backend.machine_name", completion.backend.machine_name
    if content:
        yield "gen_ai.output.messages", output_messages(completion)


def _add_missing(span: Span, attributes: Mapping[str, AttributeValue]) -> None:
    """Add missing attributes to another span, unless it has ended (before a stream)."""
    if not span.is_recording():
        return
    known = getattr(span, "attributes", None) or {}
    span.set_attributes({name: v for name, v in attributes.items() if name not in known})


def _is_content_enabled() -> bool:
    return os.environ.get(CONTENT_VARIABLE, "").strip().lower() in CONTENT_ON_SPANS


class _Ticket:
    """Running call and the span that describes it."""

    __slots__ = ("call", "counts", "is_own", "span")

    def __init__(self, call: CallInfo, span: Span, *, is_own: bool) -> None:
        self.call, self.span, self.is_own = call, span, is_own
        self.counts = is_own or not beside.records_tokens(span)

"""OpenTelemetry spans and metrics of every call (extra ``otel``)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
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


class Telemetry:
    """A hook that makes one span and its metrics a call.

    ``content=True`` adds messages and answers to the spans: they may hold personal data. It
    defaults to ``OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT``. A call that another
    instrumentation describes with a span of its own gets no second one: ours adds what that
    lacks, and tokens are counted once.
    """

    def __init__(
        self,
        *,
        tracer_provider: Any = None,
        meter_provider: Any = None,
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
        self._content = _content_wanted() if content is None else content
        self._instruments(metrics.get_meter("llmaas", __version__, meter_provider))

    def before_call(self, about: CallInfo) -> Operation[Any]:
        """Start the call's span below the current one, if that does not describe the call."""
        if self._is_second(about) or beside.is_suppressed():
            return None
        theirs = beside.describing_span()
        if theirs is not None:
            return _Ticket(about, theirs, is_ours=False)
        span = self._tracer.start_span(
            f"{OPERATIONS[about.operation]} {about.model}",
            kind=self._trace.SpanKind.CLIENT,
            attributes=dict(_common(about), **dict(self._asked(about))),
        )
        return _Ticket(about, span, is_ours=True)
        yield  # an operation without effects

    def after_call(self, ticket: _Ticket | None, outcome: CallResult) -> Operation[None]:
        """End the span and record the metrics."""
        if ticket is None:
            return
        shared = dict(_common(ticket.about))
        failed = outcome.error is not None and not isinstance(outcome.error, StreamAbandoned)
        if failed:
            shared["error.type"] = type(outcome.error).__qualname__
        if model := getattr(outcome.result, "model", None):
            shared["gen_ai.response.model"] = model
        answered = dict(_answered(outcome, content=self._content))
        if ticket.is_ours:
            if failed and outcome.error is not None:
                ticket.span.set_status(self._trace.StatusCode.ERROR, self._why(outcome.error))
            ticket.span.set_attributes({**shared, **answered})
            ticket.span.end()
        else:
            _add(ticket.span, {**dict(_asked(ticket.about)), **answered})
        self._record(shared, outcome, counts=ticket.counts)
        return
        yield

    def _is_second(self, about: CallInfo) -> bool:
        """Whether a client's own telemetry sees the call beside that of the process."""
        if self not in REGISTRY:
            return False
        return any(isinstance(hook, Telemetry) for hook in about.settings.hooks)

    def _asked(self, about: CallInfo) -> Iterator[tuple[str, Any]]:
        yield from _asked(about)
        if not self._content:
            return
        yield "gen_ai.input.messages", input_messages(about.inputs)
        if definitions := tool_definitions(about.params.get("tools")):
            yield "gen_ai.tool.definitions", definitions

    def _why(self, error: BaseException) -> str:
        """Say what failed. Messages may quote prompts and answers, so they count as content."""
        status = getattr(error, "status_code", None)
        kind = (
            type(error).__qualname__ if status is None else f"{type(error).__qualname__} {status}"
        )
        return f"{kind}: {error}" if self._content else kind

    def _instruments(self, meter: Any) -> None:
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

    def _record(self, shared: Mapping[str, Any], outcome: CallResult, *, counts: bool) -> None:
        if outcome.cost_micro_eur:
            self._cost.add(outcome.cost_micro_eur / 1_000_000, shared)
        if outcome.first_token is not None:
            self._first.record(outcome.first_token, shared)
        if not counts:  # the instrumentation around this call records these two
            return
        self._duration.record(outcome.duration, shared)
        if outcome.usage is not None:
            used = (
                ("input", outcome.usage.prompt_tokens),
                ("output", outcome.usage.completion_tokens),
            )
            for kind, count in used:
                self._tokens.record(count, {**shared, "gen_ai.token.type": kind})


def instrument(
    *, tracer_provider: Any = None, meter_provider: Any = None, content: bool | None = None
) -> Telemetry:
    """Watch every call of this process, also of the adapters; return the hook.

    Without providers, the global ones are used: nothing is sent unless one is configured. A
    second call takes the place of the first, so that no call is counted twice.
    """
    telemetry = Telemetry(
        tracer_provider=tracer_provider, meter_provider=meter_provider, content=content
    )
    REGISTRY.replace(Telemetry, telemetry)
    return telemetry


def uninstrument() -> None:
    """Stop watching the process's calls."""
    REGISTRY.replace(Telemetry)


def _common(about: CallInfo) -> Iterator[tuple[str, Any]]:
    """Yield what spans and metrics share: few values, so that metrics stay small."""
    yield "gen_ai.operation.name", OPERATIONS[about.operation]
    yield "gen_ai.provider.name", PROVIDER
    yield "gen_ai.request.model", about.model
    address = urlsplit(about.settings.root)
    yield "server.address", address.hostname or ""
    yield "server.port", address.port or (443 if address.scheme == "https" else 80)


def _asked(about: CallInfo) -> Iterator[tuple[str, Any]]:
    params = {**about.params, **(_mapping(about.params.get("extra_body")))}
    for name, attribute in REQUEST_PARAMETERS.items():
        value = params.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield attribute, float(value) if name == "top_k" else value
    if stop := params.get("stop"):
        yield "gen_ai.request.stop_sequences", [stop] if isinstance(stop, str) else list(stop)
    if about.operation in OUTPUT_TYPES:
        yield "gen_ai.output.type", OUTPUT_TYPES[about.operation]
    elif about.operation == "chat" and _wants_json(params.get("response_format")):
        yield "gen_ai.output.type", "json"
    if about.stream:
        yield "gen_ai.request.stream", True


def _wants_json(response_format: Any) -> bool:
    if not response_format:
        return False
    return not (isinstance(response_format, Mapping) and response_format.get("type") == "text")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _answered(outcome: CallResult, *, content: bool) -> Iterator[tuple[str, Any]]:
    if outcome.usage is not None:
        yield "gen_ai.usage.input_tokens", outcome.usage.prompt_tokens
        yield "gen_ai.usage.output_tokens", outcome.usage.completion_tokens
        if outcome.usage.reasoning_tokens is not None:
            yield "gen_ai.usage.reasoning.output_tokens", outcome.usage.reasoning_tokens
        if outcome.usage.cached_tokens is not None:
            yield "gen_ai.usage.cache_read.input_tokens", outcome.usage.cached_tokens
    if outcome.resends:
        yield "http.request.resend_count", outcome.resends
    if isinstance(outcome.result, Embeddings):
        yield "gen_ai.response.model", outcome.result.model
        first = next((v for v in outcome.result.vectors if v is not None), None)
        if first is not None:
            yield "gen_ai.embeddings.dimension.count", len(first)
    if outcome.cost_micro_eur is not None:
        yield "llmaas.cost_micro_eur", outcome.cost_micro_eur
    if outcome.resends:
        yield "http.request.resend_count", outcome.resends
    if outcome.first_token is not None:
        yield "gen_ai.response.time_to_first_chunk", outcome.first_token
    if isinstance(outcome.result, Completion):
        yield from _of_completion(outcome.result, content=content)


def _of_completion(completion: Completion, *, content: bool) -> Iterator[tuple[str, Any]]:
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


def _add(span: Any, attributes: Mapping[str, Any]) -> None:
    """Add to another's span what it does not say by itself; a stream may outlive it."""
    if not span.is_recording():
        return
    known = dict(span.attributes or {})
    span.set_attributes({name: v for name, v in attributes.items() if name not in known})


def _content_wanted() -> bool:
    return os.environ.get(CONTENT_VARIABLE, "").strip().lower() in CONTENT_ON_SPANS


class _Ticket:
    """A call under way and the span that describes it."""

    __slots__ = ("about", "counts", "is_ours", "span")

    def __init__(self, about: CallInfo, span: Any, *, is_ours: bool) -> None:
        self.about, self.span, self.is_ours = about, span, is_ours
        self.counts = is_ours or not beside.records_tokens(span)

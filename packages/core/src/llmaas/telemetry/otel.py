"""OpenTelemetry spans and metrics of every call (extra ``otel``)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from llmaas._version import __version__
from llmaas.ops.effects import Operation
from llmaas.ops.watch import ALWAYS, Abandoned, About, Outcome
from llmaas.telemetry.names import (
    OPERATIONS,
    PROVIDER,
    REQUEST_PARAMETERS,
    SECOND_BUCKETS,
    TOKEN_BUCKETS,
)
from llmaas.types import Completion

_lock = threading.Lock()


class Telemetry:
    """A watcher that makes one span and its metrics a call.

    ``content=True`` adds messages and answers to the spans: they may hold personal data.
    """

    def __init__(
        self, *, tracer_provider: Any = None, meter_provider: Any = None, content: bool = False
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise ImportError(
                "telemetry needs OpenTelemetry: pip install 'llmaas[otel]'"
            ) from error
        self._trace = trace
        self._tracer = trace.get_tracer("llmaas", __version__, tracer_provider)
        self._content = content
        self._instruments(metrics.get_meter("llmaas", __version__, meter_provider))

    def begin(self, about: About) -> Operation[Any]:
        """Start the call's span below the one that is current."""
        operation = OPERATIONS[about.operation]
        attributes = dict(_common(about), **dict(_asked(about)))
        if self._content:
            attributes["gen_ai.input.messages"] = _as_text(about.inputs)
        return (
            self._tracer.start_span(
                f"{operation} {about.model}",
                kind=self._trace.SpanKind.CLIENT,
                attributes=attributes,
            ),
            about,
        )
        yield  # an operation without effects

    def end(self, ticket: Any, outcome: Outcome) -> Operation[None]:
        """End the span and record the metrics."""
        span, about = ticket
        shared = dict(_common(about))
        if outcome.error is not None and not isinstance(outcome.error, Abandoned):
            shared["error.type"] = type(outcome.error).__qualname__
            span.set_status(self._trace.StatusCode.ERROR, self._why(outcome.error))
        span.set_attributes({**shared, **dict(_answered(outcome, content=self._content))})
        span.end()
        self._record(shared, outcome)
        return
        yield

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

    def _record(self, shared: Mapping[str, Any], outcome: Outcome) -> None:
        self._duration.record(outcome.duration, shared)
        if outcome.first_token is not None:
            self._first.record(outcome.first_token, shared)
        if outcome.usage is not None:
            counts = (
                ("input", outcome.usage.prompt_tokens),
                ("output", outcome.usage.completion_tokens),
            )
            for kind, count in counts:
                self._tokens.record(count, {**shared, "gen_ai.token.type": kind})
        if outcome.cost_micro_eur:
            self._cost.add(outcome.cost_micro_eur / 1_000_000, shared)


def instrument(
    *, tracer_provider: Any = None, meter_provider: Any = None, content: bool = False
) -> Telemetry:
    """Watch every call of this process, also of the adapters; return the watcher.

    Without providers, the global ones are used: nothing is sent unless one is configured.
    """
    telemetry = Telemetry(
        tracer_provider=tracer_provider, meter_provider=meter_provider, content=content
    )
    with _lock:
        ALWAYS.append(telemetry)
    return telemetry


def uninstrument() -> None:
    """Stop watching the process's calls."""
    with _lock:
        ALWAYS[:] = [watcher for watcher in ALWAYS if not isinstance(watcher, Telemetry)]


def _common(about: About) -> Iterator[tuple[str, Any]]:
    """Yield what spans and metrics share: few values, so that metrics stay small."""
    yield "gen_ai.operation.name", OPERATIONS[about.operation]
    yield "gen_ai.provider.name", PROVIDER
    yield "gen_ai.request.model", about.model
    address = urlsplit(about.settings.root)
    yield "server.address", address.hostname or ""
    yield "server.port", address.port or (443 if address.scheme == "https" else 80)


def _asked(about: About) -> Iterator[tuple[str, Any]]:
    for name, attribute in REQUEST_PARAMETERS.items():
        value = about.params.get(name)
        if isinstance(value, int | float):
            yield attribute, value
    if about.stream:
        yield "gen_ai.request.stream", True


def _answered(outcome: Outcome, *, content: bool) -> Iterator[tuple[str, Any]]:
    if outcome.usage is not None:
        yield "gen_ai.usage.input_tokens", outcome.usage.prompt_tokens
        yield "gen_ai.usage.output_tokens", outcome.usage.completion_tokens
        if outcome.usage.reasoning_tokens is not None:
            yield "gen_ai.usage.reasoning.output_tokens", outcome.usage.reasoning_tokens
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
        answers = [{"role": "assistant", "content": c.content} for c in completion.choices]
        yield "gen_ai.output.messages", _as_text(answers)


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)

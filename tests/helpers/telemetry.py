"""In-memory tracing and metrics backends of a real OpenTelemetry SDK."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llmaas import telemetry


class Seen:
    """What a tracing and a metrics backend would have got."""

    def __init__(self) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.traces = TracerProvider()
        self.traces.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])

    def watch(self, **options: Any) -> telemetry.Telemetry:
        return telemetry.instrument(
            tracer_provider=self.traces, meter_provider=self.meters, **options
        )

    @property
    def spans(self) -> Any:
        return self.exporter.get_finished_spans()

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        resources = data.resource_metrics if data else ()
        metrics = [m for r in resources for s in r.scope_metrics for m in s.metrics]
        return [point for m in metrics if m.name == name for point in m.data.data_points]

    def input_tokens(self) -> int:
        """Return the input tokens over all spans of calls of models."""
        told = (span.attributes for span in self.spans)
        calls = (a for a in told if a.get("gen_ai.operation.name") == "chat")
        return sum(attributes.get("gen_ai.usage.input_tokens", 0) for attributes in calls)

    def counted(self) -> float:
        """Return the input tokens that the metrics count."""
        points = self.points("gen_ai.client.token.usage")
        counts = (p.sum for p in points if p.attributes["gen_ai.token.type"] == "input")
        return float(sum(counts))

"""What a collector gets: spans and metrics through the real OTLP exporter, over a socket."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from llmaas import telemetry

MODEL = "gpt-oss:120b"


class Collector(ThreadingHTTPServer):
    """An OTLP/HTTP collector that keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[tuple[str, bytes]] = []

    @property
    def spans(self) -> list[Any]:
        requests = [ExportTraceServiceRequest.FromString(b) for p, b in self.bodies if "trac" in p]
        scopes = [s for r in requests for t in r.resource_spans for s in t.scope_spans]
        return [span for scope in scopes for span in scope.spans]

    @property
    def metrics(self) -> dict[str, Any]:
        bodies = [b for path, b in self.bodies if "metrics" in path]
        requests = [ExportMetricsServiceRequest.FromString(body) for body in bodies]
        scopes = [s for r in requests for t in r.resource_metrics for s in t.scope_metrics]
        return {metric.name: metric for scope in scopes for metric in scope.metrics}


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append((self.path, body))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Be silent."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
    telemetry.uninstrument()


def plain(attributes: Any) -> dict[str, Any]:
    """Return attributes of the wire as a dict."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@pytest.mark.parametrize("text", ["Say hello.", "half \ud83d of a character", "\x00\x1b[2J"])
def test_collector_gets_spans_and_metrics_when_calls_end(
    text: str, api: Any, sandbox: Any, collector: Collector
) -> None:
    url = f"http://127.0.0.1:{collector.server_port}"
    traces, how = TracerProvider(), Compression.Gzip
    traces.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", compression=how))
    )
    exporter = OTLPMetricExporter(f"{url}/v1/metrics", compression=how)
    meters = MeterProvider([PeriodicExportingMetricReader(exporter, 60_000)])
    telemetry.instrument(tracer_provider=traces, meter_provider=meters, content=True)
    answer = api().do("chat", text, model=MODEL)
    api().events("Say hello.", model=MODEL)
    assert traces.force_flush()
    assert meters.force_flush()
    traces.shutdown()
    meters.shutdown()
    first, second = (plain(span.attributes) for span in collector.spans)
    for told in (first, second):
        assert told["gen_ai.operation.name"] == "chat"
        assert told["gen_ai.request.model"] == MODEL
        assert told["gen_ai.usage.input_tokens"] > 0
        assert told["llmaas.cost_micro_eur"] > 0
    assert "llmaas.client.cost" in collector.metrics
    assert first["gen_ai.usage.output_tokens"] == answer.usage.completion_tokens
    assert "gen_ai.client.token.usage" in collector.metrics
    assert "gen_ai.client.operation.duration" in collector.metrics

"""Prometheus metrics of HTTP requests and service calls."""

from __future__ import annotations

from collections.abc import Generator, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from llmaas.hooks import CallInfo, CallResult

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Metrics of one server. Labels contain no content and no values chosen by end users."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("app_requests", "HTTP answers", "route", "status")
        self.calls = self._counter("llm_calls", "Calls to the service", "user", "outcome")
        self.tokens = self._counter("llm_tokens", "Tokens used", "user", "direction")
        self.euros = self._counter("llm_cost_eur", "EUR spent", "user")
        self.seconds = Histogram(
            "llm_call_seconds", "Time of a call", buckets=SECONDS, registry=self.registry
        )
        self.first_token = Histogram(
            "llm_first_token_seconds",
            "Time to the first token of a stream",
            buckets=SECONDS,
            registry=self.registry,
        )

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(name, help_text, labels, registry=self.registry)


class CallMeter:
    """Hook that records the calls of one end user."""

    def __init__(self, metrics: Metrics, user: str) -> None:
        self._metrics, self._user = metrics, user

    def before_call(self, about: CallInfo) -> Generator[Any, Any, None]:
        """Allow the call."""
        return
        yield  # makes this a generator: hooks may yield effects, this one yields none

    def after_call(self, ticket: None, outcome: CallResult) -> Generator[Any, Any, None]:
        """Record the outcome, usage and cost of a call."""
        metrics, user = self._metrics, self._user
        ended = "ok" if outcome.error is None else type(outcome.error).__name__
        metrics.calls.labels(user, ended).inc()
        metrics.seconds.observe(outcome.duration)
        if outcome.first_token is not None:
            metrics.first_token.observe(outcome.first_token)
        if outcome.usage is not None:
            metrics.tokens.labels(user, "in").inc(outcome.usage.prompt_tokens)
        metrics.tokens.labels(user, "out").inc(outcome.output_tokens)
        metrics.euros.labels(user).inc((outcome.cost_micro_eur or 0) / 1_000_000)
        return
        yield


class CountRequests:
    """ASGI middleware that counts requests. Framework middleware would buffer or cancel streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request and count the response when its headers are sent."""

        async def send_on(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.requests.labels(route, str(message["status"])).inc()
            await send(message)

        await self.app(scope, receive, send_on)

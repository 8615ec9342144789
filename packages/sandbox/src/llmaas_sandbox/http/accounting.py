"""Authorization of requests, and accounting in meter, audit log, metrics and history."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from llmaas_sandbox.auth.permissions import is_admin, parse_bearer
from llmaas_sandbox.errors import bad_key
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.lifecycle.phases import headers as lifecycle_headers
from llmaas_sandbox.limits.prices import calculate_cost
from llmaas_sandbox.measured.responses import rename_rate_limits
from llmaas_sandbox.monitor.history import Row
from llmaas_sandbox.request_log import RequestRecord
from llmaas_sandbox.usage import NO_USAGE, Usage


def identify_caller(exchange: Exchange) -> None:
    """Look up the key of a request, so that refusals are attributed too."""
    secret = parse_bearer(exchange.headers)
    exchange.caller = exchange.state.keys.find(secret) if secret else None


def authorize(exchange: Exchange, endpoint: Endpoint) -> None:
    """Check the key and the limits that an endpoint requires (401, 429)."""
    state, access = exchange.state, endpoint.open_to
    if access == "everyone":
        return
    if access != "key" or exchange.caller is None:
        exchange.is_admin = is_admin(exchange.headers, state.config.admin_key)
    if access == "admin":
        if not exchange.is_admin:
            raise bad_key()
        return
    if access == "both" and exchange.is_admin:
        return
    if exchange.caller is None:
        raise bad_key()
    if endpoint.metered:
        state.meter.check(exchange.caller)


def build_headers(exchange: Exchange, endpoint: Endpoint) -> dict[str, str]:
    """Build the headers about limits and the model's lifecycle."""
    headers: dict[str, str] = {}
    if exchange.caller is not None and endpoint.path.startswith(("/v1", "/v2")):
        counted = exchange.state.meter.headers(exchange.caller)
        headers |= rename_rate_limits(counted, exchange.state.facts)
    if exchange.caller is not None and exchange.caller.successor:
        headers["x-sandbox-key-expires"] = str(int(exchange.caller.expires or 0))
    if exchange.model is not None and exchange.requested:
        now = exchange.state.clock.now()
        headers |= lifecycle_headers(exchange.requested, exchange.model, now)
    return headers


class RequestAccounting:
    """Accounting of one request in meter, audit log, metrics and history."""

    def __init__(self, endpoint: Endpoint, record: RequestRecord) -> None:
        self.endpoint, self.record = endpoint, record
        self.started = time.perf_counter()
        self.usage, self.cost = NO_USAGE, 0

    def settle(self, exchange: Exchange | None, status: int, usage: Usage, batch: bool) -> None:
        """Record usage and audit with the store's next transaction.

        Wait for ``store.written()``, or call ``store.flush()``, before the first byte is sent, so
        that acknowledged requests are durable. A second call adds only the difference.
        """
        counted, charged = self.usage, self.cost
        self.usage = usage if status < 400 else NO_USAGE
        self.cost = calculate_cost(self.usage, batch)
        if exchange is None or not self.endpoint.audited:
            return
        added, price = _subtract(self.usage, counted), self.cost - charged
        if exchange.caller is not None and (added.completion or price):
            exchange.state.meter.add(exchange.caller, added.completion, price)
        exchange.state.audit_log.queue(self._audit(exchange, status, added, price))

    def _audit(
        self, exchange: Exchange, status: int, usage: Usage, price: int
    ) -> dict[str, object]:
        key = exchange.caller
        record: dict[str, object] = {
            "at": format_timestamp(exchange.state.clock.now()),
            "request_id": exchange.request_id,
            "tenant": key.tenant if key else None,
            "key_id": key.id if key else ("admin" if exchange.is_admin else None),
            "method": exchange.method,
            "path": exchange.path,
            "model": exchange.model.id if exchange.model else None,
            "status": status,
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "cost_micro_eur": price,
            "machine": exchange.backend.get("machine_name"),
        }
        if exchange.state.config.audit_content:
            record["content"] = _content(exchange)
        return record

    def finish(self, exchange: Exchange | None, first_byte: float | None) -> None:
        """Record the finished request in metrics and history."""
        if exchange is None or self.endpoint.path.startswith("/admin") or not self.endpoint.audited:
            return
        key, now, state = exchange.caller, time.perf_counter(), exchange.state
        at = state.clock.now()
        row = Row(
            at=at,
            tenant=key.tenant if key else None,
            key_id=key.id if key else None,
            model=exchange.model.id if exchange.model else None,
            path=self.endpoint.path,
            status=self.record.status or 0,
            prompt_tokens=self.usage.prompt,
            completion_tokens=self.usage.completion,
            reasoning_tokens=self.usage.reasoning,
            cost_micro_eur=self.cost,
            machine=exchange.backend.get("machine_name"),
            seconds=now - self.started,
            first_byte=(first_byte or now) - self.started,
            disconnected=self.record.disconnected,
        )
        state.history.add(row)
        state.metrics.observe(row)
        state.alerts.traffic(at)


def format_timestamp(now: float) -> str:
    """Format epoch seconds as ISO 8601 with milliseconds."""
    return f"{_second(int(now))}.{int(now % 1 * 1000):03d}+00:00"


@lru_cache(maxsize=4)
def _second(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _subtract(usage: Usage, counted: Usage) -> Usage:
    if counted is NO_USAGE:
        return usage
    return Usage(*(getattr(usage, f.name) - getattr(counted, f.name) for f in fields(Usage)))


def _content(exchange: Exchange) -> Any:
    if isinstance(exchange.parsed, Mapping):
        return exchange.parsed
    return {k: v if isinstance(v, str) else f"{len(v[1])} bytes" for k, v in exchange.form.items()}

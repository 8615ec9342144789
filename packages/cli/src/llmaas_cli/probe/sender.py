"""Sender of probes: one request at a time, within the budget and the service's limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llmaas import raw
from llmaas.quota import Budget
from llmaas_cli.probe.calls import build
from llmaas_cli.probe.exchange import Exchange
from llmaas_cli.probe.model import Call

if TYPE_CHECKING:
    from llmaas import LLMaaS

WAIT = 60.0
"""Seconds to wait after a 429 without ``Retry-After``, as the service documents, and at most."""
_ATTEMPTS = 3
_BUSY = (429, 503)


class Sender:
    """Sends calls once; waits and repeats only if the service was busy."""

    def __init__(
        self,
        client: LLMaaS,
        eur: float,
        *,
        timeout: float = 120.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.budget = Budget(eur)
        self._client = client.with_options(hooks=(*client.settings.hooks, self.budget))
        self._timeout, self._sleep = timeout, sleep
        self.refusals: list[Exchange] = []
        """Answers of a busy service (429, 503)."""

    def send(self, calls: Sequence[Call], values: Mapping[str, Any]) -> list[Exchange]:
        """Send calls in order; later ones may name values of the first answer.

        Raises ``BudgetExceededError`` before a call that the budget does not allow.
        """
        exchanges: list[Exchange] = []
        for call in calls:
            known = {**values, **_read_values(exchanges)}
            exchanges.append(self._send(call, known))
        return exchanges

    def _send(self, call: Call, values: Mapping[str, object]) -> Exchange:
        request, body = build(call, values)
        for attempt in range(1, _ATTEMPTS + 1):
            response = raw.send(self._client, request, deadline=self._timeout)
            exchange = Exchange(request, response, body)
            if response.status not in _BUSY:
                self._slow_down(response)
                return exchange
            self.refusals.append(exchange)
            if attempt < _ATTEMPTS:
                self._sleep(_seconds(response.headers.get("retry-after")))
        return exchange

    def _slow_down(self, response: raw.RawResponse) -> None:
        """Wait for the next window if the last request of this one was used."""
        if response.headers.get("x-ratelimit-remaining-requests") == "0":
            reset = _seconds(response.headers.get("x-ratelimit-reset-requests"))
            self._sleep(reset)

    def highest_cost(self, calls: Sequence[Call], values: Mapping[str, object]) -> int:
        """Compute the amount that the budget reserves for calls, in millionths of a euro."""
        return sum(raw.highest_cost(self._client, build(call, values)[0]) for call in calls)


def _read_values(exchanges: Sequence[Exchange]) -> dict[str, object]:
    """Return values of the first answer that later calls may name."""
    first = exchanges[0].json if exchanges else None
    return {"first_id": first.get("id", "unknown")} if isinstance(first, dict) else {}


def _seconds(header: str | None) -> float:
    """Read a delay: seconds, or an epoch time; 60 s for other forms, and at most 60 s."""
    try:
        value = float(header or WAIT)
    except ValueError:
        return WAIT
    if value > 1e9:
        value -= time.time()
    return min(WAIT, max(0.0, value))

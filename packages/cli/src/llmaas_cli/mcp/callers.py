"""Callers of MCP tools: the client and the budget that belong to a caller's key."""

from __future__ import annotations

from typing import Any

from llmaas import AsyncLLMaaS
from llmaas.errors import MissingAPIKeyError
from llmaas.quota import Budget, MemoryLedger


class Callers:
    """Clients by key.

    Over stdio there is one caller, and its key is the client's own. Over HTTP each caller sends
    a key of its own (``Authorization: Bearer ...``): the server's key answers for nobody else
    unless ``shares_key``. ``budget_eur`` bounds what each of them may spend, in EUR.
    """

    def __init__(
        self,
        client: AsyncLLMaaS,
        *,
        budget_eur: float | None = None,
        over_http: bool = False,
        shares_key: bool = False,
    ) -> None:
        self._client = client
        self._budget_eur = budget_eur
        self._needs_keys = over_http and not shares_key
        self._ledger = MemoryLedger()

    def of(self, request: Any = None) -> tuple[AsyncLLMaaS, Budget | None]:
        """Return the client and the budget for an HTTP request, or for stdio.

        Raises ``MissingAPIKeyError`` for an HTTP request that brings no key.
        """
        key = _bearer(request)
        if key is None and self._needs_keys:
            raise MissingAPIKeyError("Send a key of LLMaaS as Authorization: Bearer <key>.")
        client = self._client.with_options(api_key=key) if key else self._client
        if self._budget_eur is None:
            return client, None
        # One ledger for all: an account is never forgotten, however many keys are tried.
        account = client.settings.key.fingerprint
        budget = Budget(self._budget_eur, ledger=self._ledger, account=account)
        hooks = (*client.settings.hooks, budget)
        return client.with_options(hooks=hooks), budget


def _bearer(request: Any) -> str | None:
    """Return the key that an HTTP request brings."""
    headers = getattr(request, "headers", None)
    scheme, _, key = (headers.get("authorization", "") if headers else "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None

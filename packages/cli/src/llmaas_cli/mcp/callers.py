"""Callers of MCP tools, each with its client and budget."""

from __future__ import annotations

from llmaas import AsyncLLMaaS
from llmaas.errors import MissingAPIKeyError
from llmaas.quota import Budget, MemoryLedger


class Callers:
    """Clients and budgets by API key.

    Over stdio there is one caller with the key of ``client``. Over HTTP each caller sends its own
    key (``Authorization: Bearer ...``); the server's key is used for callers without one only if
    ``shares_key`` is set. ``budget_eur`` limits the cost of each caller.
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

    def authenticate(self, request: object = None) -> tuple[AsyncLLMaaS, Budget | None]:
        """Get the client and the budget of an HTTP request, or of stdio.

        Raises ``MissingAPIKeyError`` for an HTTP request without a key.
        """
        key = _bearer_key(request)
        if key is None and self._needs_keys:
            raise MissingAPIKeyError("Send an LLMaaS key as `Authorization: Bearer <key>`.")
        client = self._client.with_options(api_key=key) if key else self._client
        if self._budget_eur is None:
            return client, None
        # One ledger for all keys, so that no account is ever evicted.
        account = client.settings.key.fingerprint
        budget = Budget(self._budget_eur, ledger=self._ledger, account=account)
        hooks = (*client.settings.hooks, budget)
        return client.with_options(hooks=hooks), budget


def _bearer_key(request: object) -> str | None:
    """Extract the key of an HTTP request."""
    headers = getattr(request, "headers", None)
    scheme, _, key = (headers.get("authorization", "") if headers else "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None

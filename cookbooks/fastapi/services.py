"""Shared state: the client, the end users with their limits, the gate and the metrics."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from config import Account, Config
from faults import Refusal
from gate import Gate
from llmaas import AsyncLLMaaS, LLMaaSError
from llmaas.quota import Budget, Ledger, Limit, MemoryLedger, Quota, SQLiteLedger
from llmaas_cli.demo import open_endpoint
from metrics import CallMeter, Metrics

HOUR = 3_600.0
SANDBOX_PACE = 40.0
"""Tokens per second of the embedded sandbox, slow enough to show streaming."""
UPSTREAM_CHECK = 30.0
"""Seconds for which the result of a reachability check is cached."""


@dataclass(frozen=True, slots=True)
class User:
    """End user with a client that enforces their budget and quota."""

    account: Account
    client: AsyncLLMaaS
    budget: Budget
    quota: Quota

    @property
    def used_this_hour(self) -> int:
        """Output tokens that currently count against the quota."""
        return self.quota.used()[HOUR]


class Services:
    """Application state, created at startup."""

    def __init__(
        self,
        config: Config,
        gate: Gate,
        metrics: Metrics,
        client: AsyncLLMaaS,
        *,
        is_sandbox: bool = False,
    ) -> None:
        self.config, self.gate, self.metrics, self.client = config, gate, metrics, client
        self.is_sandbox = is_sandbox
        ledger: Ledger = SQLiteLedger(config.ledger) if config.ledger else MemoryLedger()
        self._users = [self._user(account, ledger) for account in config.accounts]
        self._checked, self._reached = 0.0, False

    def _user(self, account: Account, ledger: Ledger) -> User:
        limit = Limit(account.tokens_per_hour, HOUR)
        # A web request does not wait for the quota: it fails with Retry-After.
        quota = Quota(limits=[limit], ledger=ledger, account=account.name, wait=False)
        budget = Budget(account.eur, ledger=ledger, account=account.name)
        meter = CallMeter(self.metrics, account.name)
        watched = self.client.with_options(hooks=[meter, quota, budget])
        return User(account, watched, budget, quota)

    def user_with(self, token: str) -> User | None:
        """Find the user of a token. Compares all tokens in constant time."""
        mark = hashlib.sha256(token.encode()).hexdigest()
        found = [u for u in self._users if hmac.compare_digest(mark, u.account.token_sha256)]
        return found[0] if found else None

    async def reaches_service(self) -> bool:
        """Check whether the service answers, with at most two requests per minute."""
        if time.monotonic() - self._checked > UPSTREAM_CHECK or not self._checked:
            try:
                await self.client.models()
                self._reached = True
            except LLMaaSError:
                self._reached = False
            self._checked = time.monotonic()
        return self._reached


@asynccontextmanager
async def open_services(config: Config, gate: Gate, metrics: Metrics) -> AsyncIterator[Services]:
    """Open the client: of the service if ``LLMAAS_API_KEY`` is set, else of a sandbox."""
    with open_endpoint(tokens_per_second=SANDBOX_PACE) as where:
        print(f"{where.description} answers", flush=True)
        async with AsyncLLMaaS(api_key=where.api_key, base_url=where.base_url) as client:
            yield Services(config, gate, metrics, client, is_sandbox=where.is_sandbox)


def get_services(request: Request) -> Services:
    """Return the state of the running application."""
    services: Services = request.app.state.services
    return services


AppServices = Annotated[Services, Depends(get_services)]
Token = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def authenticated(services: AppServices, token: Token) -> User:
    """Authenticate the caller. Raises ``Refusal`` (401) for an unknown token."""
    user = services.user_with(token.credentials) if token else None
    if user is None:
        message = "Send `Authorization: Bearer` with a token of this application."
        raise Refusal(401, "invalid_token", message, **{"www-authenticate": "Bearer"})
    return user


KnownUser = Annotated[User, Depends(authenticated)]

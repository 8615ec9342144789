"""Both clients, pointed at the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

import llmaas.errors  # noqa: F401 - loads the SDK, a second that no test of a deadline should pay
from tests.helpers.servers.redis import redis_url
from tests.helpers.sync_async import Async, Sync

__all__ = ["redis_url"]


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def api(request: pytest.FixtureRequest) -> Any:
    """A maker of clients: ``api(max_retries=2)``; nothing is retried unless asked."""
    return request.param

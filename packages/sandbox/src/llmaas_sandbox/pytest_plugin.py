"""The ``llmaas_sandbox`` fixture: one server per session, a clean memory per test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from llmaas_sandbox.server import Sandbox


@pytest.fixture(scope="session")
def llmaas_sandbox_server() -> Iterator[Sandbox]:
    """Run one sandbox for the whole session."""
    from llmaas_sandbox.server import Sandbox

    with Sandbox() as box:
        yield box


@pytest.fixture
def llmaas_sandbox(llmaas_sandbox_server: Sandbox) -> Iterator[Sandbox]:
    """Hand out the session's sandbox with an empty journal and no scripts."""
    llmaas_sandbox_server.reset()
    yield llmaas_sandbox_server
    llmaas_sandbox_server.reset()

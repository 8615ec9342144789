"""Pytest fixture ``llmaas_sandbox``: one server per session, reset for each test."""

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
    """Provide the session's sandbox, reset before and after the test."""
    llmaas_sandbox_server.reset()
    yield llmaas_sandbox_server
    llmaas_sandbox_server.reset()

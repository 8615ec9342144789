"""Pools are shared, and closed with their last owner, whenever the collector finds it."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from llmaas.transport.network import Network, Shared

HERE, THERE = Network("http://127.0.0.1:1"), Network("http://127.0.0.1:2")


class Owner:
    """Part of a cycle, so that only the collector ends it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def closed() -> list[str]:
    return []


@pytest.fixture
def shared(closed: list[str]) -> Shared[str]:
    return Shared(lambda network: f"pool of {network.origin}", closed.append)


def test_owners_share_a_pool_that_the_last_one_closes(shared: Any, closed: list[str]) -> None:
    one, other = Owner(), Owner()
    assert shared.borrow(HERE, one) is shared.borrow(HERE, other)
    shared.give_back(HERE, id(one))
    assert not closed
    shared.give_back(HERE, id(other))
    assert closed == [f"pool of {HERE.origin}"]


@pytest.mark.timeout(60)
def test_an_owner_collected_while_another_borrows_blocks_nobody(closed: list[str]) -> None:
    def make(network: Network) -> str:
        gc.collect()
        return network.origin

    shared = Shared(make, closed.append)
    keeper = Owner()
    shared.borrow(HERE, Owner())  # garbage from here on
    shared.borrow(THERE, keeper)
    assert closed == [HERE.origin]

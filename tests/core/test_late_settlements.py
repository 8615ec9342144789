"""Settlements that failed and are applied later: in order, once, by one thread at a time."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from llmaas.quota import Limit, MemoryLedger
from llmaas.quota.late_settlements import LateSettlements
from llmaas.quota.ledger import Reservation
from tests.helpers.waiting import eventually

LIMITS = [Limit(1_000)]


class Remote(MemoryLedger):
    """A ledger that is away until ``is_back``, and answers a settlement when ``may_answer``."""

    is_local = False

    def __init__(self) -> None:
        super().__init__()
        self.is_back, self.may_answer = threading.Event(), threading.Event()
        self.asked = 0
        self.told: list[tuple[bool, int]] = []

    def settle(self, *arguments: Any) -> None:
        self.asked += 1
        assert self.may_answer.wait(30)
        if not self.is_back.is_set():
            raise OSError("the ledger is away")
        super().settle(*arguments)


class Turn:
    """A lock that counts who has come to it."""

    def __init__(self) -> None:
        self.lock, self.came = threading.Lock(), 0

    def __enter__(self) -> None:
        self.came += 1
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> LateSettlements:
    monkeypatch.setattr(
        "llmaas.quota.late_settlements._FIRST_PAUSE", 3_600.0
    )  # no thread in the background
    return LateSettlements()


def kept(late: LateSettlements, ledger: Remote) -> Turn:
    """Take ten of an account, keep their settlement of three; return whose turn it is."""
    reservation = ledger.reserve("a", 10, LIMITS)
    assert isinstance(reservation, Reservation)
    late.enqueue(ledger, reservation, 3, LIMITS)
    late._queues[id(ledger)].lock = turn = Turn()  # type: ignore[assignment]
    return turn


def appliers(late: LateSettlements, ledger: Remote, count: int) -> list[threading.Thread]:
    """Apply in as many threads; each notes what ``apply`` told and what the ledger held then."""

    def work() -> None:
        told = late.apply(ledger)
        ledger.told.append((told, ledger.used("a", LIMITS[0])))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_no_caller_overtakes_a_settlement_that_is_on_its_way(late: LateSettlements) -> None:
    ledger = Remote()
    turn = kept(late, ledger)
    threads = appliers(late, ledger, 3)
    eventually(lambda: turn.came == 3)
    assert ledger.told == []
    ledger.is_back.set()
    ledger.may_answer.set()
    for thread in threads:
        thread.join(30)
    assert ledger.told == [(True, 3)] * 3
    assert ledger.asked == 1


def test_waiting_callers_do_not_repeat_failed_settlement(late: LateSettlements) -> None:
    ledger = Remote()
    turn = kept(late, ledger)
    threads = appliers(late, ledger, 5)
    eventually(lambda: turn.came == 5)
    ledger.may_answer.set()
    for thread in threads:
        thread.join(30)
    assert ledger.told == [(False, 10)] * 5
    assert ledger.asked == 1
    ledger.is_back.set()
    assert late.apply(ledger)
    assert ledger.used("a", LIMITS[0]) == 3


def test_settlement_is_dropped_after_max_attempts(
    late: LateSettlements, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("llmaas.quota.late_settlements._MAX_ATTEMPTS", 3)
    ledger = Remote()
    ledger.may_answer.set()
    kept(late, ledger)
    assert [late.apply(ledger) for _ in range(4)] == [False, False, False, True]
    assert "dropped after 3 attempts" in caplog.text
    assert ledger.used("a", LIMITS[0]) == 10  # what nobody settled stays reserved

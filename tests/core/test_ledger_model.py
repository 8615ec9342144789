"""All ledgers against a plain model: crashes, forks, clocks that jump, locks, restarts."""

from __future__ import annotations

import itertools
import os
import pickle
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llmaas import LedgerError
from llmaas.quota import Limit, MemoryLedger, RedisLedger, SQLiteLedger
from llmaas.quota.late_settlements import LATE_SETTLEMENTS
from llmaas.quota.ledger import Denied, Reservation

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "0"))
"""More of them for a long run: the suite's own are few."""
pytestmark = [
    pytest.mark.timeout(300 + 10 * EXAMPLES),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]
TOTAL, HOURLY = Limit(300), Limit(200, 7 * 86_400)
LIMITS = [HOURLY, TOTAL]
AMOUNTS = st.integers(0, 120)
DAYS = st.sampled_from([-400, -1, -0.04, 0.04, 1, 400])
_numbers = itertools.count()


class LedgerMachine(RuleBasedStateMachine):
    """A ledger, and a model of it: a sum of what was used, and what calls have reserved."""

    ledger: Any
    child_settles = True
    """Whether what a child process counts is seen here."""
    child_is_released = True
    """Whether what a killed child had reserved is given back at once."""

    def __init__(self) -> None:
        super().__init__()
        self.account = f"a{next(_numbers)}"
        self.spent = 0
        self.open: list[Reservation] = []
        self.lost: list[Reservation] = []
        """Reservations of which the ledger has lost its memory."""
        self.orphaned = 0
        self.clock = 0.0
        self.open_ledger()

    def open_ledger(self) -> None:
        """Open the ledger of a new example."""
        raise NotImplementedError

    @property
    def counted(self) -> int:
        """What counts, by the model."""
        return self.spent + self.orphaned + sum(taken.amount for taken in self.open)

    @contextmanager
    def on_the_clock(self) -> Iterator[None]:
        """Let the wall clock of this process be wrong."""
        real, jumped = time.time, self.clock
        with mock.patch("time.time", lambda: real() + jumped):  # noqa: PT008
            yield

    @rule(amount=AMOUNTS)
    def reserve(self, amount: int) -> None:
        with self.on_the_clock():
            taken = self.ledger.reserve(self.account, amount, LIMITS)
        if self.counted + amount <= HOURLY.amount:
            assert isinstance(taken, Reservation), "refused although there is room"
            self.open.append(taken)
        else:
            assert isinstance(taken, Denied), "granted more than there is"
            held = self.counted - self.spent
            excess = self.counted + amount - HOURLY.amount
            assert taken.in_flight == (excess <= held and amount <= HOURLY.amount)

    @precondition(lambda self: self.open or self.lost)
    @rule(data=st.data(), used=AMOUNTS)
    def settle(self, data: st.DataObject, used: int) -> None:
        taken = data.draw(st.sampled_from(self.open + self.lost))
        with self.on_the_clock():
            self.ledger.settle(taken, used, LIMITS)
        self.settled(taken, used)

    def settled(self, taken: Reservation, used: int) -> None:
        """Do in the model what a settlement does."""
        (self.open if taken in self.open else self.lost).remove(taken)
        self.spent += used

    @rule(days=DAYS)
    def clock_jumps(self, days: float) -> None:
        self.clock = days * 86_400

    @rule(amount=AMOUNTS, used=AMOUNTS, is_killed=st.booleans())
    def child_counts(self, amount: int, used: int, is_killed: bool) -> None:
        """A child takes twice, settles once, and ends, perhaps by SIGKILL, with one reserved."""
        assume(self.counted + 2 * amount <= HOURLY.amount)

        def work() -> None:
            first = self.ledger.reserve(self.account, amount, LIMITS)
            self.ledger.settle(first, used, LIMITS)
            if self.counted + used + amount <= HOURLY.amount:
                self.ledger.reserve(self.account, amount, LIMITS)
            if is_killed:
                os.kill(os.getpid(), signal.SIGKILL)

        in_child(work)
        if self.child_settles:
            self.spent += used
            takes_two = self.counted + amount <= HOURLY.amount
            self.orphaned += amount if takes_two and not self.child_is_released else 0

    @rule()
    def is_pickled(self) -> None:
        if not isinstance(self.ledger, MemoryLedger):
            self.ledger = pickle.loads(pickle.dumps(self.ledger))

    @invariant()
    def the_ledger_tells_what_the_model_does(self) -> None:
        with self.on_the_clock():
            assert LATE_SETTLEMENTS.apply(self.ledger)
            used = [self.ledger.used(self.account, limit) for limit in LIMITS]
        assert used == [self.counted] * 2

    def outage(self, data: st.DataObject, end: Callable[[], None]) -> None:
        """Use a ledger that cannot be reached; ``end`` lets it be reached again."""
        try:
            with pytest.raises(LedgerError):
                self.ledger.reserve(self.account, 1, LIMITS)
            some = st.sampled_from([*self.open, None])
            for taken in data.draw(st.lists(some, unique=True)):
                if taken is not None:
                    LATE_SETTLEMENTS.settle(self.ledger, taken, 7, LIMITS)
                    self.settled(taken, 7)
        finally:  # hypothesis may end an example while it draws
            end()


def in_child(work: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(20)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert ended in (0, signal.SIGKILL), ended


class MemoryMachine(LedgerMachine):
    child_settles = False

    def open_ledger(self) -> None:
        self.ledger = MemoryLedger()


class SQLiteMachine(LedgerMachine):
    folder: ClassVar[Path]

    def open_ledger(self) -> None:
        self.path = self.folder / "ledger.db"
        self.ledger = SQLiteLedger(self.path, timeout=0.05)

    @rule(data=st.data())
    def is_locked_by_another(self, data: st.DataObject) -> None:
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            self.outage(data, lambda: None)
        finally:
            other.execute("ROLLBACK")
            other.close()

    @rule()
    def is_closed(self) -> None:
        self.ledger.close()

    @rule()
    def another_opens_it(self) -> None:
        """One that opens the file releases nothing of processes that are alive."""
        SQLiteLedger(self.path).close()


class RedisMachine(LedgerMachine):
    child_is_released = False
    """Its owner cannot be asked: it ends by its time."""
    server: ClassVar[Server]

    def open_ledger(self) -> None:
        url = f"redis://127.0.0.1:{self.server.port}/0?socket_timeout=1.5"
        self.ledger = RedisLedger(url)

    def teardown(self) -> None:
        self.ledger.close()

    @rule(data=st.data())
    def is_killed_and_restarted(self, data: st.DataObject) -> None:
        self.server.kill()
        self.outage(data, self.server.start)

    @rule(data=st.data())
    def hangs(self, data: st.DataObject) -> None:
        """What was asked meanwhile is done later, and nobody knows: it is given back."""
        self.server.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.server.process.pid, os.WUNTRACED)  # until it stands still
        self.outage(data, lambda: self.server.process.send_signal(signal.SIGCONT))

    @rule()
    def loses_its_data(self) -> None:
        self.server.kill()
        self.server.forget()
        self.server.start()
        self.lost += self.open
        self.open, self.spent, self.orphaned = [], 0, 0

    @precondition(lambda self: self.open)
    @rule(data=st.data(), used=AMOUNTS)
    def settlement_is_sent_twice(self, data: st.DataObject, used: int) -> None:
        taken = data.draw(st.sampled_from(self.open))
        for _ in range(2):
            self.ledger.settle(taken, used, LIMITS)
        self.settled(taken, used)


class Server:
    """A Redis that keeps what it acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    probe.settimeout(10)
                    probe.sendall(b"PING\r\n")
                    if probe.recv(100).startswith(b"+PONG"):  # it has loaded its data
                        return
            time.sleep(0.01)
        raise TimeoutError

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def check(machine: type[LedgerMachine], examples: int, steps: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_the_memory_ledger_does_what_the_model_does() -> None:
    check(MemoryMachine, EXAMPLES or 20, 25)


def test_the_sqlite_ledger_does_what_the_model_does(tmp_path: Path) -> None:
    SQLiteMachine.folder = tmp_path
    check(SQLiteMachine, EXAMPLES or 10, 20)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_the_redis_ledger_does_what_the_model_does() -> None:
    pytest.importorskip("redis")
    with tempfile.TemporaryDirectory() as folder:
        RedisMachine.server = Server(Path(folder))
        try:
            check(RedisMachine, EXAMPLES or 6, 15)
        finally:
            RedisMachine.server.kill()

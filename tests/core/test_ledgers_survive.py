"""Ledgers and quotas after what may happen to a process: a fork, a full disk, a lost thread."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import LLMaaS
from llmaas.quota import Limit, MemoryLedger, Quota, SQLiteLedger
from llmaas.quota.ledger import Reservation
from tests.helpers.waiting import eventually

MODEL = "llama3.3:70b"
LIMITS = [Limit(1_000, 3600)]
FOREVER = 10.0
"""Seconds: a busy machine may be late, but without its deadline nothing here ends so soon."""
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def in_child(work: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Fork, and return whether the child found ``work`` true within the time."""
    child = os.fork()
    if child == 0:
        signal.alarm(int(seconds))
        status = 1
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


linux = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files")
forks = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@posix
@linux
@forks
def test_forked_child_opens_own_connection(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "l.db")
    ledger.reserve("a", 1, LIMITS)

    def work() -> bool:
        inherited = open_files()
        taken = [ledger.reserve("a", 1, LIMITS) for _ in range(20)]
        for reservation in taken:
            ledger.settle(reservation, 1, LIMITS)
        return open_files() > inherited

    assert in_child(work)
    assert isinstance(ledger.reserve("a", 1, LIMITS), Reservation)
    assert ledger.used("a", LIMITS[0]) == 22


@posix
@forks
def test_fork_during_transaction_keeps_ledger_intact(tmp_path: Path) -> None:
    """Another thread is writing all the time: no fork finds the file open."""
    path = tmp_path / "l.db"
    ledger = SQLiteLedger(path)
    stop = threading.Event()
    counted = [0]

    def write() -> None:
        while not stop.is_set():
            ledger.reserve("a", 1, [Limit(10**9)])
            counted[0] += 1
            time.sleep(0.001)  # SQLite's own waiting is not fair: let others have a turn

    thread = threading.Thread(target=write)
    thread.start()
    try:
        taken = [
            in_child(lambda: ledger.settle(ledger.reserve("b", 1, LIMITS), 1, LIMITS) is None)
            for _ in range(20)
        ]
    finally:
        stop.set()
        thread.join()
    assert all(taken)
    assert ledger.used("a", Limit(10**9)) == counted[0]
    assert ledger.used("b", LIMITS[0]) == 20
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@posix
@forks
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_forked_child_inherits_no_lock_or_queue(sandbox: Any, tmp_path: Path, kind: str) -> None:
    """A thread of the parent waits in the queue, others use the ledger, while the fork happens."""
    ledger: Any = MemoryLedger() if kind == "memory" else SQLiteLedger(tmp_path / "l.db")
    quota = Quota(limits=LIMITS, ledger=ledger)
    client = LLMaaS(hooks=[quota])
    first = ledger.reserve(quota.account, 900, LIMITS)
    waiting = threading.Thread(target=lambda: client.chat("?", model=MODEL, max_tokens=500))
    waiting.start()
    eventually(lambda: quota._queue)

    def work() -> bool:
        return client.chat('Say "Oui"', model=MODEL, max_tokens=50).text == "Oui"

    assert all(in_child(work) for _ in range(5))
    ledger.settle(first, 0, LIMITS)
    waiting.join(30)
    assert not waiting.is_alive()


FULL_DISK = """
import resource, signal, sys
from llmaas import LedgerError
from llmaas.quota import Limit, SQLiteLedger

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger, limits = SQLiteLedger(sys.argv[1]), [Limit(1_000, 3600)]
ledger.reserve("a", 1, limits)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, most))  # the disk is full
try:
    ledger.reserve("a", 1, limits)
    raise SystemExit("written to a full disk")
except LedgerError:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # and has room again
ledger.reserve("a", 1, limits)
print(ledger.used("a", limits[0]))
"""


@posix
def test_failed_commit_is_rolled_back(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "l.db")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.strip() == "2", ended.stderr


@linux
def test_short_threads_share_one_connection(tmp_path: Path) -> None:
    ledger = SQLiteLedger(tmp_path / "l.db")
    before = open_files()
    for _ in range(20):
        thread = threading.Thread(target=ledger.reserve, args=("a", 1, LIMITS))
        thread.start()
        thread.join()
    eventually(lambda: open_files() <= before)
    assert ledger.used("a", LIMITS[0]) == 20


def test_max_wait_includes_time_in_queue(sandbox: Any) -> None:
    quota = Quota(limits=LIMITS, max_wait=0.5)
    quota.ledger.reserve(quota.account, 1_000, LIMITS)
    front = Quota(limits=LIMITS, ledger=quota.ledger, max_wait=None)
    front._queue = quota._queue  # somebody more patient stands before us
    waiting = LLMaaS(hooks=[front], deadline=8)
    thread = threading.Thread(target=lambda: _fails(waiting, max_tokens=10))
    thread.start()
    eventually(lambda: quota._queue)
    began = time.monotonic()
    with pytest.raises(llmaas.QuotaExceededError):
        LLMaaS(hooks=[quota]).chat("?", model=MODEL, max_tokens=10)
    assert time.monotonic() - began < 7  # the one before us leaves after eight
    thread.join()


def _fails(client: LLMaaS, **options: Any) -> None:
    with pytest.raises(llmaas.DeadlineExceededError):
        client.chat("?", model=MODEL, **options)


def test_queued_call_ends_at_deadline(sandbox: Any, api: Any) -> None:
    quota = Quota(limits=LIMITS)
    quota.ledger.reserve(quota.account, 1_000, LIMITS)
    client = api(hooks=[quota])
    for work in (client.do, client.events):
        arguments = ("chat", "?") if work == client.do else ("?",)
        began = time.monotonic()
        with pytest.raises(llmaas.DeadlineExceededError) as caught:
            work(*arguments, model=MODEL, max_tokens=10, deadline=0.4)
        assert 0.3 < time.monotonic() - began < FOREVER
        assert not caught.value.reached
    assert not list(sandbox.requests)
    assert quota.used()[3600] == 1_000


def test_queued_batch_ends_at_deadline(sandbox: Any, api: Any) -> None:
    quota = Quota(limits=LIMITS)
    quota.ledger.reserve(quota.account, 1_000, LIMITS)
    began = time.monotonic()
    with pytest.raises(llmaas.DeadlineExceededError):
        api(hooks=[quota]).do("submit_batch", ["?"], model=MODEL, max_tokens=10, deadline=0.4)
    assert time.monotonic() - began < FOREVER


def test_batch_reserves_tokens_of_its_options(sandbox: Any, api: Any) -> None:
    client = api()
    with client.client.budget(eur=1_000) as budget:
        client.do(
            "submit_batch", ["a", "b"], model=MODEL, timeout=5, extra_headers={"x-of-a-call": "1"}
        )
        body = sandbox.requests[-1].json
        assert not {"timeout", "deadline", "extra_headers"} & set(body)
        assert sandbox.requests[-1].headers["x-of-a-call"] == "1"
        assert budget.spent == pytest.approx(2 * body["max_tokens"] * 4 / 1e6, rel=0.01)


def test_deadline_is_shared_by_all_requests_of_a_call(sandbox: Any, api: Any) -> None:
    """Four batches of 3 seconds each, one after the other, are not four deadlines."""
    began = time.monotonic()
    with pytest.raises(llmaas.DeadlineExceededError):
        api().do(
            "embed",
            ["a", "b", "c", "d"],
            model="bge-m3:567m",
            batch_size=1,
            concurrency=1,
            deadline=4.0,
            extra_headers={"x-sandbox-fault": "slow-headers:3"},
        )
    assert time.monotonic() - began < 5.8  # and the second is not waited for to its end


@posix
@forks
def test_forked_child_does_not_end_parents_stream(sandbox: Any) -> None:
    client = LLMaaS()
    with client.budget(1) as budget, client.stream("Dis ?", model=MODEL) as stream:
        reserved = budget.spent
        assert in_child(lambda: bool(stream.close() or True))
        assert budget.spent == reserved > 0
        assert stream.until_done().finish_reason == "stop"


def test_ledger_reopens_when_closed_by_another_thread(tmp_path: Path) -> None:
    """In a process of its own: SQLite may crash on a connection that is closed in mid-use."""
    program = """
import sys, threading
from llmaas.quota import Limit, SQLiteLedger
ledger, limits, stop, taken = SQLiteLedger(sys.argv[1]), [Limit(10**9)], threading.Event(), []
def count():
    while not stop.is_set():
        taken.append(ledger.reserve("a", 1, limits))
threads = [threading.Thread(target=count) for _ in range(2)]
for thread in threads: thread.start()
for _ in range(200): ledger.close()
stop.set()
for thread in threads: thread.join()
assert ledger.used("a", limits[0]) == len(taken) > 0
"""
    command = [sys.executable, "-c", program, str(tmp_path / "l.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@posix
def test_concurrent_forks_hold_all_locks() -> None:
    """In a process of its own, as what is told of forks is told for good."""
    program = """
import os, threading, time
seen = []
def look():  # the last thing before a fork, as what is registered first runs last
    time.sleep(0.04)
    seen.append(ledger.lock.locked())
os.register_at_fork(before=look)
from llmaas._fork import lock_during_fork
class Ledger:
    lock = threading.Lock()
    def hold(self):
        self.lock.acquire()
    def let_go(self):
        self.lock.release()
        time.sleep(0.02)
ledger = Ledger()
lock_during_fork(ledger)
def fork():
    for _ in range(8):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
threads = [threading.Thread(target=fork) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert seen == [True] * 24
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@posix
@forks
def test_forked_child_uses_no_connection_of_parent(sandbox: Any) -> None:
    """Two threads ask at once in a new process, while its pool is still being made."""
    from llmaas.transport.httpx_transport import _pools

    client, answers = LLMaaS(), list[Any]()
    client.models()

    def work() -> bool:
        threads = [threading.Thread(target=lambda: answers.append(client.models())) for _ in "ab"]
        with _pools._lock:  # as one that is making a pool holds it
            for thread in threads:
                thread.start()
                time.sleep(0.3)
            early = len(answers)
        for thread in threads:
            thread.join()
        return early == 0 and len(answers) == 2

    assert in_child(work)
    assert client.models()


WAIT_FOR_ERRORS = """
import asyncio, sys, time
from llmaas.ops.worker_threads import run_async, run_bounded

def ledger():
    until = time.monotonic() + 20
    while "llmaas.errors" not in sys.modules and time.monotonic() < until:
        time.sleep(0.01)
    return "llmaas.errors" in sys.modules

deadline = time.monotonic() + 40
if sys.argv[1] == "sync":
    print(run_bounded(ledger, deadline, None, may_outlive=False))
else:
    print(asyncio.run(run_async(ledger, deadline, None, may_outlive=False)))
"""


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_errors_are_imported_before_the_deadline_when_a_ledger_is_slow(mode: str) -> None:
    code = [sys.executable, "-c", WAIT_FOR_ERRORS, mode]
    done = subprocess.run(code, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


WAIT_FOR_LIMIT = """
import os, sys, threading, time
from llmaas import LLMaaS
from llmaas.quota import Limit, Quota

limits = [Limit(1_000, 3_600)]
quota = Quota(limits=limits)
quota.ledger.reserve(quota.account, 1_000, limits)
client = LLMaaS(api_key="k", hooks=[quota])
call = lambda: client.chat("?", model="gpt-oss:120b", max_tokens=10, deadline=40)
threading.Thread(target=call, daemon=True).start()
until = time.monotonic() + 20
while "llmaas.errors" not in sys.modules and time.monotonic() < until:
    time.sleep(0.01)
print("llmaas.errors" in sys.modules, flush=True)
os._exit(0)
"""


def test_errors_are_imported_before_the_deadline_when_a_quota_is_used_up() -> None:
    code = [sys.executable, "-c", WAIT_FOR_LIMIT]
    done = subprocess.run(code, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True", "")

"""The ledger in Redis: passwords, clusters, sentinels, and amounts at the edge."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas.quota import Limit, Quota, RedisLedger
from llmaas.quota.late_settlements import LATE_SETTLEMENTS
from llmaas.quota.ledger import Reservation
from tests.helpers.waiting import eventually


def test_zero_reservation_can_be_settled(redis_url: str) -> None:
    """Models without a price reserve nothing; their window may have been counted in before."""
    ledger = RedisLedger(redis_url, prefix="nothing")
    limits = [Limit(300), Limit(200, 3_600)]
    for amount, used in ((10, 4), (0, 0), (0, 5), (7, 0)):
        taken = ledger.reserve("a", amount, limits)
        assert isinstance(taken, Reservation)
        ledger.settle(taken, used, limits)
    assert [ledger.used("a", limit) for limit in limits] == [9, 9]
    ledger.close()


def test_pickle_contains_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("redis")
    for url in (
        "redis://me:s3cret@127.0.0.1:1/0",
        "redis://:s3cret@127.0.0.1:1/0",
        "redis://127.0.0.1:1/0?password=s3cret&socket_timeout=1",
        "redis+sentinel://:s3cret@127.0.0.1:1,127.0.0.1:2/main/0",
    ):
        ledger = RedisLedger(url)
        assert b"s3cret" not in pickle.dumps(ledger)
        assert "s3cret" not in repr(ledger)
        monkeypatch.setenv("LLMAAS_REDIS_PASSWORD", "again")
        again = pickle.loads(pickle.dumps(ledger))
        told = again._redis.connection_pool.connection_kwargs
        assert told["password"] == "again"
        with pytest.raises(llmaas.LedgerError) as caught:
            ledger.reserve("a", 1, [Limit(1)])
        assert "s3cret" not in str(caught.value)
        assert not LATE_SETTLEMENTS._queues or LATE_SETTLEMENTS._queues.pop(id(ledger))


@pytest.mark.parametrize("url", ["127.0.0.1", "http://x", "redis+sentinel://h:26379", ""])
def test_invalid_url_is_refused(url: str) -> None:
    pytest.importorskip("redis")
    with pytest.raises(llmaas.ConfigurationError, match="redis://host:6379/0"):
        RedisLedger(url)


@contextmanager
def servers(folder: Path, *kinds: list[str]) -> Iterator[list[int]]:
    """Start Redis servers, each on a port of its own."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    ports, processes = [], []
    for number, options in enumerate(kinds):
        port = next(port for port in range(20_011 + os.getpid() % 9_000, 32_000) if _is_free(port))
        home = folder / str(number)
        home.mkdir()
        conf = home / "redis.conf"
        lines = [f"port {port}", "bind 127.0.0.1", f"dir {home}", 'save ""']
        conf.write_text("\n".join(lines + [o.format(*ports) for o in options]) + "\n")
        sentinel = ["--sentinel"] if any("sentinel" in o for o in options) else []
        command = ["redis-server", str(conf), *sentinel]
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        ports.append(port)
        eventually(lambda port=port: not _refuses(port))
    try:
        yield ports
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _is_free(port: int) -> bool:
    """Whether a server can stand here, and the bus of its cluster 10,000 ports higher."""
    for number in (port, port + 10_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                return False
    return True


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def told(client: Any) -> bytes:
    """Return what a node of a cluster says about it."""
    answer = client.execute_command("CLUSTER", "INFO")
    return answer if isinstance(answer, bytes) else repr(answer).replace("': '", ":").encode()


def test_cluster_keeps_account_in_one_slot(tmp_path: Path) -> None:
    redis = pytest.importorskip("redis")
    node = ["cluster-enabled yes", "cluster-config-file nodes.conf"]
    with servers(tmp_path, node, node) as ports:
        clients = [redis.Redis(port=port) for port in ports]
        for client, (first, last) in zip(clients, ((0, 8191), (8192, 16383)), strict=True):
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", ports[1])
        eventually(
            lambda: (
                all(c.cluster("info")["cluster_state"] == "ok" for c in clients)
                if hasattr(clients[0], "cluster")
                else True
            ),
            30,
        )
        ledger = RedisLedger(f"redis://127.0.0.1:{ports[0]}/0")
        quota = Quota(tier=1, ledger=ledger)
        for number in range(8):  # their slots lie on both nodes
            account = f"tenant-{number}"
            taken = ledger.reserve(account, 100, quota.limits)
            assert isinstance(taken, Reservation)
            ledger.settle(taken, 7, quota.limits)
            assert {ledger.used(account, limit) for limit in quota.limits} == {7}
        ledger.close()
        for client in clients:
            client.close()


def test_sentinel_url_finds_server(tmp_path: Path) -> None:
    pytest.importorskip("redis")
    sentinel = ["sentinel monitor main 127.0.0.1 {0} 1"]
    with servers(tmp_path, [], sentinel) as ports:
        ledger = RedisLedger(f"redis+sentinel://127.0.0.1:{ports[1]}/main/0")
        assert isinstance(ledger.reserve("a", 5, [Limit(10)]), Reservation)
        assert ledger.used("a", Limit(10)) == 5
        ledger.close()

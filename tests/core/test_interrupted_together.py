"""Ctrl-C while several threads work: what is under way ends, whenever the signal comes."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest

from llmaas.ops.parallel import run_together
from tests.helpers.sync_async import Sync
from tests.helpers.waiting import eventually


def interrupt() -> None:
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)  # wakes it, as a key in a terminal does


@pytest.mark.parametrize("helpers", [1, 4])
def test_work_under_way_ends_when_ctrl_c_comes_while_waiting(helpers: int) -> None:
    begun, ended = [], []

    def work(number: int) -> None:
        begun.append(number)
        if len(begun) == helpers:
            interrupt()
        time.sleep(0.2)
        ended.append(number)

    with pytest.raises(KeyboardInterrupt):
        run_together([lambda n=n: work(n) for n in range(20)], helpers)
    assert sorted(ended) == sorted(begun)
    assert len(begun) == helpers


def test_work_under_way_ends_when_ctrl_c_comes_while_threads_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start, started, begun, ended = threading.Thread.start, [], [], []

    def start_interrupted(self: threading.Thread) -> None:
        start(self)
        started.append(self)
        if len(started) == 2:
            eventually(lambda: len(begun) == 2)
            raise KeyboardInterrupt

    def work() -> None:
        begun.append(1)
        time.sleep(0.2)
        ended.append(1)

    monkeypatch.setattr(threading.Thread, "start", start_interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_together([work] * 20, 4)
    assert len(ended) == len(begun) == 2


def test_a_second_ctrl_c_ends_the_waiting_and_begins_nothing() -> None:
    gate, begun = threading.Event(), []

    def work() -> None:
        begun.append(1)
        interrupt()
        time.sleep(0.1)
        interrupt()
        gate.wait(10)

    with pytest.raises(KeyboardInterrupt):
        run_together([work] * 5, 1)
    gate.set()
    eventually(lambda: not any(t.name.startswith("llmaas_") for t in threading.enumerate()))
    assert begun == [1]


@pytest.mark.parametrize(("texts", "concurrency"), [(1, 4), (3, 1), (8, 4)])
def test_vectors_that_came_are_handed_out_when_ctrl_c_comes_before(
    sandbox: Any, texts: int, concurrency: int
) -> None:
    sandbox.script([{"path": "/v1/embeddings", "delay": 1.0}] * texts)
    came: list[int] = []
    at_once = min(texts, concurrency)

    def interrupt_all() -> None:
        eventually(lambda: len(sandbox.requests) == at_once)
        interrupt()

    threading.Thread(target=interrupt_all, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        Sync().do("embed",
            [f"t{n}" for n in range(texts)], model="bge-m3:567m", batch_size=1,
            concurrency=concurrency, on_batch=lambda at, vectors: came.append(at),
        )  # fmt: skip
    assert len(came) == len(sandbox.requests) == at_once

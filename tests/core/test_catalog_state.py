"""State of the catalog in a process: one owner, shared by threads, inherited by forks."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from llmaas import catalog
from llmaas._once import OncePerKey
from llmaas.catalog.facts import get_facts
from llmaas.catalog.reasoning import get_switch
from llmaas.catalog.reasoning_switches import UNKNOWN
from llmaas.catalog.state import STATE, CatalogState
from llmaas.types import LiveModel
from llmaas.warnings import ModelLifecycleWarning

NEW = LiveModel("renamed:9b", "Qwen/Qwen3.8-27B-FP8", ("renamed:9b",), 32_768)


@pytest.fixture(autouse=True)
def fresh_state() -> Iterator[None]:
    catalog.reset()
    yield
    catalog.reset()


def test_update_replaces_what_was_read_from_the_catalog_before() -> None:
    assert not get_facts("renamed:9b").is_known
    assert get_switch("renamed:9b") is UNKNOWN
    catalog.update([NEW])
    assert get_facts("renamed:9b").is_known
    assert get_facts("renamed:9b").window == 32_768
    assert "qwen3.8" in get_switch("renamed:9b").prefixes


def test_reset_restores_the_state_of_a_new_process() -> None:
    def count_warnings() -> int:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ModelLifecycleWarning)
            catalog.warn_once("gpt-oss:20b")
        return len(caught)

    catalog.update([NEW])
    assert [count_warnings() for _ in range(3)] == [1, 0, 0]
    catalog.reset()
    assert catalog.get("renamed:9b") is None
    assert not get_facts("renamed:9b").is_known
    assert count_warnings() == 1


def test_first_use_in_one_thread_keeps_the_merge_of_another() -> None:
    for _ in range(50):
        state = CatalogState()
        start = threading.Barrier(4)

        def read(state: CatalogState = state, start: threading.Barrier = start) -> None:
            start.wait()
            assert state.version.catalog

        def merge(state: CatalogState = state, start: threading.Barrier = start) -> None:
            start.wait()
            state.merge([NEW], "now")

        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(work) for work in (read, merge, read, read)]:
                done.result(timeout=10)
        assert state.version.catalog.get("renamed:9b")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_child_merges_while_a_thread_of_the_parent_did() -> None:
    with STATE._lock:
        child = os.fork()
        if not child:
            catalog.update([NEW])
            os._exit(0 if catalog.get("renamed:9b") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert catalog.get("renamed:9b") is None


def test_key_is_new_for_one_of_many_threads() -> None:
    once = OncePerKey()
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(once.add, [str(n // 8) for n in range(4_000)]))
    assert sum(results) == 500


def test_keys_are_bounded() -> None:
    once = OncePerKey(limit=2)
    assert [once.add(key) for key in "aabcdc"] == [True, False, True, False, False, False]
    once.clear()
    assert once.add("c")

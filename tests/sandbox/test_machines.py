import threading
import time
from typing import Any

import pytest

from llmaas_sandbox import Sandbox
from llmaas_sandbox.catalog import all_models
from llmaas_sandbox.machines.fleet import Fleet, select_cluster
from tests.helpers.waiting import eventually

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Bonjour"}]


def test_twelve_machines_in_three_clusters() -> None:
    fleet = Fleet()
    assert len(fleet.machines) == 12
    assert {m.cluster for m in fleet.machines.values()} == {"small", "medium", "large"}


@pytest.mark.parametrize(
    ("model", "cluster"),
    [
        ("gpt-oss:120b", "large"),
        ("qwen3.6:35b", "medium"),
        ("qwen3.5:4b", "small"),
        ("bge-m3:567m", "small"),
        ("pico2wav", "medium"),
    ],
)
def test_a_model_goes_to_the_cluster_of_its_size(model: str, cluster: str) -> None:
    assert select_cluster(all_models()[model]) == cluster


def test_the_least_busy_machine_is_chosen() -> None:
    fleet, model = Fleet(), all_models()["gpt-oss:120b"]
    leases = [fleet.acquire(model, b"same") for _ in range(8)]
    assert sorted(m.in_flight for m in fleet.machines.values() if m.cluster == "large") == [2] * 4
    leases[0].release()
    assert fleet.acquire(model, b"same").machine is leases[0].machine


def test_answers_name_their_machine(chat: Any) -> None:
    backend = chat("Bonjour", model="gpt-oss:120b").json["backend"]
    assert backend["machine_name"] in {f"ma{i:02d}" for i in range(9, 13)}
    assert backend["engine_type"] == "vllm"


def test_a_dead_or_draining_machine_gets_no_work(chat: Any, llmaas_sandbox: Any) -> None:
    first = chat("Bonjour", model="gpt-oss:120b").json["backend"]["machine_name"]
    llmaas_sandbox.set_machine(first, "draining")
    second = chat("Bonjour", model="gpt-oss:120b").json["backend"]["machine_name"]
    assert second != first
    for i in range(9, 13):
        llmaas_sandbox.set_machine(f"ma{i:02d}", "dead")
    elsewhere = chat("Bonjour", model="gpt-oss:120b").json["backend"]["machine_name"]
    assert elsewhere in {f"ma{i:02d}" for i in range(1, 9)}
    for i in range(1, 9):
        llmaas_sandbox.set_machine(f"ma{i:02d}", "dead")
    assert chat("Bonjour", model="gpt-oss:120b").status == 503


def test_a_full_fleet_is_unavailable() -> None:
    fleet, model = Fleet(capacity=1), all_models()["gpt-oss:120b"]
    for _ in range(12):
        fleet.acquire(model)
    with pytest.raises(Exception, match="503"):
        fleet.acquire(model)


def during(box: Any, call: Any) -> tuple[Any, str]:
    """Kill the machine that serves a call while it waits; return the answer and the machine."""
    heard: list[Any] = []
    thread = threading.Thread(target=lambda: heard.append(call()))
    thread.start()
    machines = box.state.fleet.machines.values()
    eventually(lambda: any(machine.in_flight for machine in machines))
    busy = next(machine for machine in machines if machine.in_flight)
    time.sleep(0.15)
    box.set_machine(busy.name, "dead")
    thread.join(30)
    return heard[0], busy.name


def test_another_machine_takes_over_before_the_first_byte(chat: Any, llmaas_sandbox: Any) -> None:
    call = lambda: chat("Bonjour", faults="slow-headers:2")  # noqa: E731
    answer, killed = during(llmaas_sandbox, call)
    assert answer.status == 200
    assert answer.json["backend"]["machine_name"] != killed


@pytest.mark.parametrize("left", [True, False], ids=["another-answers", "none-is-left"])
def test_what_two_machines_answer_is_counted_once(
    ask: Any, llmaas_sandbox: Any, left: bool
) -> None:
    secret = llmaas_sandbox.make_key(f"failover-{left}", tier="1")
    if not left:
        for name in list(llmaas_sandbox.state.fleet.machines)[1:]:
            llmaas_sandbox.set_machine(name, "draining")
    body = {"model": "mistral-small4:119b", "messages": HELLO}
    call = lambda: ask(CHAT, body, faults="slow-headers:2", key=secret)  # noqa: E731
    answer, _ = during(llmaas_sandbox, call)
    assert answer.status == (200 if left else 503)
    told = answer.json["usage"]["completion_tokens"] if left else 0
    key = llmaas_sandbox.state.keys.find(secret)
    assert [g.used for g in llmaas_sandbox.state.meter.read_limits(key)][:2] == [told, told]
    report = f"/admin/audit/report?tenant=failover-{left}"
    [use] = ask(report, key=llmaas_sandbox.admin_key).json["use"]
    assert use["completion_tokens"] == told


def test_a_stream_ends_with_an_error_when_its_machine_dies(chat: Any, llmaas_sandbox: Any) -> None:
    call = lambda: chat("Bonjour", faults="stall:20", stream=True)  # noqa: E731
    answer, _ = during(llmaas_sandbox, call)
    assert answer.events[-1]["error"]["type"] == "server_error"


def test_the_administrator_sees_and_changes_machines(ask: Any, llmaas_sandbox: Any) -> None:
    admin = llmaas_sandbox.admin_key
    changed = ask("/admin/machines/ma01", {"health": "draining"}, key=admin, method="PUT")
    assert changed.json["health"] == "draining"
    states = {m["name"]: m["health"] for m in ask("/admin/machines", key=admin).json["data"]}
    assert states["ma01"] == "draining"
    assert ask("/admin/machines/ma99", {"health": "dead"}, key=admin, method="PUT").status == 404
    assert ask("/admin/machines/ma01", {"health": "ill"}, key=admin, method="PUT").status == 400


def test_a_look_at_the_platform_is_no_work(ask: Any, llmaas_sandbox: Any) -> None:
    machines = llmaas_sandbox.state.fleet.machines.values()
    before = [machine.served for machine in machines]
    assert ask("/api/platform-status").status == 200
    assert ask("/api/platform-status?model=gpt-oss:120b").json["ok"]
    assert [machine.served for machine in machines] == before


def test_the_catalogue_sets_the_pace_on_demand(sdk: Any) -> None:

    with Sandbox(speed=2.0) as box:
        client = sdk(box)
        started = time.monotonic()
        client.chat.completions.create(
            model="gpt-oss:120b",
            messages=[{"role": "user", "content": 'Say "' + "mot " * 60 + '"'}],
        )
    assert time.monotonic() - started > 0.2  # 80 tokens at about 94 tokens/s, twice as fast

import json
from typing import Any

import openai
import pytest

from llmaas_sandbox import Sandbox
from llmaas_sandbox.batch.window import is_open, paris_hour
from tests.helpers.waiting import eventually

CHAT = "/v1/chat/completions"
PATH = f"{CHAT}/batch"
HELLO = [{"role": "user", "content": "Bonjour"}]
LOT = {"model": "gemma4:31b", "messages": [HELLO, HELLO]}


@pytest.mark.parametrize(
    "body",
    [
        {"model": "gemma4:31b"},
        {"model": "gemma4:31b", "messages": []},
        {"model": "gemma4:31b", "messages": HELLO},
        {"model": "gemma4:31b", "messages": [[]]},
        {"model": "gemma4:31b", "messages": [HELLO] * 1001},
        {"messages": [HELLO]},
    ],
)
def test_a_bad_lot_is_refused(ask: Any, body: Any) -> None:
    assert ask(PATH, body).status == 400


def test_the_queue_has_an_end(ask: Any) -> None:
    answers = [ask(PATH, LOT).status for _ in range(101)]
    assert answers == [202] * 100 + [503]


def test_a_lot_can_fail_half_way(ask: Any) -> None:
    made = ask(PATH, LOT, faults="batch-failed").json
    states = [ask(f"{PATH}/{made['id']}").json for _ in range(2)]
    assert states[-1]["status"] == "failed"
    assert states[-1]["error"]["message"]
    assert len(states[-1]["results"]) == 1


def test_a_lot_that_nobody_reads_any_more_goes_after_a_day(ask: Any, llmaas_sandbox: Any) -> None:
    made = ask(PATH, LOT).json
    for _ in range(2):
        ask(f"{PATH}/{made['id']}")
    llmaas_sandbox.advance(24 * 3600 + 1)
    ask(PATH, LOT)
    llmaas_sandbox.state.clock.reset()
    assert ask(f"{PATH}/{made['id']}").status == 404


def test_a_batch_is_billed_at_half_price(ask: Any, llmaas_sandbox: Any) -> None:
    key = llmaas_sandbox.make_key("acme", tier="1")
    made = ask(PATH, LOT, key=key).json
    for _ in range(3):
        last = ask(f"{PATH}/{made['id']}", key=key).json
    usage = [r["usage"] for r in last["results"]]
    gauges = {
        g.name: g.used
        for g in llmaas_sandbox.state.meter.read_limits(llmaas_sandbox.state.keys.find(key))
    }
    tokens_in, tokens_out = (sum(u[f"{k}_tokens"] for u in usage) for k in ("prompt", "completion"))
    assert gauges["tokens/hour"] == tokens_out
    micro_millionths = tokens_in * 900_000 + tokens_out * 4_000_000
    assert gauges["cost/month"] == round(micro_millionths / 1_000_000)


WEDNESDAY_NOON = 1_795_604_400.0 + 3600  # 2026-11-25 12:00 UTC


def test_the_window_is_open_at_night_and_at_weekends() -> None:
    hour = 3600.0
    assert paris_hour(WEDNESDAY_NOON).hour == 13
    assert not is_open(WEDNESDAY_NOON)
    assert is_open(WEDNESDAY_NOON + 9 * hour)  # 22:00
    assert is_open(WEDNESDAY_NOON + 17 * hour)  # 06:00
    assert not is_open(WEDNESDAY_NOON + 18 * hour)  # 07:00
    assert is_open(WEDNESDAY_NOON + 3 * 24 * hour)  # Saturday
    july = WEDNESDAY_NOON - 140 * 24 * hour
    assert paris_hour(july).hour == 14


def test_by_day_a_lot_waits(sdk: Any) -> None:
    with Sandbox(frozen_at=WEDNESDAY_NOON, batch_night_only=True) as box:
        client = sdk(box)
        made: Any = client.post("/chat/completions/batch", body=LOT, cast_to=object)

        def poll() -> str:
            found: Any = client.get(f"/chat/completions/batch/{made['id']}", cast_to=object)
            return str(found["status"])

        assert [poll(), poll()] == ["queued", "queued"]
        box.advance(10 * 3600)
        assert [poll(), poll()] == ["in_progress", "completed"]


def test_an_instance_may_have_no_batch(sdk: Any) -> None:
    with Sandbox(batch_enabled=False) as box:
        client = sdk(box, max_retries=0)
        with pytest.raises(openai.InternalServerError) as caught:
            client.post("/chat/completions/batch", body=LOT, cast_to=object)
    assert caught.value.status_code == 501


def test_file_batches_do_not_exist_by_default(ask: Any) -> None:
    assert ask("/v1/batches").status == 404
    assert ask("/v1/files", b"x").status == 404


def test_file_batches_exist_behind_a_switch(sdk: Any) -> None:
    lines = [
        {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions",
         "body": {"model": "gemma4:31b", "messages": [{"role": "user", "content": 'Say "un"'}]}},
        {"custom_id": "b", "body": {"model": "nope", "messages": HELLO}},
    ]  # fmt: skip
    data = "\n".join(json.dumps(line) for line in lines).encode()
    with Sandbox(legacy_batches=True) as box:
        client = sdk(box)
        other = sdk(box, api_key=box.make_key("other"), max_retries=0)
        file = client.files.create(file=("in.jsonl", data), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        states = [client.batches.retrieve(batch.id) for _ in range(3)]
        assert [s.status for s in states] == ["in_progress", "finalizing", "completed"]
        assert states[-1].output_file_id
        written = client.files.content(states[-1].output_file_id).read().splitlines()
        answers = {line["custom_id"]: line for line in map(json.loads, written)}
        said = answers["a"]["response"]["body"]["choices"][0]["message"]["content"]
        assert said == "un"
        assert answers["b"]["error"]["code"] == "404"
        for call in (
            lambda: other.batches.retrieve(batch.id),
            lambda: other.files.content(file.id),
        ):
            with pytest.raises(openai.NotFoundError):
                call()
        assert client.batches.cancel(batch.id).status == "completed"
        assert [b.id for b in client.batches.list()] == [batch.id]


def test_a_refused_line_gives_its_machine_back(sdk: Any) -> None:
    asked = {"body": {"model": "gemma4:31b", "messages": []}, "custom_id": "wrong"}
    with Sandbox(legacy_batches=True) as box:
        client = sdk(box)
        file = client.files.create(file=("in.jsonl", json.dumps(asked).encode()), purpose="batch")
        made = client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
        while made.status != "completed":
            made = client.batches.retrieve(made.id)
        assert made.request_counts.failed == 1
        machines = box.state.fleet.machines.values()
        eventually(lambda: not any(machine.in_flight for machine in machines))


def test_the_status_api_needs_no_key(ask: Any, llmaas_sandbox: Any) -> None:
    good = ask("/api/platform-status", key=None).json
    assert good["status"] == "operational"
    assert good["stats"]["operational_models"] == good["stats"]["total_models"] == 43
    probe = ask("/api/platform-status?model=gpt-oss:20b", key=None).json
    assert (probe["ok"], probe["http_status"], probe["model"]) == (True, 200, "gpt-oss:120b")
    assert ask("/api/platform-status?model=nope", key=None).json["http_status"] == 404
    llmaas_sandbox.set_machine("ma01", "dead")
    assert ask("/api/platform-status", key=None).json["status"] == "degraded"
    for i in range(1, 13):
        llmaas_sandbox.set_machine(f"ma{i:02d}", "dead")
    bad = ask("/api/platform-status", key=None).json
    assert bad["status"] == "outage"
    assert len(bad["failed_models"]) == 43


def waiting(ask: Any) -> str:
    """Return what the metrics say of the queue."""
    [line] = [
        line
        for line in ask("/metrics").body.decode().splitlines()
        if line.startswith("llmaas_batches_waiting ")
    ]
    return str(line.split()[1])


def test_batch_that_nobody_polls_leaves_the_queue_when_a_minute_is_over(
    ask: Any, llmaas_sandbox: Any
) -> None:
    made = ask(PATH, LOT).json
    assert waiting(ask) == "1.0"
    llmaas_sandbox.advance(60)
    assert waiting(ask) == "0.0"
    llmaas_sandbox.advance(60)
    told = ask(f"{PATH}/{made['id']}").json
    assert (told["status"], len(told["results"])) == ("completed", 2)


def test_batch_that_nobody_polls_fails_when_it_was_made_to(ask: Any, llmaas_sandbox: Any) -> None:
    made = ask(PATH, LOT, faults="batch-failed").json
    llmaas_sandbox.advance(120)
    assert ask(f"{PATH}/{made['id']}").json["status"] == "failed"


def test_queue_takes_more_when_nobody_polls_what_is_in_it(ask: Any, llmaas_sandbox: Any) -> None:
    assert [ask(PATH, LOT).status for _ in range(101)][-1] == 503
    llmaas_sandbox.advance(60)
    assert ask(PATH, LOT).status == 202
    llmaas_sandbox.advance(120 + 24 * 3600 + 1)
    ask(PATH, LOT)
    assert len(llmaas_sandbox.state.batches._batches) == 1  # the expired ones take no memory

"""Faults by probability repeat themselves; latency and pace vary within their jitter."""

from typing import Any

import httpx
import pytest

from llmaas_sandbox import Sandbox
from llmaas_sandbox.faults.connection import Piece, ResponsePlan, apply_faults
from llmaas_sandbox.faults.parse import Faults, parse_faults

BODY: Any = {"model": "gemma4:31b", "messages": [{"role": "user", "content": "Hello"}]}


def statuses(box: Sandbox, test: str, count: int = 40, fault: str = "status:503@0.3") -> list[int]:
    headers = {"authorization": f"Bearer {box.api_key}", "x-sandbox-fault": fault}
    with httpx.Client(base_url=box.base_url, headers=headers | {"x-sandbox-test-id": test}) as http:
        return [http.post("/chat/completions", json=BODY).status_code for _ in range(count)]


def test_odds_repeat_themselves_when_seed_and_test_are_the_same() -> None:
    with Sandbox(seed=1) as one, Sandbox(seed=1) as two, Sandbox(seed=2) as other:
        first = statuses(one, "a")
        assert statuses(one, "b") != first
        assert statuses(two, "a") == first
        assert statuses(other, "a") != first
        one.reset()
        assert statuses(one, "a") == first
    assert 4 <= first.count(503) <= 20
    assert set(first) == {200, 503}


@pytest.mark.parametrize("fault", ["status:503@2", "status:503@x", "engine:vllm@0.5"])
def test_odds_are_refused_when_they_are_no_probability(llmaas_sandbox: Any, fault: str) -> None:
    assert statuses(llmaas_sandbox, "a", 1, fault) == [400]


def test_delays_vary_within_their_jitter() -> None:
    faults = Faults(parse_faults("latency:2:0.5,first-token:3,pace:10:0.2"), "seed")
    plan = apply_faults(ResponsePlan(200, {}, [Piece(b"x")] * 50), faults)
    first, *rest = (piece.pause for piece in plan.pieces)
    assert 1 <= plan.before <= 3
    assert 3.08 <= first <= 3.12
    assert all(0.08 <= pause <= 0.12 for pause in rest)
    assert len(set(rest)) > 40

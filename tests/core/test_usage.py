"""What calls cost, by model, day and tag; which models of the code need attention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llmaas import LLMaaS, catalog
from llmaas.types import LiveModel
from llmaas.usage_log import UsageLog, report, tagged

MODEL = "llama3.3:70b"


def test_calls_are_summed_up(api: Any, sandbox: Any, tmp_path: Path) -> None:
    log = tmp_path / "usage.jsonl"
    client = api(hooks=[UsageLog(log, tag="rest")])
    with tagged("project"):
        first = client.do("chat", "Hello there", model=MODEL)
        client.events("Hello there", model=MODEL)
    client.do("embed", "Hello there", model="bge-m3:567m")
    sandbox.script([{"status": 422, "json": {"detail": "no"}}])
    with pytest.raises(Exception, match="422"):
        client.do("chat", "Hello there", model=MODEL)
    by_model = {row.group: row for row in report(log)}
    assert by_model[MODEL].calls == 3
    assert by_model[MODEL].failed == 1
    assert by_model[MODEL].cost_micro_eur == 2 * first.cost_micro_eur
    assert by_model[MODEL].energy_kwh > 0
    assert {row.group: row.calls for row in report(log, "tag")} == {"project": 2, "rest": 2}
    assert "Hello" not in log.read_text()


def test_calls_of_unknown_cost_are_counted_apart(api: Any, sandbox: Any, tmp_path: Path) -> None:
    log = tmp_path / "usage.jsonl"
    client = api(hooks=[UsageLog(log)])
    thought = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16,
               "completion_tokens_details": {"reasoning_tokens": 5}}  # fmt: skip
    sandbox.script([{"content": "a", "usage": {}}, {"content": "b", "usage": thought}])
    client.do("chat", "Hello there", model=MODEL)
    client.do("chat", "Hello there", model=MODEL)
    first, second = map(json.loads, log.read_text().splitlines())
    assert (first["prompt_tokens"], first["cost_micro_eur"]) == (None, None)
    assert second["reasoning_tokens"] == 5
    [row] = report(log)
    assert (row.calls, row.unknown, row.reasoning_tokens) == (2, 1, 5)
    assert row.cost_micro_eur == second["cost_micro_eur"]
    assert row.cost_micro_eur


def test_an_unknown_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got 'moon'"):
        report(tmp_path / "none", "moon")


def test_the_catalogue_and_a_live_list_are_compared() -> None:
    live = [LiveModel(m.id, m.root, m.aliases) for m in catalog.all_models() if m.live]
    kept = [m for m in live if m.id != MODEL]
    moved = [
        LiveModel(m.id, m.root, (*m.aliases, MODEL)) if m.id == "bge-m3:567m" else m for m in kept
    ]
    changes = catalog.diff([*moved, LiveModel("brand-new:1b")])
    assert changes.new == ("brand-new:1b",)
    assert changes.gone == (MODEL,)
    [redirect] = [r for r in changes.redirected if r.name == MODEL]
    assert redirect.to == "bge-m3:567m"
    assert redirect.changes
    with pytest.raises(catalog.RedirectChangesCapabilityError, match="bge-m3:567m"):
        catalog.diff(moved, strict=True)


def test_the_sandbox_lists_what_the_catalogue_knows(sandbox: Any) -> None:
    assert not catalog.diff(LLMaaS().models()).new

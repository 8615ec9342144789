"""Lots: what was handed in is never lost, whatever happens afterwards."""

from __future__ import annotations

from typing import Any

import pytest

import llmaas
from haystack_integrations.components.generators.llmaas import LLMaaSBatchChatGenerator

TAKEN = {"status": 202, "json": {"id": "batch-1", "status": "queued", "model": "m"}}
GOOD = {"choices": [{"index": 0, "message": {"content": "oui"}, "finish_reason": "stop"}]}


def test_batch_error_names_batch_when_polling_fails(sandbox: Any, run: Any) -> None:
    sandbox.script([TAKEN, {"status": 500}])
    batches = LLMaaSBatchChatGenerator(wait=5, poll_interval=0.05, max_retries=0)
    with pytest.raises(llmaas.InternalServerError) as caught:
        run(batches, conversations=["a"])
    assert "batch-1" in caught.value.__notes__[0]


def test_failed_batch_keeps_order_of_conversations(sandbox: Any, run: Any) -> None:
    failed = {**TAKEN["json"], "status": "failed", "request_counts": {"total": 3},
              "results": [GOOD], "error": {"message": "panne"}}  # fmt: skip
    sandbox.script([{"json": failed}])
    good, *lost = run(LLMaaSBatchChatGenerator(), batch_id="batch-1")["replies"]
    assert good.text == "oui"
    assert [reply.meta["finish_reason"] for reply in lost] == ["error"] * 2
    assert "panne" in lost[0].meta["error"]


def test_missing_answer_keeps_its_position(sandbox: Any, run: Any) -> None:
    done = {**TAKEN["json"], "status": "completed", "results": [{"choices": []}, GOOD]}
    sandbox.script([{"json": done}])
    empty, good = run(LLMaaSBatchChatGenerator(), batch_id="batch-1")["replies"]
    assert (empty.meta["finish_reason"], good.text) == ("error", "oui")


@pytest.mark.parametrize("kwargs", [{"n": 2}, {"extra_body": {"n": 2}}])
def test_batch_rejects_multiple_choices(sandbox: Any, run: Any, kwargs: Any) -> None:
    with pytest.raises(ValueError, match="n must be 1"):
        run(LLMaaSBatchChatGenerator(generation_kwargs=kwargs), conversations=["a"])
    assert not [*sandbox.requests]

"""Lots: what was handed in is never lost, whatever happens afterwards."""

import asyncio
import time

import pytest
from langchain_core import exceptions as lc

from langchain_llmaas import LLMaaSBatch, abatch_requests, batch_requests, get_cost_callback
from llmaas import errors as core

USAGE = {"prompt_tokens": 1_000, "completion_tokens": 2_000, "total_tokens": 3_000}
GOOD = {"choices": [{"message": {"content": "good"}, "finish_reason": "stop"}], "usage": USAGE}
TAKEN = {"status": 202, "json": {"id": "batch_1", "status": "queued"}}
QUEUED = {"json": TAKEN["json"]}
READY = {"json": {"id": "batch_1", "status": "completed", "model": "m", "results": [GOOD]}}
FAILED = {
    "id": "batch_1",
    "status": "failed",
    "request_counts": {"total": 3},
    "results": [GOOD],
    "error": {"message": "the engine died"},
}


def run_batch(model, prompts, **options):
    return batch_requests(model, prompts, **{"poll": 0.05, "timeout": 60, **options})


def arun_batch(model, prompts, **options):
    return asyncio.run(abatch_requests(model, prompts, **{"poll": 0.05, "timeout": 60, **options}))


@pytest.fixture(params=[run_batch, arun_batch], ids=["sync", "async"])
def way(request):
    return request.param


def test_single_string_is_refused_where_prompts_are_due(chat, sandbox, way):
    with pytest.raises(TypeError, match="prompts must be a list"):
        way(chat(), "hello")
    assert not sandbox.requests


def test_batch_error_names_submitted_batches_when_next_one_fails(chat, sandbox, way):
    sandbox.script([TAKEN, {"status": 500}])
    with pytest.raises(core.InternalServerError) as caught:
        way(chat(), ["a"] * 1_001)
    assert "batch_1" in caught.value.__notes__[0]


def test_batch_error_names_batch_when_polling_fails(chat, sandbox, way):
    sandbox.script([TAKEN, {"status": 500}])
    with pytest.raises(core.InternalServerError) as caught:
        way(chat(), ["a"])
    assert "batch_1" in caught.value.__notes__[0]


def test_failed_batch_keeps_order_of_prompts(chat, sandbox, way):
    sandbox.script([TAKEN, {"json": FAILED}])
    good, *lost = way(chat(), ["a", "b", "c"], return_exceptions=True)
    assert good.text == "good"
    assert [isinstance(error, core.APIError) for error in lost] == [True, True]
    assert "the engine died" in str(lost[0])
    assert isinstance(lost[0], lc.ModelError)


def test_failed_batch_without_results_raises(chat, sandbox, way):
    nothing = {name: FAILED[name] for name in ("id", "status", "error")}
    sandbox.script([TAKEN, {"json": nothing}])
    with pytest.raises(lc.ModelError, match="the engine died") as caught:
        way(chat(), ["a"], return_exceptions=True)
    assert "batch_1" in caught.value.__notes__[0]


def test_failed_prompt_error_is_in_both_hierarchies(chat, sandbox, way):
    results = [GOOD, {"error": {"message": "too long"}}]
    sandbox.script([TAKEN, {"json": {**READY["json"], "results": results}}])
    _, bad = way(chat(), ["a", "b"], return_exceptions=True)
    assert isinstance(bad, core.APIError)
    assert isinstance(bad, lc.ModelError)


def test_batch_timeout_is_not_exceeded_by_polling(chat, sandbox, way):
    sandbox.script([TAKEN, QUEUED, QUEUED])
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="batch_1"):
        way(chat(), ["a"], poll_interval=30, timeout=0.2)
    assert time.monotonic() - start < 10


def test_batch_rejects_multiple_choices(chat, sandbox):
    for model in (chat(n=2), chat(model_kwargs={"n": 2}), chat(extra_body={"n": 2})):
        with pytest.raises(ValueError, match="n must be 1"):
            LLMaaSBatch(model).submit(["a"])
    assert not [*sandbox.requests]


def test_batch_read_twice_is_billed_once(chat, sandbox):
    sandbox.script([READY, READY])
    batch = LLMaaSBatch(chat())
    with get_cost_callback() as outer:
        with get_cost_callback() as inner:
            batch.results("batch_1")
        batch.results("batch_1")
    for cost in (inner, outer):
        (spent,) = cost.by_model.values()
        assert (spent.calls, spent.input_tokens, spent.output_tokens) == (1, 1_000, 2_000)

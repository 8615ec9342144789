"""Stages for Ray Data: columns, errors, a node that dies, and a run that is resumed."""

from __future__ import annotations

import threading
import time

import pytest

from llmaas.errors import ConfigurationError
from llmaas.quota import Budget, RedisLedger
from llmaas_sandbox import Sandbox

data = pytest.importorskip("ray.data", reason="Ray is not installed: pip install 'llmaas[ray]'")
import ray  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402

from llmaas import ray as stages  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(600)]  # Ray's own
MODEL, EMBEDDER, RERANKER = "gpt-oss:20b", "qwen3-embedding:0.6b", "qwen3-reranker:4b"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as box, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMAAS_BASE_URL", box.base_url)
        patch.setenv("LLMAAS_API_KEY", box.api_key)
        patch.setenv("RAY_worker_niceness", "0")  # by default, a busy machine starves workers
        yield box


@pytest.fixture(scope="module")
def cluster(sandbox):
    """Three nodes on this machine; the first runs the driver."""
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    others = [nodes.add_node(num_cpus=2) for _ in range(2)]
    ray.init(address=nodes.address, log_to_driver=False)
    yield nodes, others
    ray.shutdown()
    nodes.shutdown()


@pytest.fixture(autouse=True)
def fresh(sandbox):
    sandbox.reset()


def prompts(count):
    return data.from_items([{"id": n, "prompt": f'Say "item {n}"'} for n in range(count)])


def test_chat_adds_its_columns(cluster):
    rows = stages.chat(prompts(20), model=MODEL, actors=2, batch_size=5, max_tokens=300).take_all()
    assert {row["answer"] for row in rows} == {f"item {n}" for n in range(20)}
    for row in rows:
        assert row["answer"] == f"item {row['id']}"
        assert row["error"] is None
        assert row["attempts"] == 1
        assert row["finish_reason"] == "stop"
        assert row["machine"]
        assert row["cost_eur"] == pytest.approx(
            (row["prompt_tokens"] * 1.8 + row["completion_tokens"] * 8) / 1e6, abs=1e-6
        )


def test_chat_takes_conversations_and_a_system_message(cluster, sandbox):
    turns = [{"role": "user", "content": 'Say "oui"'}]
    rows = data.from_items([{"conversation": turns}])
    stage = stages.chat(rows, model=MODEL, column="conversation", system="Be brief.")
    assert stage.take_all()[0]["answer"] == "oui"
    sent = sandbox.requests[-1].json["messages"]
    assert sent == [{"role": "system", "content": "Be brief."}, *turns]


def test_chat_keeps_an_error_in_its_row_and_goes_on(cluster):
    turns = [[{"role": "user", "content": 'Say "oui"'}], [], [{"role": "user", "content": "Hi"}]]
    rows = data.from_items([{"id": n, "turns": each} for n, each in enumerate(turns)])
    stage = stages.chat(rows, model=MODEL, column="turns", stop_on_fatal=False)
    answers = {row["id"]: row for row in stage.take_all()}
    assert (answers[0]["answer"], answers[0]["error"]) == ("oui", None)
    assert answers[1]["answer"] is None
    assert "messages is empty" in answers[1]["error"]
    assert answers[2]["answer"]


def test_chat_retries_passing_failures_and_counts_attempts(cluster, sandbox):
    sandbox.script([{"status": 503, "headers": {"retry-after": "0"}}, {"content": "oui"}])
    [row] = stages.chat(prompts(1), model=MODEL).take_all()
    assert (row["answer"], row["attempts"]) == ("oui", 2)


def test_wrong_model_ends_the_run(cluster):
    with pytest.raises(Exception, match="no-such-model"):
        stages.chat(prompts(3), model="no-such-model").take_all()


def test_embed_gives_vectors_of_one_type(cluster):
    rows = stages.embed(data.from_items([{"text": "a"}, {"text": "b"}]), model=EMBEDDER)
    table = next(iter(rows.iter_batches(batch_format="pyarrow", batch_size=None)))
    assert str(table.schema.field("embedding").type) == "list<item: float>"
    assert min(map(len, table.column("embedding").to_pylist())) > 0
    assert min(table.column("cost_eur").to_pylist()) > 0


def test_rerank_ranks_the_documents_of_each_row(cluster):
    rows = data.from_items([{"query": "coffee price", "documents": ["a key", "the coffee price"]}])
    [row] = stages.rerank(rows, model=RERANKER).take_all()
    assert [rank["index"] for rank in row["ranking"]] == [1, 0]
    assert row["cost_eur"] > 0


def test_missing_column_names_those_that_are_there(cluster):
    with pytest.raises(Exception, match=r"dataset's \(id, prompt\), got 'question'"):
        stages.chat(prompts(1), model=MODEL, column="question").take_all()


def test_actors_must_be_positive():
    with pytest.raises(ConfigurationError, match=r"actors must be >= 1 .*got 0"):
        stages.chat(None, model=MODEL, actors=0)


def test_budget_holds_over_all_actors(cluster, redis_url, sandbox):
    budget = Budget(0.006, ledger=RedisLedger(redis_url), account="ray")  # half of all
    options = {"actors": 2, "batch_size": 4, "max_tokens": 200, "client": {"hooks": [budget]}}
    with pytest.raises(Exception, match="budget"):
        stages.chat(prompts(60), model=MODEL, **options).take_all()
    assert 0 < budget.spent <= 0.006


def test_interrupted_run_goes_on_from_the_written_parts(cluster, tmp_path, sandbox):
    rows, parts = prompts(40), str(tmp_path / "parts")
    stages.chat(rows.limit(25), model=MODEL).write_parquet(parts)
    asked = len(sandbox.requests)
    left = stages.remaining(rows, data.read_parquet(parts))
    stages.chat(left, model=MODEL).write_parquet(parts)
    written = data.read_parquet(parts).take_all()
    assert sorted(row["id"] for row in written) == list(range(40))
    assert (asked, len(sandbox.requests)) == (25, 40)


def test_rows_with_errors_are_asked_again_when_wanted(cluster, tmp_path, sandbox):
    parts = str(tmp_path / "parts")
    data.from_items([{"id": 0, "error": None}, {"id": 1, "error": "no"}]).write_json(parts)
    written = data.read_json(parts)
    assert stages.remaining(prompts(3), written).take_all()[0]["id"] == 2
    again = stages.remaining(prompts(3), written, retry_errors=True).take_all()
    assert sorted(row["id"] for row in again) == [1, 2]


def test_run_survives_the_death_of_a_node(cluster, sandbox):
    nodes, others = cluster
    killer = threading.Thread(target=kill_when_busy, args=(nodes, others, sandbox))
    killer.start()
    rows = stages.chat(prompts(300), model=MODEL, actors=3, batch_size=8, max_tokens=20).take_all()
    killer.join()
    assert sorted(row["id"] for row in rows) == list(range(300))
    assert not [row for row in rows if row["error"]]
    assert len(sandbox.requests) >= 300


def kill_when_busy(nodes, others, sandbox):
    while len(sandbox.requests) < 60:
        time.sleep(0.02)
    nodes.remove_node(others.pop(), allow_graceful=False)

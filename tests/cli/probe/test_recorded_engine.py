"""Exchanges recorded from a real vLLM give the packaged verdicts again."""

import json

import pytest

from llmaas import LLMaaS, catalog
from llmaas_cli.probe.packaged import read_results
from llmaas_cli.probe.run import Run, plan
from llmaas_cli.probe.selection import choose
from llmaas_cli.probe.sender import Sender
from llmaas_cli.probe.table.all import PROBES
from tests.helpers.cassettes.probed import replay
from tests.helpers.isolation import secret_leaks
from tests.helpers.repository import ROOT
from tests.helpers.servers.answering import answering

FOLDER = ROOT / "tests/cassettes/cli/probe"
NOT_RECORDED = {
    *("list-created", "reuse", "reuse-after-stream"),  # the time, and connections
    *("embed-many", "rerank-many", "embed-long"),  # too large
}


@pytest.mark.parametrize("server", sorted(path.name for path in FOLDER.iterdir()))
def test_recorded_answers_give_the_packaged_verdicts(server):
    packaged = {(r["probe"], r["model"]): r["verdict"] for r in read_results("vllm-0.32.0")}
    catalog.reset()
    with answering(replay(FOLDER / server)) as url:
        client = LLMaaS(base_url=url, api_key=secret_leaks.KEY, max_retries=0, timeout=5)
        listed = client.models()
        catalog.update(listed)
        tasks = plan([p for p in PROBES if p.id not in NOT_RECORDED], choose(listed, []), set())
        run = Run(tasks, choose(listed, []), Sender(client, 9, sleep=lambda seconds: None))
        found = {(r.probe, r.model): str(r.verdict) for r in run if r.verdict and r.model}
    catalog.reset()
    assert found
    assert {name: packaged[name] for name in found} == found


def test_packaged_results_are_of_known_probes():
    known = {probe.id for probe in PROBES}
    for name in ("sandbox", "vllm-0.32.0"):
        results = read_results(name)
        assert {each["probe"] for each in results} <= known
        assert not json.dumps(results).count("sk-")

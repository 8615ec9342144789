"""``llmaas demo --framework llama-index``."""

from tests.helpers.demo import run_demo


def test_demo_answers_with_citations(sandbox):
    run_demo("llama-index", sandbox)
    paths = [request.path.rsplit("/", 1)[-1] for request in sandbox.requests]
    assert paths[-2:] == ["rerank", "completions"]

"""``llmaas demo --framework pydantic-ai``: an agent that searches the shipped documents."""

from tests.helpers.demo import run_demo


def test_demo_answers_with_citations(sandbox):
    result = run_demo("pydantic-ai", sandbox)
    assert result.usage.reasoning_tokens > 0
    paths = [request.path.rsplit("/", 1)[-1] for request in sandbox.requests]
    assert (paths[0], paths[-2], paths[-1]) == ("completions", "rerank", "completions")

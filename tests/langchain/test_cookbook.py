"""The recipe runs as it is printed."""

import runpy

from tests.helpers.repository import ROOT


def test_agent_searches_and_says_what_it_cost(sandbox, capsys):
    recipe = runpy.run_path(str(ROOT / "cookbooks" / "langchain" / "agent_and_rag.py"))
    assert recipe["main"]()
    told = capsys.readouterr().out
    assert "bge-m3:567m: 2 calls" in told
    assert "qwen3-reranker:4b: 1 calls" in told
    assert "in all: 0.0" in told
    assert any(request.path.endswith("/rerank") for request in sandbox.requests)

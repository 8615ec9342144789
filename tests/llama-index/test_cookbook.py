"""The cookbook's script on the sandbox."""

import runpy

import pytest

from tests.helpers.repository import ROOT


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of LlamaIndex
async def test_research_agent_cites_documents_and_prints_costs(sandbox, capsys):
    script = runpy.run_path(str(ROOT / "cookbooks/llama-index/research_agent.py"))
    assert "[1]" in await script["main"]()
    printed = capsys.readouterr().out
    for operation in ("embeddings", "rerank", "chat"):
        assert f"{operation}: 0.0" in printed
    assert any(request.path.endswith("/rerank") for request in sandbox.requests)

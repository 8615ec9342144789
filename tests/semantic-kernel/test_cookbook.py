"""The cookbook's script on the sandbox."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "cookbooks" / "semantic-kernel" / "editorial_office.py"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_editorial_office(sandbox, capsys, monkeypatch):
    import sys

    spec = importlib.util.spec_from_file_location("editorial_office", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # steps are found by their module
    spec.loader.exec_module(module)
    (verdict,) = await module.main()
    assert isinstance(verdict, module.Verdict)
    said = capsys.readouterr().out
    assert "Researcher: The ranking of documents costs 4 EUR" in said
    assert "Editor: " in said
    paths = [request.path for request in sandbox.requests]
    assert "/v2/rerank" in paths
    assert "/v1/embeddings" in paths

"""The cookbook's script on the sandbox."""

import runpy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "cookbooks" / "agent-framework" / "review_board.py"


@pytest.mark.filterwarnings("default")
def test_review_board(sandbox, capsys):
    with ThreadPoolExecutor(1) as thread:  # it runs an event loop; pytest-asyncio has one here
        thread.submit(runpy.run_path, str(SCRIPT), run_name="__main__").result()
    told = capsys.readouterr().out
    assert "title=" in told
    assert "approved=" in told
    assert "EUR" in told
    assert any(request.path == "/v2/rerank" for request in sandbox.requests)

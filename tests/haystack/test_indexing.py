"""An indexing run that is killed half way and started again; and the cookbook."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.waiting import eventually

HOME = Path(__file__).parents[2]
TEXTS, BATCH, CONCURRENCY = 400, 8, 4
RUN = f"""
import sys, warnings
warnings.simplefilter("ignore")
from haystack import Document
from haystack_integrations.components.embedders.llmaas import LLMaaSDocumentEmbedder

embedder = LLMaaSDocumentEmbedder(
    batch_size={BATCH}, concurrency={CONCURRENCY}, checkpoint=sys.argv[1])
found = embedder.run([Document(content=f"texte {{n}}") for n in range({TEXTS})])["documents"]
print(sum(d.embedding is not None for d in found))
"""


def start(sandbox: Any, checkpoint: Path) -> subprocess.Popen[str]:
    where = {"LLMAAS_BASE_URL": sandbox.base_url, "LLMAAS_API_KEY": sandbox.api_key}
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(checkpoint)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **where, "HAYSTACK_TELEMETRY_ENABLED": "False"},
    )


def embedded(sandbox: Any) -> Counter[str]:
    done = [r for r in list(sandbox.requests) if r.status == 200]
    return Counter(text for request in done for text in request.json["input"])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_killed_run_resumes_from_checkpoint(sandbox: Any, tmp_path: Path, how: Any) -> None:
    checkpoint = tmp_path / "vectors.sqlite"
    # Halfway there is a slow stretch: the signal finds it at work, on a busy machine as well.
    for count, delay in ((25, 0.05), (2 * CONCURRENCY, 1.0), (25 - 2 * CONCURRENCY, 0.05)):
        sandbox.script([{"path": "/v1/embeddings", "delay": delay}] * count)
    first = start(sandbox, checkpoint)
    while embedded(sandbox).total() < TEXTS // 2 and first.poll() is None:
        time.sleep(0.01)
    first.send_signal(how)
    _, shown = first.communicate(timeout=60)
    assert first.returncode != 0
    assert "Calculating embeddings" in shown
    assert f"/{TEXTS}" in shown
    time.sleep(0.3)
    eventually(lambda: all(request.finished for request in sandbox.requests))
    before = embedded(sandbox).total()
    assert TEXTS // 2 <= before < TEXTS
    out, shown = start(sandbox, checkpoint).communicate(timeout=100)
    assert out.strip() == str(TEXTS)
    assert f"{TEXTS}/{TEXTS}" in shown
    times = embedded(sandbox)
    assert len(times) == TEXTS  # nothing lost
    again = times.total() - TEXTS
    # Ctrl-C lets end what is under way; kill -9 loses that, and nothing else.
    assert again == 0 if how is signal.SIGINT else again <= BATCH * CONCURRENCY


def cookbook(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, HOME / "cookbooks/haystack" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_cookbook_indexes_and_asks(sandbox: Any, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.md").write_text("# Chats\n\nLe chat dort sur le toit.\n\nLe chien court.\n")
    arguments = [str(folder), "--checkpoint", str(tmp_path / "v.sqlite"), "--question",
                 "Où dort le chat ?"]  # fmt: skip
    module = cookbook("index_and_ask")
    result = module.main(arguments)
    assert "chat" in result["llm"]["replies"][0].text
    assert "EUR" in capsys.readouterr().out
    sent = len(sandbox.requests)
    module.main(arguments)
    paths = [r.path for r in sandbox.requests[sent:]]
    assert paths.count("/v1/embeddings") == 1  # the question's; the texts were known

"""The demo of one package, run against the sandbox, with the checks that all demos share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from llmaas_cli.demo import DemoResult, DemoSettings, frameworks, load_documents, run

QUESTION = "Why can the answer of a reasoning model come back empty, and what is the remedy?"


def run_demo(framework: str, sandbox: Any) -> DemoResult:
    """Run a demo as ``llmaas demo`` does; check its answer, sources, usage and backend.

    It runs in a thread of its own: demos start an event loop, and pytest-asyncio has one here.
    """
    documents, pieces = load_documents(), list[str]()
    settings = DemoSettings(sandbox.base_url, sandbox.api_key)
    entry = frameworks()[framework]
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(
            run, entry, QUESTION, documents, settings=settings, out=pieces.append
        ).result()
    assert result.framework == framework
    assert result.answer == "".join(pieces)
    assert "[1]" in result.answer
    assert result.reasoning
    assert result.reasoning not in result.answer
    assert result.sources[0].passage.document in {document.name for document in documents}
    assert result.usage is not None
    assert result.usage.total_tokens > 0
    assert result.embedding_tokens > 0
    assert result.ranked_documents == 20
    assert result.backend is not None
    assert result.backend.machine_name
    return result

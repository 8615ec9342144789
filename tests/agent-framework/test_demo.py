"""``llmaas demo --framework agent-framework``: an agent that searches the shipped documents."""

from concurrent.futures import ThreadPoolExecutor

from llmaas_cli.demo import DemoSettings, frameworks, load_documents, run

QUESTION = "Why can the answer of a reasoning model come back empty, and what is the remedy?"


def test_demo_answers_with_citations(sandbox):
    documents, pieces = load_documents(), []
    settings = DemoSettings(sandbox.base_url, sandbox.api_key)
    entry = frameworks()["agent-framework"]
    with ThreadPoolExecutor(1) as thread:  # it runs an event loop; pytest-asyncio has one here
        result = thread.submit(
            run, entry, QUESTION, documents, settings=settings, out=pieces.append
        ).result()
    assert result.framework == "agent-framework"
    assert result.answer == "".join(pieces)
    assert "[1]" in result.answer
    assert result.reasoning
    assert result.reasoning not in result.answer
    assert result.sources[0].passage.document in {document.name for document in documents}
    assert result.usage.total_tokens > 0
    assert result.usage.reasoning_tokens > 0
    assert result.embedding_tokens > 0
    assert result.ranked_documents == 20
    assert result.backend.machine_name
    paths = [request.path.rsplit("/", 1)[-1] for request in sandbox.requests]
    assert (paths[0], paths[-2], paths[-1]) == ("completions", "rerank", "completions")

"""``llmaas demo --framework llama-index``."""

from llmaas_cli.demo import DemoSettings, frameworks, load_documents, run

QUESTION = "Why can the answer of a reasoning model come back empty, and what is the remedy?"


def test_demo_answers_and_cites(sandbox):
    documents, pieces = load_documents(), []
    settings = DemoSettings(sandbox.base_url, sandbox.api_key)
    entry = frameworks()["llama-index"]
    result = run(entry, QUESTION, documents, settings=settings, out=pieces.append)
    assert result.framework == "llama-index"
    assert result.answer == "".join(pieces)
    assert "[1]" in result.answer
    assert result.reasoning
    assert result.sources[0].passage.document in {document.name for document in documents}
    assert result.usage.total_tokens > 0
    assert result.embedding_tokens > 0
    assert result.ranked_documents == 20
    assert result.backend.machine_name
    paths = [request.path.rsplit("/", 1)[-1] for request in sandbox.requests]
    assert paths[-2:] == ["rerank", "completions"]

"""The demo: two pipelines from YAML, the same passages and prompt as for everyone."""

from __future__ import annotations

import importlib.resources
from importlib.metadata import entry_points
from typing import Any

from haystack import Pipeline

from haystack_integrations.common.llmaas.demo import demo, load_pipeline
from llmaas_cli.demo import DemoSettings, build_messages, load_documents
from llmaas_cli.demo.core import demo as core_demo

QUESTION = "Why can the answer of a reasoning model come back empty?"


def settings(sandbox: Any, **models: Any) -> DemoSettings:
    return DemoSettings(base_url=sandbox.base_url, api_key=sandbox.api_key, **models)


def test_answers_as_the_core_does(sandbox: Any) -> None:
    documents = load_documents(language="en")[-1:]
    pieces: list[str] = []
    result = demo(QUESTION, documents, client_settings=settings(sandbox), out=pieces.append)
    asked = sandbox.requests[-1].json
    told = core_demo(QUESTION, documents, client_settings=settings(sandbox), out=lambda _: None)
    assert "".join(pieces) == result.answer == told.answer
    assert [s.passage for s in result.sources] == [s.passage for s in told.sources]
    assert result.reasoning == told.reasoning != ""
    assert result.usage.total_tokens == told.usage.total_tokens
    assert result.embedding_tokens == told.embedding_tokens
    assert result.ranked_documents == told.ranked_documents
    assert asked["messages"] == build_messages(QUESTION, [s.passage for s in result.sources])
    assert asked["messages"] == sandbox.requests[-1].json["messages"]


def test_runs_twice_without_mixing_documents(sandbox: Any) -> None:
    for document in load_documents(language="en")[-2:]:
        result = demo(QUESTION, [document], client_settings=settings(sandbox), out=lambda _: None)
        assert {s.passage.document for s in result.sources} == {document.name}


def test_demo_uses_given_models(sandbox: Any) -> None:
    chosen = settings(sandbox, chat_model="gemma4:31b", rerank_model="qwen3-reranker:0.6b",
                      embedding_model="granite-embedding:278m")  # fmt: skip
    demo(QUESTION, load_documents()[-1:], client_settings=chosen, out=lambda _: None)
    models = {(r.path, r.json["model"]) for r in sandbox.requests}
    assert models == {
        ("/v1/embeddings", "granite-embedding:278m"),
        ("/v2/rerank", "qwen3-reranker:0.6b"),
        ("/v1/chat/completions", "gemma4:31b"),
    }


def test_is_registered() -> None:
    (entry,) = entry_points(group="llmaas.demos", name="haystack")
    assert entry.load() is demo


def test_demo_yaml_matches_serialized_pipelines(sandbox: Any) -> None:
    """Golden files: a change of a module path or parameter would break users' YAML."""
    folder = importlib.resources.files("haystack_integrations.common.llmaas.demo")
    for name in ("indexing", "query"):
        pipeline = Pipeline.loads(folder.joinpath(f"{name}.yaml").read_text("utf-8"))
        again = Pipeline.loads(pipeline.dumps()).to_dict()
        assert again["components"] == pipeline.to_dict()["components"]
        assert load_pipeline(name, settings(sandbox)).graph.edges == pipeline.graph.edges

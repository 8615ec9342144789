"""The demo of Haystack (interface: ``llmaas_cli.demo.interface``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from haystack import Document, Pipeline
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import ConnectionMixin
from llmaas import Backend, Usage
from llmaas_cli.demo import DemoResult, DemoSettings, Passage, Source, split
from llmaas_cli.demo import Document as Text
from llmaas_cli.demo.prompt import INSTRUCTIONS

_PACKAGE = "haystack_integrations.common.llmaas.demo"


def load_pipeline(name: str, settings: DemoSettings) -> Pipeline:
    """Load the pipeline of ``name.yaml`` and point its components to the server."""
    pipeline = Pipeline.loads(files(_PACKAGE).joinpath(f"{name}.yaml").read_text("utf-8"))
    models = {"llm": settings.chat_model, "ranker": settings.rerank_model}
    for part, component in pipeline.walk():
        if isinstance(component, ConnectionMixin):
            component.api_key = Secret.from_token(settings.api_key)
            component.api_base_url = settings.base_url
            vars(component)["model"] = models.get(part, settings.embedding_model)
    return pipeline


def demo(
    question: str,
    documents: Sequence[Text],
    *,
    client_settings: DemoSettings,
    out: Callable[[str], None],
) -> DemoResult:
    """Answer ``question`` from ``documents``."""
    indexing, query = (
        load_pipeline("indexing", client_settings),
        load_pipeline("query", client_settings),
    )
    store: Any = vars(indexing.get_component("writer"))["document_store"]
    passages = split(documents)
    store.delete_all_documents()
    try:
        indexed = indexing.run(
            {"embedder": {"documents": _documents(passages)}}, include_outputs_from={"embedder"}
        )
        found = query.run(
            _query_inputs(question, out), include_outputs_from={"embedder", "retriever", "ranker"}
        )
    finally:
        store.delete_all_documents()
    return _result(passages, indexed, found)


def _documents(passages: Sequence[Passage]) -> list[Document]:
    return [
        Document(
            content=passage.with_title,
            meta={
                "number": number,
                "title": passage.title,
                "heading": passage.heading,
                "text": passage.text,
            },
        )
        for number, passage in enumerate(passages)
    ]


def _query_inputs(question: str, out: Callable[[str], None]) -> dict[str, Any]:
    def show(chunk: StreamingChunk) -> None:
        if chunk.content:
            out(chunk.content)

    return {
        "embedder": {"text": question},
        "ranker": {"query": question},
        "prompt": {"question": question, "instructions": INSTRUCTIONS},
        "llm": {"streaming_callback": show},
    }


def _result(
    passages: Sequence[Passage], indexed: Mapping[str, Any], found: Mapping[str, Any]
) -> DemoResult:
    reply: ChatMessage = found["llm"]["replies"][0]
    backend = reply.meta.get("backend")
    return DemoResult(
        framework="haystack",
        answer=reply.text or "",
        sources=tuple(
            Source(number, passages[document.meta["number"]], document.score)
            for number, document in enumerate(found["ranker"]["documents"], 1)
        ),
        usage=_usage(reply.meta["usage"]),
        embedding_tokens=_prompt_tokens(indexed["embedder"]) + _prompt_tokens(found["embedder"]),
        ranked_documents=len(found["retriever"]["documents"]),
        backend=Backend(**backend) if backend else None,
        reasoning=reply.reasoning.reasoning_text if reply.reasoning else "",
    )


def _usage(counts: Mapping[str, Any]) -> Usage | None:
    if not counts:
        return None
    details = counts.get("completion_tokens_details", {})
    return Usage(
        counts["prompt_tokens"],
        counts["completion_tokens"],
        counts["total_tokens"],
        reasoning_tokens=details.get("reasoning_tokens"),
    )


def _prompt_tokens(output: Mapping[str, Any]) -> int:
    tokens: int = output["meta"].get("usage", {}).get("prompt_tokens", 0)
    return tokens

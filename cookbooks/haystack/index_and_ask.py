"""Index a folder of texts with LLMaaS in Haystack, with resume, and answer a question.

    ./run python cookbooks/haystack/index_and_ask.py [FOLDER] [--question TEXT]

``vectors.sqlite`` stores each vector immediately: after Ctrl-C or a crash, the same command
resumes. The folder defaults to the documents of ``llmaas-cli``. Without LLMAAS_API_KEY, the
example uses the embedded sandbox.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.components.generators.utils import print_streaming_chunk
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore

from haystack_integrations.components.embedders.llmaas import (
    LLMaaSDocumentEmbedder,
    LLMaaSTextEmbedder,
)
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from haystack_integrations.components.rankers.llmaas import LLMaaSRanker
from llmaas_cli.demo import load_documents
from llmaas_cli.jupyter import connect

PROMPT = """\
Answer from these passages and cite them by number.
{% for document in documents %}
[{{ loop.index }}] {{ document.content }}
{% endfor %}
Question: {{ question }}"""


def indexing(store: InMemoryDocumentStore, checkpoint: str) -> Pipeline:
    """Build the indexing pipeline: split, embed with eight parallel requests, write."""
    pipeline = Pipeline()
    pipeline.add_component("split", DocumentSplitter(split_by="word", split_length=80))
    pipeline.add_component("embed", LLMaaSDocumentEmbedder(concurrency=8, checkpoint=checkpoint))
    pipeline.add_component("write", DocumentWriter(store))
    pipeline.connect("split.documents", "embed.documents")
    pipeline.connect("embed.documents", "write.documents")
    return pipeline


def asking(store: InMemoryDocumentStore) -> Pipeline:
    """Build the query pipeline: retrieve twenty, keep the best five, stream the answer."""
    pipeline = Pipeline()
    pipeline.add_component("embed", LLMaaSTextEmbedder())
    pipeline.add_component("find", InMemoryEmbeddingRetriever(store, top_k=20))
    pipeline.add_component("rank", LLMaaSRanker(top_k=5))
    template = [ChatMessage.from_user(PROMPT)]
    pipeline.add_component("prompt", ChatPromptBuilder(template, required_variables="*"))
    pipeline.add_component("llm", LLMaaSChatGenerator(streaming_callback=print_streaming_chunk))
    pipeline.connect("embed.embedding", "find.query_embedding")
    pipeline.connect("find.documents", "rank.documents")
    pipeline.connect("rank.documents", "prompt.documents")
    pipeline.connect("prompt.prompt", "llm.messages")
    return pipeline


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Index the documents, answer the question and print usage and cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--question", default="Why can an answer be empty?")
    parser.add_argument("--checkpoint", default="vectors.sqlite")
    told = parser.parse_args(arguments)
    store = InMemoryDocumentStore(shared=False)
    texts = [Document(content=d.text, meta={"name": d.name}) for d in load_documents(told.folder)]
    indexing(store, told.checkpoint).run({"split": {"documents": texts}})
    print(store.count_documents(), "passages")
    question = {"text": told.question}, {"query": told.question}, {"question": told.question}
    inputs = dict(zip(("embed", "rank", "prompt"), question, strict=True))
    result: dict[str, Any] = asking(store).run(inputs, include_outputs_from={"rank"})
    meta = result["llm"]["replies"][0].meta
    print(meta["usage"], f"{meta['cost_eur']:.6f} EUR", meta.get("backend"))
    return result


if __name__ == "__main__":
    connect()
    main()

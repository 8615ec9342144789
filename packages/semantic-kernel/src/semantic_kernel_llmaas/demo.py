"""Demo: an agent whose plugin searches a vector store of the documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.in_memory import InMemoryCollection
from semantic_kernel.contents import StreamingChatMessageContent
from semantic_kernel.data.vector import VectorStoreCollectionDefinition, VectorStoreField
from semantic_kernel.functions import kernel_function

from llmaas import Backend, Completion, Usage
from llmaas_cli.demo import DemoResult, DemoSettings, Document, Passage, Source, split
from llmaas_cli.demo.core import CANDIDATES, CITED
from llmaas_cli.demo.prompt import INSTRUCTIONS
from semantic_kernel_llmaas import LLMaaSChatCompletion, LLMaaSRerankPlugin, LLMaaSTextEmbedding

ENTRIES = VectorStoreCollectionDefinition(
    fields=[
        VectorStoreField("key", name="id"),
        VectorStoreField("vector", name="vector", dimensions=1024),
    ]
)
_SEARCH_FIRST = "Search the documents with the question as it is asked. "


def demo(
    question: str,
    documents: Sequence[Document],
    *,
    client_settings: DemoSettings,
    out: Callable[[str], None],
) -> DemoResult:
    """Answer ``question`` from ``documents``; see ``llmaas_cli.demo.interface``."""
    return asyncio.run(_answer(question, split(documents), client_settings, out))


async def _answer(
    question: str, passages: Sequence[Passage], settings: DemoSettings, out: Callable[[str], None]
) -> DemoResult:
    address: dict[str, Any] = {"api_key": settings.api_key, "base_url": settings.base_url}
    library = Library(
        passages,
        LLMaaSTextEmbedding(settings.embedding_model, **address),
        LLMaaSRerankPlugin(settings.rerank_model, **address),
    )
    await library.fill()
    agent = ChatCompletionAgent(
        service=LLMaaSChatCompletion(settings.chat_model, **address),
        name="Librarian",
        instructions=_SEARCH_FIRST + INSTRUCTIONS,
        plugins=[library],
    )
    output = AgentOutput()
    async for item in agent.invoke_stream(f"Search the documents: {question}"):
        out(output.add(item.message))
    return DemoResult(
        framework="semantic-kernel",
        answer=output.text,
        sources=library.sources,
        usage=output.usage,
        embedding_tokens=library.tokens,
        ranked_documents=library.ranked,
        backend=output.backend,
        reasoning=output.reasoning,
    )


@dataclass
class AgentOutput:
    """Accumulated output of an agent: text, reasoning, usage and machine."""

    text: str = ""
    reasoning: str = ""
    usage: Usage | None = None
    backend: Backend | None = None

    def add(self, chunk: StreamingChatMessageContent) -> str:
        """Add a chunk and return its text; the last chunk of each model call has the usage."""
        self.text += chunk.content
        answer = chunk.inner_content
        if isinstance(answer, Completion) and answer.usage is not None:
            self.usage = _sum(self.usage, answer.usage)
            self.backend = answer.backend
            self.reasoning = answer.reasoning or ""
        return chunk.content


class Library:
    """Plugin that searches the documents in a vector store."""

    def __init__(
        self,
        passages: Sequence[Passage],
        embedding: LLMaaSTextEmbedding,
        reranker: LLMaaSRerankPlugin,
    ) -> None:
        self._passages = passages
        self._reranker = reranker
        self._embedding = embedding
        self._store: Any = InMemoryCollection(
            record_type=dict, definition=ENTRIES, collection_name="passages"
        )
        self.sources: tuple[Source, ...] = ()
        self.tokens = self.ranked = 0

    async def fill(self) -> None:
        """Embed all passages and store them."""
        vectors = await self._embed([passage.with_title for passage in self._passages])
        await self._store.ensure_collection_exists()
        await self._store.upsert(
            [{"id": str(n), "vector": vector} for n, vector in enumerate(vectors)]
        )

    async def _embed(self, texts: list[str]) -> list[Any]:
        embeddings = await self._embedding.embed(texts)
        self.tokens += embeddings.usage.prompt_tokens if embeddings.usage else 0
        return embeddings.vectors

    @kernel_function(description="Find the passages of the documents that answer a question")
    async def search_documents(
        self, question: Annotated[str, "The whole question, as it was asked"]
    ) -> str:
        """Return the best passages, numbered for citation."""
        (vector,) = await self._embed([question])
        results = await self._store.search(vector=vector, top=CANDIDATES)
        near = [self._passages[int(result.record["id"])] async for result in results.results]
        self.ranked += len(near)
        best = await self._reranker.rerank_results(
            question, near, text=lambda passage: passage.with_title, top_n=CITED
        )
        self.sources = tuple(
            Source(n, passage, score) for n, (passage, score) in enumerate(best, 1)
        )
        return "\n\n".join(
            f"[{source.number}] {source.passage.title} - {source.passage.heading}\n\n"
            f"{source.passage.text}"
            for source in self.sources
        )


def _sum(first: Usage | None, second: Usage) -> Usage:
    if first is None:
        return second
    return Usage(
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
        first.total_tokens + second.total_tokens,
        (first.reasoning_tokens or 0) + (second.reasoning_tokens or 0),
    )

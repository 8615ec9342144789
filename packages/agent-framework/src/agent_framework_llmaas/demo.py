"""Demo: an agent that searches the documents with a tool, then answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from agent_framework import Agent, AgentResponse, tool

from agent_framework_llmaas import LLMaaSChatClient, LLMaaSEmbeddingClient
from llmaas import AsyncLLMaaS, Backend, Embeddings, Usage
from llmaas_cli.demo import DemoResult, DemoSettings, Document, Passage, Source, split
from llmaas_cli.demo.core import CANDIDATES, CITED, nearest
from llmaas_cli.demo.prompt import INSTRUCTIONS

_SEARCH_FIRST = "Search the documents with the question as it is asked, then: "


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
    async with AsyncLLMaaS(api_key=settings.api_key, base_url=settings.base_url) as client:
        library = Library(client, passages, settings)

        @tool
        async def search_documents(
            question: Annotated[str, "The whole question, as it was asked"],
        ) -> str:
            """Find the passages of the documents that answer a question."""
            return await library.search(question)

        agent = Agent(
            LLMaaSChatClient(settings.chat_model, client=client),
            instructions=_SEARCH_FIRST + INSTRUCTIONS,
            tools=[search_documents],
        )
        response = await _run_agent(agent, question, out)
    return DemoResult(
        framework="agent-framework",
        answer=response.text,
        sources=library.sources,
        usage=_usage(response),
        embedding_tokens=library.tokens,
        ranked_documents=library.ranked,
        backend=_backend(response),
        reasoning=_reasoning(response),
    )


async def _run_agent(agent: Agent, question: str, out: Callable[[str], None]) -> AgentResponse:
    """Run the agent with a forced search and pass the text of its answer to ``out``."""
    run = agent.run(question, stream=True, options={"tool_choice": "required"})
    async for update in run:
        if update.text:
            out(update.text)
    return await run.get_final_response()


class Library:
    """Searchable and ranked passages of the documents."""

    def __init__(
        self, client: AsyncLLMaaS, passages: Sequence[Passage], settings: DemoSettings
    ) -> None:
        self._client = client
        self._passages = passages
        self._embedder = LLMaaSEmbeddingClient(settings.embedding_model, client=client)
        self._rerank_model = settings.rerank_model
        self.sources: tuple[Source, ...] = ()
        self.tokens = self.ranked = 0

    async def search(self, question: str) -> str:
        """Return the best passages, numbered for citation."""
        texts = [question, *(passage.with_title for passage in self._passages)]
        embedded = await self._embedder.get_embeddings(texts)
        self.tokens += (embedded.usage or {}).get("input_token_count") or 0
        vectors = Embeddings(
            [embedding.vector for embedding in embedded], str(self._embedder.model)
        )
        self.sources = await self._best(
            question, nearest(vectors, self._passages, count=CANDIDATES)
        )
        return "\n\n".join(
            f"[{source.number}] {source.passage.title} - {source.passage.heading}\n"
            f"{source.passage.text}"
            for source in self.sources
        )

    async def _best(self, question: str, passages: Sequence[Passage]) -> tuple[Source, ...]:
        texts = [passage.with_title for passage in passages]
        self.ranked += len(texts)
        ranking = await self._client.rerank(question, texts, model=self._rerank_model, top_n=CITED)
        best = enumerate(ranking.results[:CITED], 1)
        return tuple(Source(n, passages[r.index], r.relevance_score) for n, r in best)


def _usage(response: AgentResponse) -> Usage | None:
    counts = response.usage_details
    if not counts:
        return None
    return Usage(
        counts.get("input_token_count") or 0,
        counts.get("output_token_count") or 0,
        counts.get("total_token_count") or 0,
        counts.get("reasoning_output_token_count"),
    )


def _reasoning(response: AgentResponse) -> str:
    """Return the reasoning that precedes the answer."""
    contents = response.messages[-1].contents if response.messages else []
    return "".join(content.text or "" for content in contents if content.type == "text_reasoning")


def _backend(response: AgentResponse) -> Backend | None:
    backend = response.additional_properties.get("backend")
    return Backend(**backend) if backend else None

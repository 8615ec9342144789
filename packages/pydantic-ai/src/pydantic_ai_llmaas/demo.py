"""Demo with Pydantic AI: an agent that searches the documents with a tool, then answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pydantic_ai import (
    Agent,
    AgentRunResultEvent,
    Embedder,
    ModelSettings,
    PartDeltaEvent,
    PartStartEvent,
    RunContext,
)
from pydantic_ai.messages import ModelResponse, TextPart, TextPartDelta
from pydantic_ai.run import AgentRunResult

from llmaas import AsyncLLMaaS, Backend, Embeddings, Usage
from llmaas_cli.demo import DemoResult, DemoSettings, Document, Passage, Source, split
from llmaas_cli.demo.core import CANDIDATES, CITED, nearest
from llmaas_cli.demo.prompt import INSTRUCTIONS
from pydantic_ai_llmaas import LLMaaSEmbeddingModel, LLMaaSModel, LLMaaSProvider

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
        model = LLMaaSModel(settings.chat_model, provider=LLMaaSProvider(client=client))
        agent = Agent(
            model,
            instructions=_SEARCH_FIRST + INSTRUCTIONS,
            tools=[library.search_documents],
            model_settings=_search_first,
        )
        result = await _stream(agent, question, out)
    usage, last = result.usage, result.response
    return DemoResult(
        framework="pydantic-ai",
        answer=result.output,
        sources=library.found,
        usage=Usage(
            usage.input_tokens,
            usage.output_tokens,
            usage.total_tokens,
            usage.details.get("reasoning_tokens"),
        ),
        embedding_tokens=library.tokens,
        ranked_documents=library.ranked,
        backend=_backend(last),
        reasoning=last.thinking or "",
    )


def _search_first(context: RunContext[None]) -> ModelSettings:
    """Force a tool call in the first step."""
    return ModelSettings(tool_choice="required" if context.run_step == 1 else "auto")


async def _stream(
    agent: Agent[None, str], question: str, out: Callable[[str], None]
) -> AgentRunResult[str]:
    """Run the agent and stream the text of its answer to ``out``."""
    async with agent.run_stream_events(question) as events:
        async for event in events:
            if isinstance(event, AgentRunResultEvent):
                return event.result
            if text := _text(event):
                out(text)
    raise RuntimeError("the agent ended without a result")


def _text(event: Any) -> str:
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""


class Library:
    """Search tool over the documents: embeddings, then rerank."""

    def __init__(
        self, client: AsyncLLMaaS, passages: Sequence[Passage], settings: DemoSettings
    ) -> None:
        self._client = client
        self._passages = passages
        self._settings = settings
        provider = LLMaaSProvider(client=client)
        self._embedder = Embedder(LLMaaSEmbeddingModel(settings.embedding_model, provider=provider))
        self.found: tuple[Source, ...] = ()
        self.tokens = self.ranked = 0

    async def search_documents(self, question: str) -> str:
        """Find the passages of the documents that answer a question.

        Args:
            question: The whole question, as it was asked.

        """
        texts = [question, *(passage.with_title for passage in self._passages)]
        embedded = await self._embedder.embed_documents(texts)
        self.tokens += embedded.usage.input_tokens
        vectors = Embeddings(list(embedded.embeddings), embedded.model_name)
        self.found = await self._best(question, nearest(vectors, self._passages, count=CANDIDATES))
        return "\n\n".join(
            f"[{source.number}] {source.passage.title} - {source.passage.heading}\n"
            f"{source.passage.text}"
            for source in self.found
        )

    async def _best(self, question: str, passages: Sequence[Passage]) -> tuple[Source, ...]:
        texts = [passage.with_title for passage in passages]
        self.ranked += len(texts)
        model = self._settings.rerank_model
        ranking = await self._client.rerank(question, texts, model=model, top_n=CITED)
        best = enumerate(ranking.results[:CITED], 1)
        return tuple(Source(n, passages[r.index], r.relevance_score) for n, r in best)


def _backend(response: ModelResponse) -> Backend | None:
    reported = (response.provider_details or {}).get("backend")
    return Backend(**reported) if reported else None

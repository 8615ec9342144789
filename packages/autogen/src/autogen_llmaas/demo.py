"""Demo: two AutoGen teams answer the question with tools over the documents.

In a selector team the model chooses the librarian that searches. In a round-robin team the
writer answers from the passages found and the proofreader checks the citations with a tool.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import ModelClientStreamingChunkEvent, TextMessage, ThoughtEvent
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat
from autogen_core.memory import MemoryContent, MemoryMimeType

from autogen_llmaas.client import LLMaaSChatCompletionClient
from autogen_llmaas.memory import LLMaaSMemory
from llmaas import LLMaaS, Usage
from llmaas_cli.demo import (
    DemoResult,
    DemoSettings,
    Document,
    Passage,
    Source,
    build_messages,
    split,
)

FOUND, CITED = 20, 5
LIBRARIANS = {"en": "English", "fr": "French"}
WRITER, PROOFREADER = "writer", "proofreader"


class Library:
    """Searchable and ranked passages; ``sources`` holds the result of the last search."""

    def __init__(self, documents: Sequence[Document], settings: DemoSettings) -> None:
        self._settings = settings
        self._passages = split(documents)
        self.memory = LLMaaSMemory(
            settings.embedding_model,
            api_key=settings.api_key,
            base_url=settings.base_url,
            k=FOUND,
        )
        self.ranked = 0
        self.sources: list[Source] = []

    async def search(self, question: str) -> str:
        """Search the documents for passages that answer a question."""
        for number, passage in enumerate(self._passages[len(self.memory.contents) :]):
            await self.memory.add(_content(passage, number))
        found = await self.memory.query(question)
        near = [self._passages[(item.metadata or {})["number"]] for item in found.results]
        self.sources = await asyncio.to_thread(self._rank, question, near)
        return "\n".join(f"[{s.number}] {s.passage.title}, {s.passage.place}" for s in self.sources)

    def _rank(self, question: str, near: Sequence[Passage]) -> list[Source]:
        settings = self._settings
        with LLMaaS(api_key=settings.api_key, base_url=settings.base_url) as client:
            texts = [passage.with_title for passage in near]
            ranking = client.rerank(question, texts, model=settings.rerank_model, top_n=CITED)
        self.ranked += len(near)
        return [
            Source(number, near[result.index], result.relevance_score)
            for number, result in enumerate(ranking.results[:CITED], 1)
        ]

    def check_citations(self, answer: str) -> str:
        """Check the numbers of the passages that an answer cites."""
        cited = {int(number) for number in re.findall(r"\[(\d+)\]", answer)}
        wrong = sorted(cited - {source.number for source in self.sources})
        return f"wrong citations: {wrong}" if wrong else f"{len(cited)} citations, all correct"


def demo(
    question: str,
    documents: Sequence[Document],
    *,
    client_settings: DemoSettings,
    out: Callable[[str], None],
) -> DemoResult:
    """Answer ``question`` from ``documents``; see ``llmaas_cli.demo.interface``."""
    return asyncio.run(_demo(question, Library(documents, client_settings), client_settings, out))


async def _demo(
    question: str, library: Library, settings: DemoSettings, out: Callable[[str], None]
) -> DemoResult:
    client = LLMaaSChatCompletionClient(
        settings.chat_model, api_key=settings.api_key, base_url=settings.base_url
    )
    await _find(client, library, question)
    answer, thought = await _answer(client, library, question, out)
    totals = client.totals
    return DemoResult(
        framework="autogen",
        answer=answer,
        sources=tuple(library.sources),
        usage=Usage(
            totals.prompt_tokens,
            totals.completion_tokens,
            totals.prompt_tokens + totals.completion_tokens,
            totals.reasoning_tokens,
        ),
        embedding_tokens=library.memory.embeddings.tokens,
        ranked_documents=library.ranked,
        reasoning=thought,
    )


async def _find(client: LLMaaSChatCompletionClient, library: Library, question: str) -> None:
    """Let the model choose a librarian, who searches with a tool."""
    librarians = [
        AssistantAgent(
            f"librarian_{code}",
            client,
            description=f"Searches the documents for questions in {language}.",
            system_message="Search the documents for the question with the tool.",
            tools=[library.search],
        )
        for code, language in LIBRARIANS.items()
    ]
    await SelectorGroupChat(list(librarians), client, max_turns=1).run(task=question)
    if not library.sources:  # a model may answer without the tool
        await library.search(question)


async def _answer(
    client: LLMaaSChatCompletionClient,
    library: Library,
    question: str,
    out: Callable[[str], None],
) -> tuple[str, str]:
    """Let the writer answer and the proofreader check; pass the writer's text to ``out``.

    Return the answer and the writer's reasoning.
    """
    instructions, request = build_messages(question, [source.passage for source in library.sources])
    writer = AssistantAgent(
        WRITER, client, system_message=instructions["content"], model_client_stream=True
    )
    proofreader = AssistantAgent(
        PROOFREADER,
        client,
        system_message="Check the citations of the answer with the tool.",
        tools=[library.check_citations],
    )
    answer = thought = ""
    team = RoundRobinGroupChat([writer, proofreader], max_turns=2)
    async for event in team.run_stream(task=request["content"]):
        if getattr(event, "source", None) != WRITER:
            continue
        if isinstance(event, ModelClientStreamingChunkEvent):
            out(event.content)
        elif isinstance(event, ThoughtEvent):
            thought = event.content
        elif isinstance(event, TextMessage):
            answer = event.content
    return answer, thought


def _content(passage: Passage, number: int) -> MemoryContent:
    metadata: dict[str, Any] = {"number": number}
    return MemoryContent(
        content=passage.with_title, mime_type=MemoryMimeType.TEXT, metadata=metadata
    )

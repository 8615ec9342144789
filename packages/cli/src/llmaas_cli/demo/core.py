"""Demo of the client alone: embed, compare, rerank, then stream an answer with citations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest
from math import hypot
from operator import mul

from llmaas import LLMaaS
from llmaas.types import Completion, Embeddings, TextDelta
from llmaas_cli.demo.documents import Document
from llmaas_cli.demo.interface import DemoResult, DemoSettings, Source
from llmaas_cli.demo.passages import Passage, split
from llmaas_cli.demo.prompt import build_messages

CANDIDATES, CITED = 20, 5


def demo(
    question: str,
    documents: Sequence[Document],
    *,
    client_settings: DemoSettings,
    out: Callable[[str], None],
) -> DemoResult:
    """Answer ``question`` from ``documents``; see ``llmaas_cli.demo.interface``."""
    settings = client_settings
    with LLMaaS(api_key=settings.api_key, base_url=settings.base_url) as client:
        vectors = embed(client, question, split(documents), settings.embedding_model)
        candidates = nearest(*vectors, count=CANDIDATES)
        best = rank(client, question, candidates, settings.rerank_model)
        completion = answer(client, question, best, settings.chat_model, out)
    return DemoResult(
        framework="core",
        answer=completion.text,
        sources=tuple(best),
        usage=completion.usage,
        embedding_tokens=_prompt_tokens(vectors[0]),
        ranked_documents=len(candidates),
        backend=completion.backend,
        reasoning=completion.reasoning or "",
    )


def embed(
    client: LLMaaS, question: str, passages: Sequence[Passage], model: str
) -> tuple[Embeddings, Sequence[Passage]]:
    """Embed the question, then all passages."""
    texts = [question, *(passage.with_title for passage in passages)]
    return client.embed(texts, model=model), passages


def nearest(vectors: Embeddings, passages: Sequence[Passage], *, count: int) -> list[Passage]:
    """Find the passages whose vectors are most similar to the question's."""
    query, *known = vectors.vectors
    scored = [
        (_cosine_similarity(query, vector), passage)
        for vector, passage in zip(known, passages, strict=True)
        if vector is not None
    ]
    return [passage for _, passage in nlargest(count, scored, key=lambda pair: pair[0])]


def rank(client: LLMaaS, question: str, passages: Sequence[Passage], model: str) -> list[Source]:
    """Rank passages and return the best, numbered for citation."""
    texts = [passage.with_title for passage in passages]
    ranking = client.rerank(question, texts, model=model, top_n=CITED)
    return [
        Source(number, passages[ranked.index], ranked.relevance_score)
        for number, ranked in enumerate(ranking.results[:CITED], 1)
    ]


def answer(
    client: LLMaaS, question: str, best: Sequence[Source], model: str, out: Callable[[str], None]
) -> Completion:
    """Stream the answer's text to ``out`` and return the whole completion."""
    messages = build_messages(question, [source.passage for source in best])
    with client.stream(messages, model=model) as stream:
        for event in stream:
            if isinstance(event, TextDelta):
                out(event.text)
        return stream.completion


def _cosine_similarity(a: Sequence[float], b: Sequence[float]) -> float:
    product: float = sum(map(mul, a, b))
    return product / (hypot(*a) * hypot(*b) or 1.0)


def _prompt_tokens(embeddings: Embeddings) -> int:
    return embeddings.usage.prompt_tokens if embeddings.usage else 0

"""Demo with LlamaIndex: an index of the passages, a reranker and a streamed answer.

The model calls a search tool. The tool retrieves passages from LlamaIndex's in-memory vector
index with ``LLMaaSEmbedding`` and ranks them with ``LLMaaSRerank``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llama_index.core import VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ThinkingBlock
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.event_handlers import BaseEventHandler
from pydantic import PrivateAttr

from llama_index.embeddings.llmaas import LLMaaSEmbedding
from llama_index.llms.llmaas.base import LLMaaS
from llama_index.llms.llmaas.cost import CostEvent
from llama_index.postprocessor.llmaas import LLMaaSRerank
from llmaas import Backend, Usage
from llmaas_cli.demo.documents import Document
from llmaas_cli.demo.interface import DemoResult, DemoSettings, Source
from llmaas_cli.demo.passages import Passage, split
from llmaas_cli.demo.prompt import INSTRUCTIONS

CANDIDATES, CITED = 20, 5
SEARCHER = "Call search_documents once to find what answers the question."


class TokenTotals(BaseEventHandler):
    """Event handler that sums the tokens per operation."""

    _tokens: dict[str, list[int]] = PrivateAttr(default_factory=dict)

    def handle(self, event: Any, **kwargs: Any) -> None:
        """Add the tokens of a cost event."""
        if isinstance(event, CostEvent):
            total = self._tokens.setdefault(event.operation, [0, 0])
            total[0] += event.prompt_tokens
            total[1] += event.completion_tokens

    def of(self, operation: str) -> tuple[int, int]:
        """Return the prompt and completion tokens of an operation."""
        prompt, completion = self._tokens.get(operation, (0, 0))
        return prompt, completion


def demo(
    question: str,
    documents: Sequence[Document],
    *,
    client_settings: DemoSettings,
    out: Callable[[str], None],
) -> DemoResult:
    """Answer ``question`` from ``documents``; see ``llmaas_cli.demo.interface``."""
    totals, dispatcher = TokenTotals(), get_dispatcher()
    dispatcher.add_event_handler(totals)
    try:
        return _answer(question, split(documents), client_settings, out, totals)
    finally:
        dispatcher.event_handlers.remove(totals)


def _answer(
    question: str,
    passages: Sequence[Passage],
    settings: DemoSettings,
    out: Callable[[str], None],
    totals: TokenTotals,
) -> DemoResult:
    address: Any = {"base_url": settings.base_url, "api_key": settings.api_key}
    llm = LLMaaS(model=settings.chat_model, **address)
    embedding = LLMaaSEmbedding(model_name=settings.embedding_model, **address)
    rerank = LLMaaSRerank(model=settings.rerank_model, top_n=CITED, **address)
    nodes = [TextNode(text=p.with_title, id_=str(n)) for n, p in enumerate(passages)]
    retriever = VectorStoreIndex(nodes, embed_model=embedding).as_retriever(
        similarity_top_k=CANDIDATES
    )
    query = search_query(llm, question)
    found = rerank.postprocess_nodes(retriever.retrieve(query), query_str=query)
    response = stream(llm, found, question, out)
    return DemoResult(
        framework="llama-index",
        answer=response.message.content or "",
        sources=tuple(
            Source(number, passages[int(node.node.node_id)], node.score or 0.0)
            for number, node in enumerate(found, 1)
        ),
        usage=_usage(totals, response),
        embedding_tokens=totals.of("embeddings")[0],
        ranked_documents=min(CANDIDATES, len(nodes)),
        backend=Backend(**response.additional_kwargs.get("backend", {})),
        reasoning=_reasoning(response.message),
    )


def search_query(llm: LLMaaS, question: str) -> str:
    """Have the model call the search tool. Return its query, or the question without a call."""

    def search_documents(query: str) -> str:
        """Search the documents for passages about a query."""
        return query

    tool = FunctionTool.from_defaults(search_documents)
    history = [ChatMessage(SEARCHER, role="system")]
    response = llm.chat_with_tools([tool], question, chat_history=history, tool_required=True)
    calls = llm.get_tool_calls_from_response(response, error_on_no_tool_call=False)
    return str(calls[0].tool_kwargs.get("query") or question) if calls else question


def stream(
    llm: LLMaaS, found: Sequence[NodeWithScore], question: str, out: Callable[[str], None]
) -> ChatResponse:
    """Stream the answer to ``out`` and return the complete response."""
    passages = "\n\n".join(f"[{n}] {node.get_content()}" for n, node in enumerate(found, 1))
    messages = [
        ChatMessage(INSTRUCTIONS, role="system"),
        ChatMessage(f"{passages}\n\n{question}", role="user"),
    ]
    response = ChatResponse(message=ChatMessage())
    for response in llm.stream_chat(messages):
        if response.delta:
            out(response.delta)
    return response


def _usage(totals: TokenTotals, last: ChatResponse) -> Usage:
    prompt, completion = totals.of("chat")
    reasoning = last.additional_kwargs.get("reasoning_tokens")
    return Usage(prompt, completion, prompt + completion, reasoning)


def _reasoning(message: ChatMessage) -> str:
    thoughts = (b.content or "" for b in message.blocks if isinstance(b, ThinkingBlock))
    return "".join(thoughts)

"""The demo of LangChain: a tool-calling agent searches, and an LCEL chain answers.

The search tool is a chain of ``LLMaaSEmbeddings``, LangChain's vector store and
``LLMaaSRerank``. A chain of a prompt and ``ChatLLMaaS`` streams the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.documents import Document as Text
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_core.tools import StructuredTool
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_llmaas.chat_models import ChatLLMaaS
from langchain_llmaas.content_blocks import REASONING
from langchain_llmaas.cost import CostCallbackHandler, get_cost_callback
from langchain_llmaas.embeddings import LLMaaSEmbeddings
from langchain_llmaas.rerank import LLMaaSRerank
from llmaas import Backend, Usage
from llmaas_cli.demo.documents import Document
from llmaas_cli.demo.interface import DemoResult, DemoSettings, Source
from llmaas_cli.demo.passages import Passage, split
from llmaas_cli.demo.prompt import INSTRUCTIONS

CANDIDATES, CITED = 20, 5
SEARCHER = "Call search_documents once to find what answers the question."
PROMPT = ChatPromptTemplate([("system", INSTRUCTIONS), ("user", "{passages}\n\n{question}")])


def demo(
    question: str,
    documents: Sequence[Document],
    *,
    client_settings: DemoSettings,
    out: Callable[[str], None],
) -> DemoResult:
    """Answer ``question`` from ``documents``; see ``llmaas_cli.demo.interface``."""
    connection: Any = {"base_url": client_settings.base_url, "api_key": client_settings.api_key}
    chat = ChatLLMaaS(model=client_settings.chat_model, **connection)
    embeddings = LLMaaSEmbeddings(model=client_settings.embedding_model, **connection)
    reranker = LLMaaSRerank(model=client_settings.rerank_model, top_n=CITED, **connection)
    with get_cost_callback() as cost:
        store = build_store(split(documents), embeddings)
        found = search(chat, build_retriever(store, reranker), question)
        answer = stream(build_answer_chain(chat), {"found": found, "question": question}, out)
    return DemoResult(
        framework="langchain",
        answer=answer.text,
        sources=tuple(to_sources(found)),
        usage=_usage(cost, client_settings),
        embedding_tokens=_input_tokens(cost, client_settings.embedding_model),
        ranked_documents=min(CANDIDATES, len(store.store)),
        backend=Backend(**answer.response_metadata.get("backend", {})),
        reasoning=answer.additional_kwargs.get(REASONING, ""),
    )


def build_store(passages: Sequence[Passage], embeddings: LLMaaSEmbeddings) -> InMemoryVectorStore:
    """Build a vector store of the passages."""
    texts = [
        Text(page_content=passage.with_title, metadata={"passage": passage}) for passage in passages
    ]
    return InMemoryVectorStore.from_documents(texts, embeddings)


def build_retriever(
    store: InMemoryVectorStore, reranker: LLMaaSRerank
) -> Runnable[str, list[Text]]:
    """Build a chain from a query to the best documents."""
    candidates = store.as_retriever(search_kwargs={"k": CANDIDATES})
    both = {"query": RunnablePassthrough(), "documents": candidates}
    return both | RunnableLambda(lambda found: [*reranker.compress_documents(**found)])


def search(chat: ChatLLMaaS, retriever: Runnable[str, list[Text]], question: str) -> list[Text]:
    """Let the model call the search tool; return its documents."""
    tool = StructuredTool.from_function(
        lambda query: ("", retriever.invoke(query)),
        name="search_documents",
        description="Search the documents for passages about a query.",
        response_format="content_and_artifact",
        args_schema={
            "type": "object",
            "properties": {"query": {"type": "string", "description": "What to look for"}},
            "required": ["query"],
        },
    )
    agent = chat.bind_tools([tool], tool_choice="any")
    reply = agent.invoke([SystemMessage(SEARCHER), HumanMessage(question)])
    found: list[Text] = tool.invoke(_first_call(reply, question)).artifact
    return found


def build_answer_chain(chat: ChatLLMaaS) -> Runnable[Any, Any]:
    """Build the chain that answers from the documents."""
    return (
        RunnablePassthrough.assign(passages=lambda inputs: format_passages(inputs["found"]))
        | PROMPT
        | chat
    )


def stream(
    chain: Runnable[Any, Any], inputs: dict[str, Any], out: Callable[[str], None]
) -> AIMessageChunk:
    """Stream the answer to ``out`` and return the complete message."""
    answer = AIMessageChunk(content="")
    for chunk in chain.stream(inputs):
        out(chunk.text)
        answer += chunk
    return answer


def format_passages(found: Sequence[Text]) -> str:
    """Format the passages for the prompt."""
    return "\n\n".join(f"[{number}] {text.page_content}" for number, text in enumerate(found, 1))


def to_sources(found: Sequence[Text]) -> list[Source]:
    """Convert the documents to numbered sources."""
    return [
        Source(number, text.metadata["passage"], text.metadata["relevance_score"])
        for number, text in enumerate(found, 1)
    ]


def _first_call(reply: AIMessage, question: str) -> Any:
    """Return the model's first call, or a search for the question itself."""
    default = {"name": "search_documents", "args": {"query": question}, "id": "call_0"}
    call = reply.tool_calls[0] if reply.tool_calls else default
    return {**call, "type": "tool_call"}


def _input_tokens(cost: CostCallbackHandler, model: str) -> int:
    return cost.by_model[model].input_tokens if model in cost.by_model else 0


def _usage(cost: CostCallbackHandler, settings: DemoSettings) -> Usage:
    others = (settings.embedding_model, settings.rerank_model)
    chats = [usage for name, usage in cost.by_model.items() if name not in others]
    tokens = sum(c.input_tokens for c in chats), sum(c.output_tokens for c in chats)
    return Usage(*tokens, sum(tokens), sum(c.reasoning_tokens for c in chats) or None)

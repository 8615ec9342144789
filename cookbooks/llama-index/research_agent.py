"""Agent that searches an index of documents and cites them, with the cost of every step.

    ./run python cookbooks/llama-index/research_agent.py "What does the ranking cost?"

Outside this repository, install `llama-index-llms-llmaas` and `llmaas-cli[sandbox]`. Without
LLMAAS_API_KEY, the example uses the embedded sandbox.
"""

import asyncio
import sys
from collections import Counter

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler

from llama_index.embeddings.llmaas import LLMaaSEmbedding
from llama_index.llms.llmaas import CostEvent, LLMaaS
from llama_index.postprocessor.llmaas import LLMaaSRerank
from llmaas_cli.demo import load_documents
from llmaas_cli.demo.passages import split
from llmaas_cli.jupyter import connect

QUESTION = "Why can the answer of a reasoning model come back empty, and what is the remedy?"
spent: Counter[str] = Counter()


class Costs(BaseEventHandler):
    """Sum of the costs by operation, in micro-EUR."""

    def handle(self, event, **kwargs):
        if isinstance(event, CostEvent):
            spent[event.operation] += event.cost_micro_eur or 0


async def main(question: str = QUESTION) -> str:
    dispatcher, costs = get_dispatcher(), Costs()
    dispatcher.add_event_handler(costs)
    texts = [Document(text=p.with_title) for p in split(load_documents(language="en"))]
    index = VectorStoreIndex.from_documents(
        texts, embed_model=LLMaaSEmbedding(model="bge-m3:567m"), use_async=False
    )
    retriever = index.as_retriever(similarity_top_k=20)
    rerank = LLMaaSRerank(model="qwen3-reranker:4b", top_n=3)

    async def search_documents(query: str) -> str:
        """Search the documents for passages that answer a question."""
        nodes = await rerank.apostprocess_nodes(await retriever.aretrieve(query), query_str=query)
        return "\n\n".join(f"[{n}] {node.text}" for n, node in enumerate(nodes, 1))

    agent = FunctionAgent(tools=[search_documents], llm=LLMaaS(model="gpt-oss:120b"))
    answer = str(await agent.run(f"Search the documents: {question}"))
    dispatcher.event_handlers.remove(costs)
    print(answer)
    for operation, micro_eur in spent.items():
        print(f"{operation}: {micro_eur / 1_000_000:.6f} EUR")
    return answer


if __name__ == "__main__":
    connect()
    asyncio.run(main(*sys.argv[1:2]))

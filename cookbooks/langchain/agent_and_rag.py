"""Agent that searches documents and answers from them, with the total cost.

    ./run python cookbooks/langchain/agent_and_rag.py "Why can an answer come back empty?"

Outside this repository, install `langchain`, `langchain-llmaas`, `llmaas-cli[sandbox]` and
`numpy`. Without LLMAAS_API_KEY, the example uses the embedded sandbox.
"""

import sys

from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings, LLMaaSRerank, get_cost_callback
from llmaas_cli.demo import load_documents
from llmaas_cli.demo.passages import split
from llmaas_cli.jupyter import connect

QUESTION = "Why can the answer of a reasoning model come back empty, and what is the remedy?"


def main(question: str = QUESTION) -> str:
    with get_cost_callback() as cost:
        texts = [Document(p.with_title) for p in split(load_documents(language="en"))]
        store = InMemoryVectorStore.from_documents(texts, LLMaaSEmbeddings(model="bge-m3:567m"))
        reranker = LLMaaSRerank(model="qwen3-reranker:4b", top_n=3)

        @tool
        def search_documents(query: str) -> str:
            """Search the documents for passages that answer a question."""
            best = reranker.compress_documents(store.similarity_search(query, k=20), query)
            return "\n\n".join(f"[{n}] {text.page_content}" for n, text in enumerate(best, 1))

        agent = create_agent(ChatLLMaaS(model="gpt-oss:120b"), [search_documents])
        state = agent.invoke({"messages": [("user", f"Search the documents: {question}")]})
    answer: str = state["messages"][-1].text
    print(answer)
    for model, spent in cost.by_model.items():
        print(f"{model}: {spent.calls} calls, {spent.cost_micro_eur / 1_000_000:.6f} EUR")
    print(f"in all: {cost.cost_eur:.6f} EUR")
    return answer


if __name__ == "__main__":
    connect()
    main(*sys.argv[1:2])

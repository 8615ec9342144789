"""Agent that survives ``kill -9``: the same command resumes it, and pays for no answer twice.

    ./run python cookbooks/langchain/durable_agent.py --thread report-1 "Why is an answer empty?"

``agent.sqlite`` stores each answer and each tool result as it arrives; ``budget.sqlite`` stores
the money spent by the thread. Kill the process at any time and run the same command again. An
answer or tool result that had not arrived is requested again: a tool must tolerate that.

Outside this repository, install `langchain`, `langchain-llmaas`, `langgraph-checkpoint-sqlite`
and `llmaas-cli[sandbox]`. Without LLMAAS_API_KEY, the example uses the embedded sandbox.
"""

import argparse
from typing import Any

from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.tools import tool
from langgraph.checkpoint.sqlite import SqliteSaver

from langchain_llmaas import ChatLLMaaS, LLMaaSRerank
from llmaas.quota import Budget, SQLiteLedger
from llmaas_cli.demo import load_documents
from llmaas_cli.demo.passages import split
from llmaas_cli.jupyter import connect


@tool
def search_documents(query: str) -> str:
    """Search the documents for passages that answer a question."""
    passages = [Document(p.with_title) for p in split(load_documents(language="en"))]
    best = LLMaaSRerank(model="qwen3-reranker:4b").compress_documents(passages, query)
    return "\n\n".join(f"[{n}] {text.page_content}" for n, text in enumerate(best, 1))


def run(question: str, thread: str, store: str, budget: Budget) -> dict[str, Any]:
    """Start the agent's turn, resume it where it was killed, or return its finished state."""
    config: Any = {"configurable": {"thread_id": thread}}
    with SqliteSaver.from_conn_string(store) as saver:
        agent = create_agent(ChatLLMaaS(model="gpt-oss:120b"), [search_documents],
                             checkpointer=saver)  # fmt: skip
        state = agent.get_state(config)
        if state.values and not state.next:
            return state.values
        request = None if state.next else {"messages": [("user", question)]}
        with budget:  # "sync": each step is stored before the next one begins
            return agent.invoke(request, config, durability="sync")


def main(arguments: list[str] | None = None) -> str:
    """Run or resume the turn; print the answer and the money spent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("question", nargs="?", default="Why can an answer be empty?")
    parser.add_argument("--thread", default="report-1")
    parser.add_argument("--store", default="agent.sqlite")
    parser.add_argument("--ledger", default="budget.sqlite")
    parser.add_argument("--eur", type=float, default=1.0)
    given = parser.parse_args(arguments)
    budget = Budget(given.eur, ledger=SQLiteLedger(given.ledger), account=given.thread)
    state = run(given.question, given.thread, given.store, budget)
    answer: str = state["messages"][-1].text
    print(answer)
    print(f"{budget.spent:.6f} EUR of {given.eur} EUR spent by {given.thread}")
    return answer


if __name__ == "__main__":
    connect()
    main()

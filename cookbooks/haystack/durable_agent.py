"""Agent that survives ``kill -9``: the same command resumes it, and pays for no answer twice.

    ./run python cookbooks/haystack/durable_agent.py --thread report-1 "Why is an answer empty?"

A hook stores the Agent's state in ``agent.sqlite`` after each answer and after the tools;
``budget.sqlite`` stores the money spent by the thread. Kill the process at any time and run the
same command again. An answer or tool result that had not arrived is requested again: a tool must
tolerate that.

Outside this repository, install `llmaas-haystack` and `llmaas-cli[sandbox]`. Without
LLMAAS_API_KEY, the example uses the embedded sandbox.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from contextlib import closing
from typing import Annotated, Any

from haystack import Document
from haystack.components.agents import Agent
from haystack.components.agents.state import State, replace_values
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool, tool

from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from haystack_integrations.components.rankers.llmaas import LLMaaSRanker
from llmaas.quota import Budget, SQLiteLedger
from llmaas_cli.demo import load_documents
from llmaas_cli.demo.passages import split
from llmaas_cli.jupyter import connect

TRANSIENT = ["tools", "hook_context", "continue_run", "stop_run"]
"""Keys of the state that belong to one process."""


class Snapshots:
    """Hook of an Agent that stores its state, and restores it when a run begins.

    The Agent calls it at ``POINTS``.
    """

    POINTS = ("before_run", "before_tool", "after_tool", "after_run")

    def __init__(self, path: str, thread: str, tools: list[Tool]) -> None:
        self._path, self._thread, self._restored = path, thread, False
        self._tools = {each.name: each for each in tools}
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE IF NOT EXISTS states (thread TEXT PRIMARY KEY, state TEXT)")

    def run(self, state: State) -> None:
        """Restore the state at the beginning of a run; store it at all other points."""
        if self._restored:
            self._store(state)
            return
        self._restored = True
        if (stored := self.load()) is not None:
            for key, value in stored.data.items():
                state.set(key, value, handler_override=replace_values)
            self._call_pending_tools(state)

    def load(self) -> State | None:
        """Load the stored state of the thread."""
        with closing(sqlite3.connect(self._path)) as db:
            query = "SELECT state FROM states WHERE thread = ?"
            row = db.execute(query, (self._thread,)).fetchone()
        return None if row is None else State.from_dict(json.loads(row[0]))

    def _store(self, state: State) -> None:
        data = json.dumps(state.to_dict(skip_keys=TRANSIENT))
        with closing(sqlite3.connect(self._path)) as db, db:
            db.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (self._thread, data))

    def _call_pending_tools(self, state: State) -> None:
        """Call the tools without a result: the Agent itself would ask the model first."""
        messages = state.data["messages"]
        done = {result.origin.id for message in messages for result in message.tool_call_results}
        calls = [call for message in messages for call in message.tool_calls]
        for call in (call for call in calls if call.id not in done):
            result = self._tools[call.tool_name].invoke(**call.arguments)
            state.set("messages", [ChatMessage.from_tool(str(result), origin=call)])
            self._store(state)


@tool
def search_documents(query: Annotated[str, "a question"]) -> str:
    """Search the documents for passages that answer a question."""
    passages = [Document(content=p.with_title) for p in split(load_documents(language="en"))]
    best = LLMaaSRanker(top_k=3).run(query=query, documents=passages)["documents"]
    return "\n\n".join(f"[{n}] {text.content}" for n, text in enumerate(best, 1))


def run(question: str, thread: str, store: str, budget: Budget) -> list[ChatMessage]:
    """Start the Agent's turn, resume it where it was killed, or return its finished messages."""
    tools = [search_documents]
    snapshots = Snapshots(store, thread, tools)
    stored = snapshots.load()
    if stored is not None and stored.data.get("exit_reason"):
        messages: list[ChatMessage] = stored.data["messages"]
        return messages
    hooks: Any = {point: [snapshots] for point in Snapshots.POINTS}
    agent = Agent(chat_generator=LLMaaSChatGenerator(), tools=tools, hooks=hooks)
    with budget:
        result: dict[str, Any] = agent.run(messages=[ChatMessage.from_user(question)])
    return list(result["messages"])


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
    answer = run(given.question, given.thread, given.store, budget)[-1].text or ""
    print(answer)
    print(f"{budget.spent:.6f} EUR of {given.eur} EUR spent by {given.thread}")
    return answer


if __name__ == "__main__":
    connect()
    main()

"""Review board: two agents review a note in parallel, a third combines their opinions.

    ./run python cookbooks/agent-framework/review_board.py

Outside this repository, install `agent-framework-llmaas`, `agent-framework-orchestrations` and
`llmaas-cli[sandbox]`. Without LLMAAS_API_KEY, the example uses the embedded sandbox. It
demonstrates a shared client, tools, a workflow, structured output, reasoning and the total cost.
"""

from __future__ import annotations

import asyncio

from agent_framework import ChatContext, chat_middleware, tool
from agent_framework.orchestrations import ConcurrentBuilder
from pydantic import BaseModel

from agent_framework_llmaas import LLMaaSChatClient, rerank_tool
from llmaas_cli.jupyter import connect

NOTE = (
    "Find the documents with the rules on a move of an archive to the object store. "
    "What is the yearly cost of 40 terabytes?"
)
RULES = [
    "Archives are encrypted before they leave the building.",
    "Each move of more than 10 TB needs a rollback plan.",
    "Prices are checked by the finance team once a year.",
]
spent: list[float] = []


class Verdict(BaseModel):
    """Structured decision of the editor."""

    title: str
    approved: bool
    reason: str


@tool
def yearly_cost(terabytes: float) -> str:
    """Return the yearly cost of storing so many terabytes, at 12 euros each."""
    return f"The storage costs {terabytes * 12:.0f} euros a year."


@chat_middleware
async def keep_the_bill(context: ChatContext, call_next) -> None:
    """Record the cost of each model call in EUR."""
    await call_next()
    if not context.stream and context.result is not None:
        spent.append(context.result.additional_properties.get("cost_eur", 0.0))


async def main() -> None:
    client = LLMaaSChatClient("gpt-oss:120b", middleware=[keep_the_bill])
    accountant = client.as_agent(
        name="accountant", instructions="You know prices.", tools=[yearly_cost]
    )
    auditor = client.as_agent(
        name="auditor",
        instructions="You know the rules. Find the documents with the rules first.",
        tools=[rerank_tool(model="qwen3-reranker:4b", documents=RULES, name="find_rules")],
    )
    board = ConcurrentBuilder(participants=[accountant, auditor]).build()
    opinions = "\n".join(
        message.text
        for output in (await board.run(NOTE)).get_outputs()
        for message in getattr(output, "messages", [output])
        if message.text
    )
    print(opinions, end="\n\n")

    editor = client.as_agent(name="editor", instructions="Decide on the note.")
    question = f"{opinions}\n\nIs the note approved?"
    response = await editor.run(question, options={"response_format": Verdict})
    print(response.value)
    thoughts = [c.text for m in response.messages for c in m.contents if c.type == "text_reasoning"]
    print("thought:", "".join(thoughts)[:80])
    print(f"{len(spent)} calls, {sum(spent):.6f} EUR")


if __name__ == "__main__":
    connect()
    asyncio.run(main())

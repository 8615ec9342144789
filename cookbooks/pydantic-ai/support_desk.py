"""Support agent: tools with typed dependencies, a typed ticket, a budget that stops it.

    ./run python cookbooks/pydantic-ai/support_desk.py "My upload fails with error 413."

Outside this repository, install `pydantic-ai-llmaas` and `llmaas-cli[sandbox]`. Without
LLMAAS_API_KEY, the example uses the embedded sandbox.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, RunContext

from llmaas.quota import Budget
from llmaas_cli.jupyter import connect
from pydantic_ai_llmaas import LLMaaSModel, LLMaaSProvider

QUESTION = 'My upload fails with error "413". What can I do?'


@dataclass
class Manual:
    """Known errors; a database in a real program."""

    errors: dict[str, str]


class Ticket(BaseModel):
    """Ticket for the support team."""

    summary: str
    urgency: Literal["low", "high"]


async def main(question: str = QUESTION) -> Ticket:
    budget = Budget(0.5)  # EUR; further requests raise BudgetExceededError
    model = LLMaaSModel("gpt-oss:120b", provider=LLMaaSProvider(hooks=[budget]))
    support = Agent(model, deps_type=Manual, instructions="Explain the error, then advise.")

    @support.tool
    def explain_error(context: RunContext[Manual], code: str) -> str:
        """Explain an error code by the manual."""
        return context.deps.errors.get(code, "unknown")

    manual = Manual({"413": "The file is too large. Split it into parts of 25 MB."})
    async with support.run_stream(question, deps=manual) as advice:
        async for text in advice.stream_text(delta=True):
            print(text, end="", flush=True)
        history = advice.all_messages()
    clerk = Agent(model, output_type=NativeOutput(Ticket))
    ticket = (await clerk.run("Write the ticket.", message_history=history)).output
    print(f"\n{ticket!r}\n{budget.spent:.6f} EUR spent, {budget.remaining:.6f} left")
    return ticket


if __name__ == "__main__":
    connect()
    asyncio.run(main(*sys.argv[1:2]))

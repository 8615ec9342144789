"""Two agents: a researcher searches notes in a vector store, an editor writes and approves.

    ./run python cookbooks/semantic-kernel/editorial_office.py

Outside this repository, install `semantic-kernel-llmaas[agents]` and `llmaas-cli[sandbox]`.
Without LLMAAS_API_KEY, the example uses the embedded sandbox. It demonstrates embeddings and
rerank in a plugin, a sequential orchestration, structured output and a process.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar

from pydantic import BaseModel
from semantic_kernel import Kernel
from semantic_kernel.agents import ChatCompletionAgent, SequentialOrchestration
from semantic_kernel.agents.orchestration.tools import structured_outputs_transform
from semantic_kernel.agents.runtime import InProcessRuntime
from semantic_kernel.connectors.in_memory import InMemoryCollection
from semantic_kernel.data.vector import VectorStoreCollectionDefinition, VectorStoreField
from semantic_kernel.functions import kernel_function
from semantic_kernel.processes import ProcessBuilder
from semantic_kernel.processes.kernel_process import (
    KernelProcessEvent,
    KernelProcessStep,
    KernelProcessStepContext,
)
from semantic_kernel.processes.local_runtime.local_kernel_process import start

from llmaas_cli.jupyter import connect
from semantic_kernel_llmaas import LLMaaSChatCompletion, LLMaaSRerankPlugin, LLMaaSTextEmbedding

NOTES = [
    "The ranking of documents costs 4 EUR a million documents.",
    "Archives are encrypted before they leave the building.",
    "A model that reasons pays for its thoughts out of max_tokens.",
]
ENTRIES = VectorStoreCollectionDefinition(
    fields=[
        VectorStoreField("key", name="id"),
        VectorStoreField("data", name="text"),
        VectorStoreField("vector", name="vector", dimensions=1024),
    ]
)


class Verdict(BaseModel):
    """Structured decision of the editor."""

    title: str
    approved: bool


class Library:
    """Notes with vector search and rerank."""

    def __init__(self) -> None:
        self.reranker = LLMaaSRerankPlugin("qwen3-reranker:4b")
        self.notes = InMemoryCollection(
            record_type=dict,
            definition=ENTRIES,
            collection_name="notes",
            embedding_generator=LLMaaSTextEmbedding("bge-m3:567m"),
        )

    async def fill(self) -> None:
        await self.notes.ensure_collection_exists()
        records = [{"id": str(n), "text": t, "vector": t} for n, t in enumerate(NOTES)]
        await self.notes.upsert(records)

    @kernel_function(description="Search the notes for what answers a question")
    async def search_notes(self, question: Annotated[str, "What is asked"]) -> str:
        found = await self.notes.search(question, top=3)
        best = await self.reranker.rerank_results(
            question, found.results, text=lambda result: result.record["text"], top_n=1
        )
        return "\n".join(result.record["text"] for result, _ in best)


async def office() -> SequentialOrchestration[str, Verdict]:
    library = Library()
    await library.fill()
    chat = LLMaaSChatCompletion("gpt-oss:120b")
    researcher = ChatCompletionAgent(
        service=chat,
        name="Researcher",
        instructions="Search the notes, then answer from them alone.",
        plugins=[library],
    )
    editor = ChatCompletionAgent(
        service=chat, name="Editor", instructions="Write one clear sentence of what was found."
    )
    return SequentialOrchestration[str, Verdict](
        members=[researcher, editor],
        output_transform=structured_outputs_transform(Verdict, chat),
        agent_response_callback=lambda message: print(f"{message.name}: {message.content}"),
    )


class Publish(KernelProcessStep):
    """Process step that answers one question with both agents."""

    published: ClassVar[list[Verdict]] = []

    @kernel_function(name="publish")
    async def publish(self, context: KernelProcessStepContext, question: str) -> None:
        runtime = InProcessRuntime()
        runtime.start()
        result = await (await office()).invoke(question, runtime)
        self.published.append(await result.get(timeout=120))
        await runtime.stop_when_idle()
        await context.emit_event(process_event="published")


async def main() -> list[Verdict]:
    builder = ProcessBuilder(name="Publishing")
    builder.on_input_event(event_id="asked").send_event_to(
        target=builder.add_step(Publish), parameter_name="question"
    )
    kernel = Kernel()
    kernel.add_service(LLMaaSChatCompletion("gpt-oss:120b"))
    question = "Search the notes: what does the ranking of documents cost?"
    event = KernelProcessEvent(id="asked", data=question)
    async with await start(process=builder.build(), kernel=kernel, initial_event=event):
        pass
    print(Publish.published)
    return Publish.published


if __name__ == "__main__":
    connect()
    asyncio.run(main())

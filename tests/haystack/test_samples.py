"""Pipelines and agents in the shape of Haystack's official tutorials."""

from typing import Annotated

from haystack import Document, Pipeline
from haystack.components.agents import Agent
from haystack.components.builders import ChatPromptBuilder
from haystack.components.retrievers import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.tools import ComponentTool, tool

from haystack_integrations.components.embedders.llmaas import (
    LLMaaSDocumentEmbedder,
    LLMaaSTextEmbedder,
)
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from haystack_integrations.components.rankers.llmaas import LLMaaSRanker

TEMPLATE = """Answer from the context.
Context: {% for document in documents %}{{ document.content }}{% endfor %}
Question: {{ question }}"""


def test_first_retrieval_pipeline_answers_from_indexed_documents(sandbox):
    store = InMemoryDocumentStore()
    indexing = Pipeline()
    indexing.add_component("embedder", LLMaaSDocumentEmbedder(model="bge-m3:567m"))
    indexing.add_component("writer", DocumentWriter(store))
    indexing.connect("embedder", "writer")
    texts = ["The statue of Rhodes was 33 meters high.", "Babylon had gardens."]
    indexing.run({"embedder": {"documents": [Document(content=text) for text in texts]}})

    basic = Pipeline()
    basic.add_component("embedder", LLMaaSTextEmbedder(model="bge-m3:567m"))
    basic.add_component("retriever", InMemoryEmbeddingRetriever(store))
    basic.add_component("ranker", LLMaaSRanker(model="qwen3-reranker:4b", top_k=1))
    template = [ChatMessage.from_user(TEMPLATE)]
    basic.add_component("prompt", ChatPromptBuilder(template, required_variables="*"))
    basic.add_component("llm", LLMaaSChatGenerator(model="gpt-oss:120b"))
    basic.connect("embedder.embedding", "retriever.query_embedding")
    basic.connect("retriever", "ranker")
    basic.connect("ranker", "prompt.documents")
    basic.connect("prompt", "llm.messages")
    question = 'How high was the statue of "Rhodes"?'
    inputs = {name: {"query": question} for name in ("ranker",)}
    result = basic.run({"embedder": {"text": question}, "prompt": {"question": question}, **inputs})
    assert "33 meters" in result["llm"]["replies"][0].text


@tool
def add(a: Annotated[int, "First number"], b: Annotated[int, "Second number"]) -> int:
    """Add two numbers."""
    return a + b


def test_tool_calling_agent_ends_with_text_and_keeps_its_state(sandbox):
    search = ComponentTool(
        LLMaaSTextEmbedder(model="bge-m3:567m"), name="embed", description="Embed a text."
    )
    agent = Agent(
        chat_generator=LLMaaSChatGenerator(model="gpt-oss:120b"),
        tools=[add, search],
        system_prompt="Use tools.",
        exit_conditions=["text"],
        state_schema={"total": {"type": int}},
    )
    step = {"tool_calls": [{"name": "add", "arguments": {"a": 3, "b": 5}}]}
    sandbox.script([step, {"content": "It is 8."}])
    result = agent.run(messages=[ChatMessage.from_user("What is 3 + 5?")])
    assert result["last_message"].text == "It is 8."
    assert [message.role.value for message in result["messages"][-3:]] == [
        "assistant",
        "tool",
        "assistant",
    ]
    assert {request.status for request in sandbox.requests} == {200}

"""Types of the integrations' constructors, as mypy and pyright infer them (never executed)."""

from __future__ import annotations

from typing import assert_type

from autogen_core.models import CreateResult
from langchain_core.messages import AIMessage

from agent_framework_llmaas import LLMaaSChatClient
from autogen_llmaas import LLMaaSChatCompletionClient
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings, LLMaaSRerank
from llama_index.llms.llmaas import LLMaaS as LlamaIndexLLMaaS
from llmaas.model_names import ChatModelName
from pydantic_ai_llmaas import LLMaaSModel
from semantic_kernel_llmaas import LLMaaSChatCompletion


def langchain(name: ChatModelName) -> None:
    model = ChatLLMaaS(model=name, temperature=0, reasoning=False)
    assert_type(model, ChatLLMaaS)
    assert_type(model.invoke("Paris?"), AIMessage)
    LLMaaSEmbeddings(model="bge-m3:567m")
    LLMaaSRerank(model="bge-reranker-large")


async def autogen(name: ChatModelName) -> None:
    client = LLMaaSChatCompletionClient(model=name)
    assert_type(await client.create([]), CreateResult)


def others(name: ChatModelName) -> None:
    assert_type(LLMaaSChatGenerator(model=name), LLMaaSChatGenerator)
    assert_type(LLMaaSChatCompletion(ai_model_id=name), LLMaaSChatCompletion)
    LLMaaSChatClient(model=name)
    assert_type(LLMaaSModel(name), LLMaaSModel)
    assert_type(LlamaIndexLLMaaS(model=name), LlamaIndexLLMaaS)

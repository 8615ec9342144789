"""LangChain's integration suite with the stock class and with ours, against the same sandbox.

Run by ``standard_table.py``, which says which class and which dialect of the service in the
environment. Everything that the service documents is switched on, as in ``test_standard.py``.
"""

import os
from typing import ClassVar

import pytest
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings
from llmaas_sandbox import Sandbox

OURS = os.environ["STANDARD_CLASS"] == "ours"
MODEL, OTHER_MODEL, EMBEDDER = "gemma4:31b", "gpt-oss:120b", "bge-m3:567m"


@pytest.fixture(autouse=True)
def service(pictures, same_ids, monkeypatch):
    """A sandbox that speaks the dialect; each class finds it by its own variables."""
    with Sandbox(faults=os.environ["STANDARD_FAULTS"]) as box:
        for prefix, url in (("LLMAAS", "LLMAAS_BASE_URL"), ("OPENAI", "OPENAI_BASE_URL")):
            monkeypatch.setenv(f"{prefix}_API_KEY", box.api_key)
            monkeypatch.setenv(url, box.base_url)
        yield box


class TestChat(ChatModelIntegrationTests):
    chat_model_class = ChatLLMaaS if OURS else ChatOpenAI
    chat_model_params: ClassVar = {"model": MODEL}
    model_override_value = OTHER_MODEL
    supports_json_mode = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_image_tool_message = True
    supports_anthropic_inputs = True
    enable_vcr_tests = True
    supported_usage_metadata_details: ClassVar = {
        "invoke": ["reasoning_output"],
        "stream": ["reasoning_output"],
    }

    def invoke_with_reasoning_output(self, *, stream=False):
        model = self.chat_model_class(model=OTHER_MODEL)
        if not stream:
            return model.invoke("What is 3^3?")
        first, *others = model.stream("What is 3^3?")
        return first + others


class TestEmbeddings(EmbeddingsIntegrationTests):
    embeddings_class = LLMaaSEmbeddings if OURS else OpenAIEmbeddings
    embedding_model_params: ClassVar = {"model": EMBEDDER}

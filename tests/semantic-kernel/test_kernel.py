"""Prompts in every template language, functions from YAML, vector stores and processes."""

from enum import Enum
from typing import Annotated, ClassVar

import pytest
from pydantic import BaseModel
from semantic_kernel import Kernel
from semantic_kernel.connectors.in_memory import InMemoryCollection
from semantic_kernel.data.vector import VectorStoreField, vectorstoremodel
from semantic_kernel.functions import KernelArguments, KernelFunctionFromPrompt, kernel_function
from semantic_kernel.processes import ProcessBuilder
from semantic_kernel.processes.kernel_process import KernelProcessEvent, KernelProcessStep
from semantic_kernel.processes.kernel_process.kernel_process_step_context import (
    KernelProcessStepContext,
)
from semantic_kernel.processes.local_runtime.local_kernel_process import start
from semantic_kernel.prompt_template import PromptTemplateConfig

from semantic_kernel_llmaas import (
    LLMaaSChatPromptExecutionSettings,
    LLMaaSRerankPlugin,
    LLMaaSTextEmbedding,
)

# Semantic Kernel looks at every attribute of steps, also at pydantic's deprecated ones.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


async def test_prompt(kernel):
    """Handlebars and jinja2 patch asyncio for good: they have a process of their own."""
    arguments = KernelArguments(word="oui")
    assert str(await kernel.invoke_prompt("Say '{{$word}}'", arguments=arguments)) == "oui"
    chunks = kernel.invoke_prompt_stream("Say '{{$word}}'", arguments=arguments)
    assert "".join([str(piece) async for pieces in chunks for piece in pieces]) == "oui"


async def test_prompt_with_roles_and_a_function(sandbox, kernel):
    prompt = (
        '<message role="system">Be brief.</message>'
        '<message role="user">{{weather.get_weather city="Nîmes"}} Say \'oui\'</message>'
    )
    assert str(await kernel.invoke_prompt(prompt)) == "oui"
    assert sandbox.requests[-1].json["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Nîmes: sunny Say 'oui'"},
    ]


YAML = """
name: talk
description: Says a word
template: Say '{{$word}}'
template_format: semantic-kernel
input_variables:
  - name: word
    is_required: true
execution_settings:
  default:
    temperature: 0.25
    top_k: 5
    function_choice_behavior:
      type: auto
      auto_invoke: true
"""


async def test_function_from_yaml(sandbox, kernel):
    function = KernelFunctionFromPrompt.from_yaml(YAML)
    assert str(await kernel.invoke(function, word="oui")) == "oui"
    body = sandbox.requests[-1].json
    assert (body["temperature"], body["top_k"], body["tool_choice"]) == (0.25, 5, "auto")


async def test_function_with_our_settings(sandbox, kernel):
    config = PromptTemplateConfig(
        template="Say '{{$word}}'",
        execution_settings=LLMaaSChatPromptExecutionSettings(reasoning_effort="none"),
    )
    function = kernel.add_function("words", function_name="talk", prompt_template_config=config)
    assert str(await kernel.invoke(function, word="oui")) == "oui"
    assert sandbox.requests[-1].json["reasoning_effort"] == "none"


@vectorstoremodel
class Note(BaseModel):
    id: Annotated[str, VectorStoreField("key")]
    text: Annotated[str, VectorStoreField("data")]
    vector: Annotated[
        list[float] | str | None, VectorStoreField("vector", dimensions=1024, type="float")
    ] = None

    def model_post_init(self, _context):
        if self.vector is None:
            self.vector = self.text


NOTES = [
    Note(id="1", text="The capital of France is Paris."),
    Note(id="2", text="Cats sleep most of the day."),
    Note(id="3", text="Bread is made of flour and water."),
]


@pytest.fixture
async def notes(sandbox):
    embedding = LLMaaSTextEmbedding("bge-m3:567m")
    async with InMemoryCollection(
        record_type=Note, collection_name="notes", embedding_generator=embedding
    ) as collection:
        await collection.ensure_collection_exists()
        await collection.upsert([note.model_copy() for note in NOTES])
        yield collection


async def test_collection_finds_what_is_near(sandbox, notes):
    assert len(sandbox.requests[0].json["input"]) == 3
    assert "dimensions" not in sandbox.requests[0].json  # the model's own size: vLLM refuses it
    found = await notes.search("How long do cats sleep?", top=1)
    assert [result.record.id async for result in found.results] == ["2"]
    assert (await notes.get("1")).text == NOTES[0].text


async def test_collection_as_a_function(notes, kernel):
    function = notes.create_search_function(
        "search", top=1, string_mapper=lambda result: result.record.text
    )
    kernel.add_function("notes", function)
    result = await kernel.invoke(
        plugin_name="notes", function_name="search", query="capital of France"
    )
    assert NOTES[0].text in str(result.value)


async def test_collection_reranked(notes):
    found = await notes.search("capital of France", top=3)
    best = await LLMaaSRerankPlugin("qwen3-reranker:4b").rerank_results(
        "capital of France", found.results, text=lambda result: result.record.text, top_n=1
    )
    assert [result.record.id for result, _ in best] == ["1"]


class Events(Enum):
    START = "start"
    WRITTEN = "written"


class Write(KernelProcessStep):
    @kernel_function(name="write")
    async def write(self, context: KernelProcessStepContext, kernel: Kernel, topic: str):
        draft = str(await kernel.invoke_prompt(f"Say 'a draft about {topic}'"))
        await context.emit_event(process_event=Events.WRITTEN.value, data=draft)


class Judge(KernelProcessStep):
    judged: ClassVar[list[str]] = []

    @kernel_function(name="judge")
    async def judge(self, kernel: Kernel, draft: str):
        self.judged.append(str(await kernel.invoke_prompt(f"Say 'I like {draft}'")))


async def test_process(sandbox, kernel):
    Judge.judged.clear()
    builder = ProcessBuilder(name="Editing")
    write, judge = builder.add_step(Write), builder.add_step(Judge)
    builder.on_input_event(event_id=Events.START.value).send_event_to(
        target=write, parameter_name="topic"
    )
    write.on_event(Events.WRITTEN.value).send_event_to(target=judge, parameter_name="draft")
    event = KernelProcessEvent(id=Events.START.value, data="cats")
    async with await start(process=builder.build(), kernel=kernel, initial_event=event):
        pass
    assert Judge.judged == ["I like a draft about cats"]
    assert len(sandbox.requests) == 2

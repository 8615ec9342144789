"""Semantic memory."""

import asyncio
import copy
import json
import pickle
import threading

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core import ComponentModel
from autogen_core.memory import Memory, MemoryContent, MemoryMimeType

from autogen_llmaas import LLMaaSEmbeddings, LLMaaSMemory, _similarity, embedding_component
from autogen_llmaas.memory import LLMaaSMemoryConfig
from autogen_llmaas.memory_settings import MemorySettings
from llmaas import ConfigurationError, InternalServerError, InvalidInputError
from tests.helpers.servers.proxy import Proxy

FACTS = [
    "The cat sleeps on the red sofa all afternoon.",
    "Invoices are paid on the last Friday of the month.",
    "The staging server restarts every night at three.",
]


def content(text, **metadata):
    return MemoryContent(content=text, mime_type=MemoryMimeType.TEXT, metadata=metadata)


async def filled(**settings):
    memory = LLMaaSMemory(**settings)
    for number, fact in enumerate(FACTS):
        await memory.add(content(fact, number=number))
    return memory


async def test_query_finds_by_meaning_and_embeds_in_one_request(sandbox):
    memory = await filled(k=1)
    assert not list(sandbox.requests)
    found = await memory.query("When are invoices paid?")
    assert [result.content for result in found.results] == [FACTS[1]]
    assert found.results[0].metadata["number"] == 1
    assert 0 < found.results[0].metadata["score"] <= 1
    assert [len(r.json["input"]) for r in sandbox.requests] == [4]
    await memory.query("Where does the cat sleep?")
    assert [len(r.json["input"]) for r in sandbox.requests] == [4, 1]
    assert memory.embeddings.tokens > 0


async def test_threshold_and_a_limit_per_query(sandbox):
    memory = await filled(score_threshold=0.99)
    assert (await memory.query("Where does the cat sleep?")).results == []
    every = await memory.query("cat", k=5, score_threshold=-1.0)
    assert len(every.results) == 3


async def test_empty_memory_sends_no_request(sandbox):
    memory = await filled()
    await memory.clear()
    assert (await memory.query("anything")).results == []
    assert not list(sandbox.requests)


async def test_concurrent_queries_return_their_own_results(sandbox):
    memory = await filled(k=1)
    await asyncio.gather(*(memory.query(fact) for fact in FACTS))
    late = "The printer on the second floor is out of paper."
    await memory.add(content(late))
    for fact in (*FACTS, late):
        assert [result.content for result in (await memory.query(fact)).results] == [fact]


async def test_clear_during_a_query_removes_contents(sandbox):
    memory = await filled(k=1)
    asked = asyncio.create_task(memory.query(FACTS[0]))
    await asyncio.sleep(0)
    await memory.clear()
    await memory.add(content(FACTS[1]))
    assert [result.content for result in (await asked).results] == [FACTS[0]]
    assert [r.content for r in (await memory.query(FACTS[1])).results] == [FACTS[1]]


async def test_agent_is_reminded(client, sandbox):
    agent = AssistantAgent("a", client, memory=[await filled(k=1)])
    result = await agent.run(task="When are invoices paid?")
    head = list(sandbox.requests)[-1].json["messages"][0]
    assert head["role"] == "system"
    assert FACTS[1] in head["content"]
    assert FACTS[0] not in head["content"]
    assert "Friday" in result.messages[-1].content


async def test_component_holds_texts_and_no_key(sandbox):
    memory = await filled(api_key=sandbox.api_key, name="facts")
    text = memory.dump_component().model_dump_json()
    assert sandbox.api_key not in text
    again = Memory.load_component(ComponentModel.model_validate_json(text))
    assert [item.content for item in again.contents] == FACTS
    assert (await again.query("cat", k=1)).results[0].content == FACTS[0]


async def test_builder_equals_dump_component(sandbox):
    memory = Memory.load_component(embedding_component(k=2))
    assert isinstance(memory, LLMaaSMemory)
    assert json.loads(memory.dump_component().model_dump_json())["config"]["k"] == 2


def test_builder_refuses_what_the_memory_would_refuse():
    for name in ("dimension", "api_key"):
        with pytest.raises(ConfigurationError, match=rf"embedding_component\(\).* '{name}'"):
            embedding_component(**{name: "sk-secret"})
    assert MemorySettings.__annotations__.keys() == LLMaaSMemoryConfig.model_fields.keys() - {
        "model"
    }


def test_builder_holds_no_password_of_a_proxy():
    component = embedding_component(
        proxy="http://user:hidden@proxy:3128", default_headers={"x-token": "hidden", "x-team": "a"}
    )
    assert "hidden" not in json.dumps(component)
    assert component["config"]["default_headers"] == {"x-team": "a"}


async def test_memory_accepts_objects_and_rejects_images(sandbox):
    memory = LLMaaSMemory()
    await memory.add(MemoryContent(content={"city": "Paris"}, mime_type=MemoryMimeType.JSON))
    assert (await memory.query("Paris")).results[0].content == {"city": "Paris"}
    with pytest.raises(InvalidInputError, match="bytes"):
        await memory.add(MemoryContent(content=b"x", mime_type=MemoryMimeType.BINARY))


def test_embeddings_fit_where_a_function_of_texts_is_asked_for(sandbox):
    embeddings = LLMaaSEmbeddings()
    vectors = embeddings(["one", "two"])
    assert len(vectors) == 2
    assert all(isinstance(number, float) for number in vectors[0])
    again = pickle.loads(pickle.dumps(LLMaaSEmbeddings(api_key="sk-secret-secret")))
    assert again(["one"]) == [vectors[0]]
    assert b"sk-secret-secret" not in pickle.dumps(LLMaaSEmbeddings(api_key="sk-secret-secret"))
    assert "sk-secret-secret" not in repr(LLMaaSEmbeddings(api_key="sk-secret-secret"))


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
async def test_copy_keeps_its_key(sandbox, monkeypatch, make):
    memory = await filled(api_key=sandbox.api_key)
    embeddings = LLMaaSEmbeddings(api_key=sandbox.api_key)
    monkeypatch.delenv("LLMAAS_API_KEY")
    assert (await make(memory).query(FACTS[0])).results
    assert await make(embeddings).embed(FACTS)


LONG = "mot " * 12_000


def inputs(sandbox):
    return [text for r in list(sandbox.requests) if r.status == 200 for text in r.json["input"]]


async def test_long_text_is_skipped_and_others_are_searchable(sandbox, caplog):
    memory = LLMaaSMemory(k=1)
    for text in (FACTS[0], LONG, FACTS[1]):
        await memory.add(content(text))
    for fact in FACTS[:2]:
        assert [result.content for result in (await memory.query(fact)).results] == [fact]
    assert caplog.text.count("not searchable") == 1
    before = len(list(sandbox.requests))
    await memory.query("Something new")
    assert len(list(sandbox.requests)) == before + 1  # the long one is not sent again


async def test_query_is_shortened_when_it_is_too_long(sandbox):
    memory = await filled(k=1)
    assert (await memory.query(FACTS[1] + LONG)).results
    assert len(inputs(sandbox)[-1]) < 8192 * 4


async def test_nothing_is_embedded_twice_when_a_request_fails(sandbox):
    memory = await filled(batch_size=1, concurrency=1)
    ok = {"json": {"data": [{"index": 0, "embedding": [1.0, 0.5]}], "model": "bge-m3:567m"}}
    sandbox.script([ok, ok, *[{"status": 503, "json": {}}] * 3, ok, ok])
    with pytest.raises(InternalServerError):
        await memory.query("What?")
    await memory.query("What?")
    assert sorted(inputs(sandbox)) == sorted(["What?", *FACTS])


async def test_nothing_is_embedded_twice_when_queries_are_parallel(sandbox):
    memory = await filled(k=1)
    await asyncio.gather(*(memory.query(f"What is number {n}?") for n in range(4)))
    assert sorted(inputs(sandbox)) == sorted([*FACTS, *(f"What is number {n}?" for n in range(4))])


async def test_vectors_are_saved_with_the_memory(sandbox):
    memory = await filled()
    first = await memory.query("When are invoices paid?")
    saved = memory.dump_component().model_dump_json()
    again = Memory.load_component(ComponentModel.model_validate_json(saved))
    found = await again.query("When are invoices paid?")
    assert [r.content for r in found.results] == [r.content for r in first.results]
    assert inputs(sandbox).count(FACTS[0]) == 1
    other = ComponentModel.model_validate_json(saved)
    other.config["model"] = "granite-embedding:278m"
    assert (await Memory.load_component(other).query("cat")).results
    assert inputs(sandbox).count(FACTS[0]) == 2  # vectors of two models do not compare


async def test_texts_are_embedded_again_when_another_model_answers(sandbox):
    def answer(model, *numbers):
        data = [{"index": i, "embedding": [n, 1.0]} for i, n in enumerate(numbers)]
        return {"json": {"data": data, "model": model}}

    memory = LLMaaSMemory()
    await memory.add(content("a"))
    sandbox.script([answer("one", 1.0, 0.5), answer("two", 1.0), answer("two", 1.0)])
    await memory.query("q")
    await memory.query("r")
    await memory.query("s")
    assert inputs(sandbox) == ["q", "a", "r", "s", "a"]


async def test_many_vectors_are_compared_in_a_thread(sandbox, monkeypatch):

    where, compare = [], _similarity._cosines_numpy

    def noted(*args):
        where.append(threading.current_thread())
        return compare(*args)

    monkeypatch.setattr(_similarity, "_cosines_numpy", noted)
    memory = await filled(k=1)
    for n in range(60):
        await memory.add(content(f"fact number {n}"))
    assert [r.content for r in (await memory.query(FACTS[1])).results] == [FACTS[1]]
    assert where
    assert where[0] is not threading.main_thread()


def test_embeddings_are_a_function_of_chroma(sandbox):
    embeddings = LLMaaSEmbeddings(batch_size=1)
    assert LLMaaSEmbeddings.name() == "llmaas"
    assert embeddings.embed_query(input=["one"]) == embeddings(["one"])
    again = LLMaaSEmbeddings.build_from_config(embeddings.get_config())
    assert again(["one", "two"]) == embeddings(["one", "two"])
    assert [len(r.json["input"]) for r in list(sandbox.requests)[-2:]] == [1, 1]
    assert not embeddings.is_legacy()
    with pytest.raises(ValueError, match="cannot change"):
        embeddings.validate_config_update(embeddings.get_config(), {"model": "other"})
    with pytest.raises(TypeError, match="LLMaaSEmbeddings"):
        LLMaaSEmbeddings(batchsize=3)


async def test_embedding_parameters_reach_the_request(sandbox):
    options = {"embedding_kwargs": {"truncate_prompt_tokens": 512}, "dimensions": 256}
    memory = await filled(model="qwen3-embedding:0.6b", **options)
    await memory.query("cat")
    assert next(iter(sandbox.requests)).json["truncate_prompt_tokens"] == 512
    assert next(iter(sandbox.requests)).json["dimensions"] == 256


async def test_embeddings_and_memories_use_a_proxy_that_they_do_not_store(sandbox):
    with Proxy(credentials="ann:secret") as proxy:
        options = {"proxy": proxy.url("ann:secret"), "deadline": 30.0, "max_retries": 0}
        embeddings = LLMaaSEmbeddings(**options)
        memory = await filled(**options)
        await asyncio.to_thread(embeddings, ["a"])
        await copy.deepcopy(embeddings).embed(["b"])
        await memory.query("invoices")
        assert len(proxy.seen) >= 3
        for stored in (embeddings.get_config(), memory.dump_component().config):
            assert (stored["proxy"], stored["deadline"]) == (proxy.url(), 30.0)


@pytest.mark.parametrize("made", [LLMaaSMemory, LLMaaSEmbeddings], ids=lambda made: made.__name__)
def test_misspelt_argument_is_refused_by_the_name_of_the_class(made):
    expected = rf"{made.__name__}\(\) got an unexpected keyword argument 'dimension'"
    with pytest.raises((ConfigurationError, TypeError), match=expected):
        made(dimension=3)

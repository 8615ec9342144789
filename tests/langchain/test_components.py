"""Audio, images, batches, costs, limits and the demo."""

import asyncio
import base64
import contextlib
import os
import pickle
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from langchain_core.documents.base import Blob
from langchain_core.messages import AIMessage
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from langchain_llmaas import (
    LLMaaSAudioLoader,
    LLMaaSAudioParser,
    LLMaaSBatch,
    LLMaaSImages,
    TierRateLimiter,
    abatch_requests,
    batch_requests,
    get_cost_callback,
)
from llmaas import StreamInterrupted
from llmaas.quota import Limit, MemoryLedger, SQLiteLedger
from tests.helpers.waiting import eventually


def wav(seconds):
    """Return silence."""
    size = int(16_000 * seconds)
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16_000, 2, 16
    )
    return head + struct.pack("<4sI", b"data", size) + bytes(size)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(70))
    return path


def load(loader):
    return loader.load()


def aload(loader):
    async def read():
        return [document async for document in loader.alazy_load()]

    return asyncio.run(read())


@pytest.mark.parametrize("way", [load, aload])
def test_audio_file_becomes_document(sandbox, recording, way):
    with get_cost_callback() as cost:
        (document,) = way(LLMaaSAudioLoader(recording, language="fr", initial_prompt="LLMaaS"))
    assert document.page_content
    assert document.metadata["source"] == str(recording)
    assert cost.cost_micro_eur == 20_000  # two started minutes
    assert document.metadata["cost_eur"] == 0.02
    assert b'name="initial_prompt"' in sandbox.requests[-1].body
    assert b'filename="talk.wav"' in sandbox.requests[-1].body


@pytest.mark.parametrize("way", [load, aload])
def test_segments_become_documents_with_their_times(sandbox, recording, way):
    documents = way(LLMaaSAudioLoader([recording, wav(1)], split="segment"))
    assert len(documents) > 2
    assert documents[0].metadata["start"] < documents[0].metadata["end"]


def test_parser_accepts_blobs(sandbox):
    blob = Blob.from_data(wav(1), metadata={"speaker": "Marie"})
    (document,) = LLMaaSAudioParser().parse(blob)
    assert document.metadata["speaker"] == "Marie"
    with pytest.raises(ValueError, match="parser excludes"):
        LLMaaSAudioLoader(blob, parser=LLMaaSAudioParser(), language="fr")


def test_loader_is_named_when_an_argument_is_unknown():
    with pytest.raises(TypeError, match=r"^LLMaaSAudioLoader\(\) got .*'misspelt'"):
        LLMaaSAudioLoader(b"", misspelt=1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe stands for a slow disk")
def test_event_loop_runs_while_file_is_read(sandbox, tmp_path):
    slow = tmp_path / "slow.mp3"
    os.mkfifo(slow)
    threading.Timer(0.6, slow.write_bytes, [b"ID3" + bytes(64)]).start()
    ticks = []

    async def watch():
        while True:
            await asyncio.sleep(0.02)
            ticks.append(1)

    async def both():
        hook = asyncio.create_task(watch())
        assert [document async for document in LLMaaSAudioLoader(slow).alazy_load()]
        hook.cancel()

    asyncio.run(both())
    assert len(ticks) > 5


def test_audio_file_without_suffix_gets_one(sandbox, tmp_path):
    path = tmp_path / "talk"
    path.write_bytes(wav(1))
    assert LLMaaSAudioLoader(path).load()
    assert b'filename="talk.wav"' in sandbox.requests[-1].body


@pytest.mark.parametrize("native", [False, True])
def test_images_are_the_artifact(sandbox, native):
    draw = LLMaaSImages(model="z-image:16b", n=2, size="1024x1024")
    call = {"name": "draw_image", "args": {"prompt": "a cat"}, "id": "1", "type": "tool_call"}
    message = asyncio.run(draw.ainvoke(call)) if native else draw.invoke(call)
    assert message.content == "Drew 2 images: a cat"
    assert [block["type"] for block in message.artifact] == ["image"] * 2
    assert message.artifact[0]["base64"].startswith("iVBOR")
    sent = sandbox.requests[-1].json
    assert (sent["prompt"], sent["size"], sent["n"]) == ("a cat", "1024x1024", 2)


def test_failed_image_is_reported_and_not_in_artifact(sandbox):
    entries = [{"url": "https://example.org/a.png"}, {"b64_json": "!!!"}]
    sandbox.script([{"status": 200, "json": {"data": entries}}])
    call = {"name": "draw_image", "args": {"prompt": "a cat"}, "id": "1", "type": "tool_call"}
    message = LLMaaSImages(model="z-image:16b", n=2).invoke(call)
    assert message.content.startswith("Drew 1 image: a cat. One failed")
    assert [block["url"] for block in message.artifact] == ["https://example.org/a.png"]


@pytest.mark.parametrize(
    ("start", "kind"), [(b"\xff\xd8\xff\xe0", "image/jpeg"), (b"unknown", "image/png")]
)
def test_image_has_detected_mime_type(sandbox, start, kind):
    drawn = base64.b64encode(start).decode()
    sandbox.script([{"json": {"data": [{"b64_json": drawn}]}}])
    call = {"name": "draw_image", "args": {"prompt": "a cat"}, "id": "1", "type": "tool_call"}
    (block,) = LLMaaSImages(model="z-image:16b").invoke(call).artifact
    assert block == {"type": "image", "base64": drawn, "mime_type": kind}


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return city


def run_batch(model, prompts, **options):
    return batch_requests(model, prompts, poll_interval=0.05, timeout=60, **options)


def arun_batch(model, prompts, **options):
    return asyncio.run(abatch_requests(model, prompts, poll_interval=0.05, timeout=60, **options))


@pytest.mark.parametrize("way", [run_batch, arun_batch])
def test_batch_answers_in_order_at_half_price(chat, way):
    model = chat()
    with get_cost_callback() as cost:
        answers = way(model, ['Say "one"', [("user", 'Say "two"')], 'Say "three"'])
    assert [answer.text for answer in answers] == ["one", "two", "three"]
    full = model.invoke('Say "one"').usage_metadata["cost_micro_eur"]
    assert answers[0].usage_metadata["cost_micro_eur"] < full
    total = sum(answer.usage_metadata["cost_micro_eur"] for answer in answers)
    assert cost.cost_micro_eur == total


def test_batch_sends_bound_arguments(chat, sandbox):
    model = chat(temperature=0.3).bind_tools([get_weather]).bind(max_tokens=99)
    batch = LLMaaSBatch(model, seed=1)
    batch.submit(["What is the weather in Paris?"])
    sent = next(request.json for request in sandbox.requests if request.method == "POST")
    assert (sent["temperature"], sent["max_tokens"], sent["seed"]) == (0.3, 99, 1)
    assert sent["tools"][0]["function"]["name"] == "get_weather"
    assert sent["messages"] == [[{"role": "user", "content": "What is the weather in Paris?"}]]
    with pytest.raises(TypeError, match="model must be a ChatLLMaaS"):
        LLMaaSBatch(RunnableLambda(str))


RESULTS = {
    "id": "batch_1",
    "status": "completed",
    "results": [
        {"choices": [{"message": {"content": "good"}, "finish_reason": "stop"}]},
        {"error": {"message": "too long"}},
    ],
}


@pytest.mark.parametrize("way", [run_batch, arun_batch])
def test_failed_prompt_keeps_its_position(chat, sandbox, way):
    queued = {"status": 202, "json": {"id": "batch_1", "status": "queued"}}
    sandbox.script([queued, {"json": RESULTS}] * 2)
    good, bad = way(chat(), ["a", "b"], return_exceptions=True)
    assert isinstance(good, AIMessage)
    assert "too long" in str(bad)
    with pytest.raises(Exception, match="too long") as caught:
        way(chat(), ["a", "b"])
    assert "batch_1" in caught.value.__notes__[0]


def test_batch_is_readable_after_timeout(chat, sandbox):
    queued = {"status": 202, "json": {"id": "batch_1", "status": "queued"}}
    sandbox.script([queued, {"json": {"id": "batch_1", "status": "queued"}}, {"json": RESULTS}])
    with pytest.raises(TimeoutError, match="batch_1"):
        batch_requests(chat(), ["a", "b"], timeout=0)
    assert LLMaaSBatch(chat()).results("batch_1")[0].text == "good"


def test_costs_of_everything_within_a_block(chat, ask):
    model = chat()
    with get_cost_callback() as outer:
        with get_cost_callback() as inner:
            cost = ask(model, 'Say "x"').usage_metadata["cost_micro_eur"]
        ask(model, 'Say "y"')
    ask(model, 'Say "z"')
    assert inner.cost_micro_eur == cost
    assert inner.calls == 1
    assert outer.calls == 2
    assert outer.cost_eur == outer.cost_micro_eur / 1_000_000 > inner.cost_eur
    assert outer.energy_kwh_estimate > 0
    assert "2 calls" in repr(outer)


def test_cost_handler_counts_reported_reasoning_tokens(chat, ask):
    with get_cost_callback() as outer, get_cost_callback() as inner:
        usage = ask(chat(), "Why is the sky blue?").usage_metadata
    (spent,) = inner.by_model.values()
    assert spent.reasoning_tokens == usage["output_token_details"]["reasoning"] > 0
    assert outer.by_model == inner.by_model


def test_costs_are_counted_in_parallel_branches(chat):
    with get_cost_callback() as cost:
        chat().batch(['Say "a"', 'Say "b"', 'Say "c"'])
    assert cost.calls == 3


HOUR = 3_600


def test_rate_limiter_waits_for_tokens(chat, ask):
    limiter = TierRateLimiter(limits=[Limit(60, HOUR)], expected=10)
    answer = ask(chat(rate_limiter=limiter), 'Say "x"')
    assert limiter.remaining == 60 - answer.usage_metadata["output_tokens"]


def test_rate_limiter_frees_tokens_after_window():
    limiter = TierRateLimiter(limits=[Limit(100, 2), Limit(10_000, HOUR)], expected=60)
    assert limiter.acquire(blocking=False)
    assert not limiter.acquire(blocking=False)
    limiter.settle(90)
    assert not asyncio.run(limiter.aacquire(blocking=False))
    assert limiter.acquire()  # waits for the short window
    assert limiter.remaining < 100


def test_tiers_are_those_of_the_documentation():
    assert TierRateLimiter(1).remaining == 150_000
    assert TierRateLimiter(4).remaining == 600_000
    with pytest.raises(ValueError, match="tier must be one of"):
        TierRateLimiter(5)
    with pytest.raises(ValueError, match="tier or limits is required"):
        TierRateLimiter()


def test_rate_limiter_wakes_when_tokens_are_released():
    limiter = TierRateLimiter(limits=[Limit(10, HOUR)], expected=10)
    assert limiter.acquire()
    threading.Timer(0.2, limiter.settle, [0]).start()
    assert limiter.acquire()
    limiter.settle(0)
    assert asyncio.run(limiter.aacquire())


def test_rate_limiter_releases_tokens_on_error(chat, ask, sandbox):
    limiter = TierRateLimiter(limits=[Limit(1_000, HOUR)])
    sandbox.script([{"status": 400}])
    with pytest.raises(Exception, match="400"):
        ask(chat(rate_limiter=limiter), "?")
    assert limiter.remaining == 1_000


def test_rate_limiter_keeps_estimate_when_stream_is_closed_early(chat):
    limiter = TierRateLimiter(limits=[Limit(1_000, HOUR)], expected=40)
    stream = chat(rate_limiter=limiter).stream("Tell me a story")
    next(stream)
    stream.close()
    assert limiter.remaining == 960


def test_rate_limiter_counts_partial_stream(chat):
    limiter = TierRateLimiter(limits=[Limit(1_000, HOUR)], expected=40)
    broken = chat(rate_limiter=limiter, default_headers={"x-sandbox-fault": "usage-every,cut:6"})
    with pytest.raises(StreamInterrupted) as caught, get_cost_callback() as cost:
        [*broken.stream("Tell me a story")]
    usage = caught.value.completion.usage
    assert limiter.remaining == 1_000 - usage.completion_tokens < 1_000
    (spent,) = cost.by_model.values()
    assert (spent.calls, spent.output_tokens) == (1, usage.completion_tokens)
    assert spent.cost_micro_eur > 0


def test_rate_limiter_releases_tokens_when_task_is_cancelled(chat, sandbox):
    class Slow(MemoryLedger):
        def reserve(self, *args):
            time.sleep(0.3)
            return super().reserve(*args)

    limiter = TierRateLimiter(limits=[Limit(1_000, HOUR)], ledger=Slow())

    async def leave():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await chat(rate_limiter=limiter).ainvoke("?")

    asyncio.run(leave())
    eventually(lambda: limiter.remaining == 1_000)
    assert not [*sandbox.requests]


def test_two_limiters_share_a_ledger(tmp_path):
    first, second = (
        TierRateLimiter(1, ledger=SQLiteLedger(tmp_path / "used.db"), expected=100)
        for _ in range(2)
    )
    assert first.acquire()
    assert second.remaining == 149_900
    assert pickle.loads(pickle.dumps(second)).remaining == 149_900


def test_rate_limiter_pickles_and_other_limiters_work(chat):
    assert pickle.loads(pickle.dumps(TierRateLimiter(2))).remaining == 300_000
    other = InMemoryRateLimiter(requests_per_second=100)
    assert chat(rate_limiter=other).invoke('Say "x"').text == "x"


def test_demo_searches_by_a_tool_and_answers_from_what_it_found(sandbox):
    from llmaas_cli.demo import DemoSettings, load_documents
    from llmaas_cli.demo.runner import frameworks, run

    said = []
    result = run(
        frameworks()["langchain"],
        "Why can the answer of a reasoning model come back empty?",
        load_documents(language="en"),
        settings=DemoSettings(base_url=sandbox.base_url, api_key=sandbox.api_key),
        out=said.append,
    )
    assert "".join(said) == result.answer
    assert "[1]" in result.answer
    assert result.reasoning
    assert result.reasoning not in result.answer
    assert len(result.sources) == 5
    assert result.usage.completion_tokens > 0
    assert result.embedding_tokens > 0
    assert result.ranked_documents == 20
    assert result.backend.machine_name
    asked = next(r.json for r in sandbox.requests if "tools" in (r.json or {}))
    assert asked["tools"][0]["function"]["name"] == "search_documents"


def test_nested_cost_handlers_count_once(chat, ask):
    model, inner_calls = chat(), []

    def node(question):
        with get_cost_callback() as inner:
            ask(model, question)
        inner_calls.append(inner.calls)

    with get_cost_callback() as outer:
        RunnableLambda(node).invoke('Say "x"')
    assert inner_calls == [1]
    assert outer.calls == 1


def test_costs_of_plain_threads_are_counted(sandbox):
    from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings

    embeddings, chat = LLMaaSEmbeddings(model="bge-m3:567m"), ChatLLMaaS(model="llama3.3:70b")
    with get_cost_callback() as cost:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda n: embeddings.embed_documents([f"text {n}"]), range(4)))
        thread = threading.Thread(target=lambda: chat.invoke("?"))
        thread.start()
        thread.join()
    assert cost.calls == 5

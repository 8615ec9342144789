"""What goes on the wire, and what comes back, for every method of both clients."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import pytest

import llmaas
from llmaas.quota import Budget

MODEL = "gpt-oss:120b"
TOOL = {
    "type": "function",
    "function": {
        "name": "meteo",
        "parameters": {"type": "object", "properties": {"ville": {"type": "string"}}},
    },
}
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")  # fmt: skip # noqa: E501


class Ville(pydantic.BaseModel):
    nom: str
    habitants: int


@dataclass
class Pays:
    nom: str


def _no_key() -> str:
    raise llmaas.MissingAPIKeyError


def last_body(sandbox: Any) -> dict[str, Any]:
    body: dict[str, Any] = sandbox.requests[-1].json
    return body


def test_defaults_on_the_wire(sandbox: Any, api: Any) -> None:
    api().do("chat", "Bonjour", model=MODEL)
    assert last_body(sandbox) == {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Bonjour"}],
        "max_tokens": 16384,
    }


def test_usage_is_asked_for_in_streams_only(sandbox: Any, api: Any) -> None:
    api().events("Bonjour", model=MODEL)
    assert last_body(sandbox)["stream_options"] == {"include_usage": True}
    api().events("Bonjour", model=MODEL, stream_options=None)
    assert "stream_options" not in last_body(sandbox)


def test_max_tokens_can_be_left_to_the_service(sandbox: Any, api: Any) -> None:
    api().do("chat", "?", model=MODEL, max_tokens=None)
    assert "max_tokens" not in last_body(sandbox)


def test_unknown_parameters_pass(sandbox: Any, api: Any) -> None:
    api().do("chat", "?", model=MODEL, top_k=3, extra_body={"zz": {"a": 1}}, enable_thinking=True)
    body = last_body(sandbox)
    assert (body["top_k"], body["zz"], body["enable_thinking"]) == (3, {"a": 1}, True)


@pytest.mark.parametrize(
    ("method", "inputs", "model"),
    [
        ("embed", ["a"], "bge-m3:567m"),
        ("rerank", ["q", ["a"]], "qwen3-reranker:4b"),
        ("speak", ["Bonjour"], "voxtral-tts:4b"),
        ("generate_images", ["Un pont"], "flux.2-klein:4b"),
        ("transcribe", [b"RIFF"], "whisper"),
    ],
)
def test_extra_body_is_laid_over_every_request(
    sandbox: Any, api: Any, method: str, inputs: list[Any], model: str
) -> None:
    sandbox.script([{"status": 400, "json": {"error": {"message": "seen"}}}])
    with pytest.raises(llmaas.BadRequestError, match="seen"):
        api().do(method, *inputs, model=model, extra_body={"model": "other", "zz": "7"})
    sent = sandbox.requests[-1]
    told = sent.json or dict(
        re.findall(r'name="(\w+)"\r\n\r\n([^\r]*)', sent.body.decode("latin-1"))
    )
    assert (told["model"], told["zz"]) == ("other", "7")
    assert "extra_body" not in told


@pytest.mark.parametrize(
    ("choice", "tools", "wire"),
    [
        (None, 1, None),
        ("auto", 1, "auto"),
        ("none", 1, "none"),
        ("required", 1, {"type": "function", "function": {"name": "meteo"}}),
        ("required", 2, "required"),
        (True, 1, {"type": "function", "function": {"name": "meteo"}}),
        ("meteo", 2, {"type": "function", "function": {"name": "meteo"}}),
    ],
)
def test_tool_choice(sandbox: Any, api: Any, choice: Any, tools: int, wire: Any) -> None:
    api().do("chat", "Quel temps à Lyon ?", model=MODEL, tools=[TOOL] * tools, tool_choice=choice)
    assert last_body(sandbox).get("tool_choice") == wire


@pytest.mark.parametrize("tools", [None, [], [TOOL]])
def test_parallel_tool_calls_is_sent_with_tools_only(sandbox: Any, api: Any, tools: Any) -> None:
    """OpenAI's API and gateways like it refuse the parameter without tools."""
    api().do("chat", "?", model=MODEL, tools=tools, parallel_tool_calls=False)
    assert ("parallel_tool_calls" in last_body(sandbox)) is bool(tools)


def test_a_tool_call_and_its_cost(sandbox: Any, api: Any) -> None:
    got = api().do("chat", "Météo pour la ville de Lyon ?", model=MODEL, tools=[TOOL])
    assert got.finish_reason == "tool_calls"
    assert got.tool_calls[0].name == "meteo"
    assert isinstance(got.tool_calls[0].parsed()["ville"], str)
    assert got.cost_micro_eur == round(got.cost * 1_000_000) > 0
    assert got.backend.machine_name


@pytest.mark.parametrize("how", ["path", "bytes", "data", "url"])
def test_images(sandbox: Any, api: Any, tmp_path: Path, how: str) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(PNG)
    data = "data:image/png;base64," + base64.b64encode(PNG).decode()
    url = "https://example.org/x.png"
    image = {"path": path, "bytes": PNG, "data": data, "url": url}[how]
    parts = [{"type": "text", "text": "?"}, {"type": "image", "image": image}]
    api().do("chat", [{"role": "user", "content": parts}], model="gemma4:31b")
    sent = last_body(sandbox)["messages"][0]["content"][1]
    assert sent == {"type": "image_url", "image_url": {"url": url if how == "url" else data}}


@pytest.mark.parametrize(
    "messages",
    [[], {"role": "user"}, [{"content": "x"}], ["x"], [{"role": "user", "content": 3}],
     [{"role": "user", "content": [{"type": "image", "image": "/no/such.png"}]}],
     [{"role": "user", "content": [{"type": "image", "image": b"%PDF-1.4"}]}]],
)  # fmt: skip
def test_bad_messages_are_refused_before_anything_is_sent(
    sandbox: Any, api: Any, messages: Any
) -> None:
    with pytest.raises(llmaas.InvalidInputError):
        api().do("chat", messages, model=MODEL)
    assert not sandbox.requests


@pytest.mark.parametrize("bad", [{"temperature": float("nan")}, {"stop": {1, 2}}])
def test_what_json_cannot_say_is_refused(sandbox: Any, api: Any, bad: Any) -> None:
    with pytest.raises(llmaas.InvalidInputError):
        api().do("chat", "?", model=MODEL, **bad)
    assert not sandbox.requests


def test_structured_pydantic_dataclass_and_dict(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": '{"nom": "Lyon", "habitants": 500000}'}])
    assert api().do("chat", "?", model=MODEL, response_format=Ville).parsed == Ville(
        nom="Lyon", habitants=500000
    )
    assert last_body(sandbox)["response_format"]["json_schema"]["name"] == "Ville"
    sandbox.script([{"content": '```json\n{"nom": "France"}\n```'}])
    assert api().do("chat", "?", model=MODEL, response_format=Pays).parsed == Pays("France")
    sandbox.script([{"content": 'Voici : {"a": 1}. Voilà.'}])
    wanted = {"type": "json_object"}
    assert api().do("chat", "?", model=MODEL, response_format=wanted).parsed == {"a": 1}


def test_structured_falls_back_to_words_when_refused(sandbox: Any, api: Any) -> None:
    fault = {"x-sandbox-fault": "no-response-format"}
    client = api(headers=fault)
    got = client.do("chat", "La ville de Lyon a 500 habitants.", model=MODEL, response_format=Ville)
    assert isinstance(got.parsed, Ville)
    body = last_body(sandbox)
    assert "response_format" not in body
    assert '"habitants"' in body["messages"][0]["content"]


def test_structured_misfit_is_corrected_once(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": '{"nom": 3'}, {"content": '{"nom": "Nice", "habitants": 3}'}])
    got = api().do("chat", "?", model=MODEL, response_format=Ville)
    assert got.parsed.nom == "Nice"
    assert last_body(sandbox)["messages"][-2] == {"role": "assistant", "content": '{"nom": 3'}


def test_structured_correction_is_counted_with_the_first_answer(sandbox: Any, api: Any) -> None:
    first = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    second = {**first, "prompt_tokens": 15, "total_tokens": 17, "reasoning_tokens": 4}
    sandbox.script([{"content": "non", "usage": first},
                    {"content": '{"nom": "Nice", "habitants": 3}', "usage": second}])  # fmt: skip
    usage = api().do("chat", "?", model=MODEL, response_format=Ville).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (25, 4, 29)
    assert (usage.reasoning_tokens, usage.cached_tokens) == (4, None)


@pytest.mark.parametrize("failure", [{"status": 500, "json": {}}, {"raw": b""}], ids=str)
def test_structured_correction_that_fails_still_counts_the_first_answer(
    sandbox: Any, api: Any, failure: Any
) -> None:
    used = {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100}
    # Twice: a kept connection that ends without a byte is replaced at once.
    sandbox.script([{"content": "non", "usage": used}, failure, failure])
    budget = Budget(1)
    with pytest.raises(llmaas.APIError) as caught:
        api(hooks=[budget]).do("chat", "?", model=MODEL, response_format=Ville)
    assert caught.value.completion.text == "non"
    assert budget.spent == pytest.approx(caught.value.completion.cost)


def test_structured_misfit_twice_is_an_error_with_the_text(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": "non"}, {"content": "toujours pas"}])
    with pytest.raises(llmaas.StructuredOutputError) as caught:
        api().do("chat", "?", model=MODEL, response_format=Ville)
    assert caught.value.text == "toujours pas"
    assert len(sandbox.requests) == 2


def test_structured_without_repair_is_left_alone(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": "non"}])
    assert api().do("chat", "?", model=MODEL, response_format=Ville, repair=False).text == "non"
    assert len(sandbox.requests) == 1


def test_structured_stream_is_parsed_at_its_end(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": '{"nom": "Lyon"}'}])
    events = api().events("?", model=MODEL, response_format=Pays)
    assert events[-1].completion.parsed == Pays("Lyon")


def test_embeddings_in_batches_keep_their_order(sandbox: Any, api: Any) -> None:
    texts = [f"texte {n}" for n in range(10)]
    seen: list[tuple[int, int]] = []
    got = api().do(
        "embed", texts, model="bge-m3:567m", batch_size=3, progress=lambda *at: seen.append(at)
    )
    assert [len(r.json["input"]) for r in sandbox.requests].count(3) == 3
    alone = api().do("embed", texts[7], model="bge-m3:567m").vectors[0]
    assert got.vectors[7] == alone
    assert len(alone) == 1024
    assert max(seen) == (10, 10)
    assert got.usage.prompt_tokens > 0
    assert got.cost_micro_eur > 0


def test_embeddings_out_of_order_are_put_right(sandbox: Any, api: Any) -> None:
    entries = [{"index": i, "embedding": [float(i)]} for i in (2, 0, 1)]
    sandbox.script([{"json": {"data": entries, "model": "m"}}])
    assert api().do("embed", ["a", "b", "c"], model="bge-m3:567m").vectors == [[0.0], [1.0], [2.0]]


def test_embeddings_base64_and_numpy_agree_with_floats(sandbox: Any, api: Any) -> None:
    import numpy

    plain = api().do("embed", "été", model="bge-m3:567m").vectors[0]
    packed = api().do("embed", "été", model="bge-m3:567m", encoding_format="base64").vectors[0]
    array = api().do("embed", "été", model="bge-m3:567m", numpy=True).vectors[0]
    assert packed == pytest.approx(plain, abs=1e-6)
    assert array.dtype == numpy.float32
    assert array.tolist() == pytest.approx(plain, abs=1e-6)


def test_one_bad_text_costs_its_neighbours_nothing(sandbox: Any, api: Any) -> None:
    refusal = {"status": 400, "json": {"error": {"message": "vide"}}}
    one = {"json": {"data": [{"index": 0, "embedding": [1.0]}]}}
    sandbox.script([refusal, one, refusal])
    got = api().do("embed", ["bon", ""], model="bge-m3:567m")
    assert got.vectors == [[1.0], None]
    assert isinstance(got.errors[1], llmaas.BadRequestError)


def test_vectors_are_handed_out_as_they_come(sandbox: Any, api: Any) -> None:
    came: dict[int, int] = {}
    api().do("embed", list("abcde"), model="bge-m3:567m", batch_size=2,
             on_batch=lambda at, vectors: came.update({at: len(vectors)}))  # fmt: skip
    assert came == {0: 2, 2: 2, 4: 1}


def test_progress_is_told_in_order_by_one_thread_at_a_time(sandbox: Any, api: Any) -> None:
    told: list[int] = []
    inside = threading.Lock()

    def progress(done: int, total: int) -> None:
        assert total == 40
        assert inside.acquire(blocking=False)
        time.sleep(0.002)
        told.append(done)
        inside.release()

    options = {"batch_size": 1, "concurrency": 16, "progress": progress}
    api().do("embed", [f"t{n}" for n in range(40)], model="bge-m3:567m", **options)
    assert told == list(range(1, 41))


def test_a_request_that_failed_for_good_can_be_left_behind(sandbox: Any, api: Any) -> None:
    one = {"json": {"data": [{"index": 0, "embedding": [1.0]}]}}
    sandbox.script([{"status": 500, "json": {}}, one])
    got = api().do("embed", ["a", "b"], model="bge-m3:567m",
                   batch_size=1, concurrency=1, continue_on_error=True)  # fmt: skip
    assert got.vectors == [None, [1.0]]
    assert isinstance(got.errors[0], llmaas.InternalServerError)
    with pytest.raises(llmaas.MissingAPIKeyError):
        api(api_key=_no_key).do("embed", ["a"], model="bge-m3:567m", continue_on_error=True)


def test_what_is_under_way_when_another_request_fails_is_not_lost(sandbox: Any, api: Any) -> None:
    late = {"delay": 0.3, "json": {"data": [{"index": 0, "embedding": [1.0]}]}}
    sandbox.script([late, {"delay": 0.1, "status": 500, "json": {}}])
    came: list[int] = []
    with pytest.raises(llmaas.InternalServerError):
        api().do("embed", ["a", "b", "c"], model="bge-m3:567m", batch_size=1, concurrency=2,
                 on_batch=lambda at, vectors: came.append(len(vectors)))  # fmt: skip
    assert came == [1]
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("bad", [[[1, 2]], [3], [None]])
def test_tokens_are_refused_with_a_reason(sandbox: Any, api: Any, bad: Any) -> None:
    with pytest.raises(llmaas.InvalidInputError, match="string"):
        api().do("embed", bad, model="bge-m3:567m")
    assert not sandbox.requests


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": [{"index": 9, "embedding": [1]}]}])
def test_embeddings_that_are_none(sandbox: Any, api: Any, body: Any) -> None:
    sandbox.script([{"json": body}])
    with pytest.raises(llmaas.InvalidResponseError):
        api().do("embed", "a", model="bge-m3:567m")


@pytest.mark.parametrize("version", [1, 2])
def test_rerank(sandbox: Any, api: Any, version: int) -> None:
    documents = ["la voiture roule", "le chat dort", "le chien court"]
    got = api().do("rerank", "où dort le chat ?", documents, model="qwen3-reranker:4b",
                   top_n=2, version=version)  # fmt: skip
    assert sandbox.requests[-1].path == f"/v{version}/rerank"
    assert got.results[0].index == 1
    assert len(got.results) == 2
    assert 0 < got.results[0].normalized_score < 1
    assert got.cost_micro_eur == 12  # all three documents, at 4 EUR a million


def test_rerank_old_shape_unsorted(sandbox: Any, api: Any) -> None:
    results = [{"index": 0, "relevance_score": 0.1}, {"index": 1, "relevance_score": 0.9}]
    sandbox.script([{"json": {"results": results, "usage": {"billed_units": {"search_units": 1}}}}])
    got = api().do("rerank", "q", ["a", "b"], model="qwen3-reranker:4b")
    assert [r.index for r in got.results] == [1, 0]
    assert got.usage.extra["billed_units"] == {"search_units": 1}


def test_rerank_of_nothing_sends_nothing(sandbox: Any, api: Any) -> None:
    assert api().do("rerank", "q", [], model="qwen3-reranker:4b").results == ()
    assert not sandbox.requests


def test_speech_and_back(sandbox: Any, api: Any, tmp_path: Path) -> None:
    speech = api().do("speak", "Bonjour à tous.", model="kokoro", response_format="wav")
    assert speech.audio.startswith(b"RIFF")
    assert speech.duration > 0
    path = tmp_path / "a.wav"
    path.write_bytes(speech.audio)
    texts = set()
    for source in (
        path,
        str(path),
        speech.audio,
        ("a.wav", speech.audio),
        io.BytesIO(speech.audio),
    ):
        texts.add(api().do("transcribe", source, language="fr").text)
    assert len(texts) == 1
    with path.open("rb") as file:
        got = api().do("transcribe", file)
    assert got.segments


@pytest.mark.parametrize("bad", ["/no/such.wav", b"", 3])
def test_recordings_that_cannot_be_read(sandbox: Any, api: Any, bad: Any) -> None:
    with pytest.raises(llmaas.InvalidInputError):
        api().do("transcribe", bad)
    assert not sandbox.requests


def test_a_recording_whose_name_is_no_unicode(sandbox: Any, api: Any, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    try:
        path.write_bytes(api().do("speak", "Oui.", model="kokoro", response_format="wav").audio)
    except OSError:
        pytest.skip("this system has no such names")
    assert api().do("transcribe", path, initial_prompt="a\ud800").text


def test_a_transcription_without_text_is_no_answer(sandbox: Any, api: Any) -> None:
    sandbox.script([{"json": {"language": "fr"}}])
    with pytest.raises(llmaas.InvalidResponseError):
        api().do("transcribe", b"RIFF....")


def test_images_are_drawn(sandbox: Any, api: Any) -> None:
    drawn = api().do("generate_images", "un chat", model="z-image:16b", size="1024x1024")
    assert drawn[0].data.startswith(b"\x89PNG")


@pytest.mark.parametrize("entries", [[], [{}], [{"b64_json": ""}], [{"url": None}]])
def test_a_drawing_without_image_is_no_answer(sandbox: Any, api: Any, entries: Any) -> None:
    sandbox.script([{"json": {"data": entries}}])
    with pytest.raises(llmaas.InvalidResponseError, match="no image"):
        api().do("generate_images", "un chat", model="z-image:16b")


def test_models(sandbox: Any, api: Any) -> None:
    models = {m.id: m for m in api().do("models")}
    assert models["gpt-oss:120b"].context_tokens == 131072
    assert models["kokoro"].context_tokens is None


def test_batch(sandbox: Any, api: Any) -> None:
    lot = api().do("submit_batch", ["un ?", [{"role": "user", "content": "deux ?"}]], model=MODEL)
    assert (lot.status, lot.total) == ("queued", 2)
    answer = {"choices": [{"message": {"content": "oui"}, "finish_reason": "stop"}],
              "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}}  # fmt: skip
    failed = {"error": {"type": "BatchSubRequestError", "message": "trop long", "index": 1}}
    sandbox.script([{"json": {"id": lot.id, "status": "completed", "results": [answer, failed]}}])
    got = api().do("get_batch", lot.id)
    assert got.results[0].text == "oui"
    assert "trop long" in str(got.results[1])
    assert got.cost_micro_eur == 900_000  # half the price of a chat


def test_a_failed_lot_has_an_answer_or_an_error_for_each_conversation(
    sandbox: Any, api: Any
) -> None:
    good = {"choices": [{"message": {"content": "oui"}, "finish_reason": "stop"}]}
    lot = {"id": "b", "request_counts": {"total": 3}, "error": {"message": "panne"}}
    sandbox.script([{"json": {**lot, "status": "in_progress"}}])
    sandbox.script([{"json": {**lot, "status": "failed", "results": [good]}}])
    assert api().do("get_batch", "b").answers == ()
    first, *lost = api().do("get_batch", "b").answers
    assert first.text == "oui"
    assert [type(error) for error in lost] == [llmaas.APIError] * 2
    assert "panne" in str(lost[0])


def test_a_lot_takes_the_options_of_a_chat(sandbox: Any, api: Any) -> None:
    sandbox.script([{"json": {"id": "b", "status": "queued"}}])
    api().do("submit_batch", ["?"], model=MODEL, response_format=Ville, repair=False)
    assert last_body(sandbox)["response_format"]["json_schema"]["name"] == "Ville"
    assert "repair" not in last_body(sandbox)


def test_a_lot_is_never_sent_twice(sandbox: Any, api: Any) -> None:
    sandbox.script([{"status": 503, "json": {"error": {"message": "full"}}}])
    with pytest.raises(llmaas.InternalServerError):
        api(max_retries=5).do("submit_batch", ["?"], model=MODEL)
    assert len(sandbox.requests) == 1


def test_an_empty_answer_is_explained(sandbox: Any, api: Any) -> None:
    sandbox.script([{"content": "", "reasoning": "longue pensée", "finish_reason": "length"}])
    with pytest.warns(llmaas.warnings.EmptyAnswerWarning, match="max_tokens"):
        got = api().do("chat", "?", model=MODEL, max_tokens=8)
    assert "reasoning used the whole token budget" in got.empty_reason


def test_the_plain_sdk(sandbox: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other-vendor")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    client = api().client.openai
    import inspect

    answer = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Bonjour"}]
    )
    if inspect.isawaitable(answer):
        import asyncio

        async def go() -> Any:
            async with client:
                return await answer

        answer = asyncio.run(go())
    else:
        client.close()
    assert answer.choices[0].message.content
    seen = json.dumps(dict(sandbox.requests[-1].headers))
    assert "other-vendor" not in seen
    assert "org-secret" not in seen
    assert "proj-secret" not in seen


def test_a_large_recording_is_sent_whole_and_in_pieces(sandbox: Any, api: Any) -> None:
    recording = b"ID3" + bytes((1 << 20) + 5)
    api().do("transcribe", recording)  # aiohttp warns about large bodies in one piece
    assert recording in sandbox.requests[-1].body

import base64
import io
import json
import struct
import wave
import zlib
from typing import Any

import numpy as np
import openai
import pytest


def embed(ask: Any, texts: Any, model: str = "bge-m3:567m", **fields: Any) -> Any:
    return ask("/v1/embeddings", {"model": model, "input": texts, **fields})


def vectors(ask: Any, texts: list[str], **fields: Any) -> Any:
    return np.array([d["embedding"] for d in embed(ask, texts, **fields).json["data"]])


def test_near_texts_are_nearer_in_both_languages(ask: Any) -> None:
    v = vectors(
        ask,
        [
            "Le chat dort sur le canapé",
            "Un chat endormi sur un canapé",
            "Les tarifs de facturation mensuelle",
            "Monthly billing price",
        ],
    )
    cosine = v @ v.T
    assert cosine[0, 1] > 0.4 > cosine[0, 2]
    assert cosine[2, 3] > 0.4 > cosine[0, 3]
    assert np.allclose(np.linalg.norm(v, axis=1), 1)


@pytest.mark.parametrize(
    ("model", "size"), [("granite-embedding:278m", 768), ("bge-m3:567m", 1024)]
)
def test_vectors_have_the_model_s_dimensions(ask: Any, model: str, size: int) -> None:
    assert vectors(ask, ["bonjour"], model=model).shape == (1, size)


@pytest.mark.parametrize("model", ["bge-m3:567m", "granite-embedding:278m"])
@pytest.mark.parametrize("size", [16, 768])
def test_dimensions_are_refused_when_the_model_has_one_size(
    ask: Any, model: str, size: int
) -> None:
    """Words of vLLM, for models whose configuration is not marked as Matryoshka."""
    refused = embed(ask, "bonjour", model=model, dimensions=size)
    assert refused.status == 400
    assert "does not support matryoshka" in refused.json["error"]["message"]


def test_dimensions_shorten_vectors_when_the_model_was_trained_for_it(ask: Any) -> None:
    short = vectors(ask, ["bonjour"], model="qwen3-embedding:0.6b", dimensions=16)
    assert short.shape == (1, 16)
    body = {"model": "bge-m3:567m", "input": "bonjour", "dimensions": 16}
    assert ask("/v1/embeddings", body, faults="mild").status == 200


def test_base64_holds_the_same_floats(ask: Any) -> None:
    packed = embed(ask, "bonjour", encoding_format="base64").json["data"][0]["embedding"]
    plain = vectors(ask, ["bonjour"])[0]
    assert np.allclose(np.frombuffer(base64.b64decode(packed), "<f4"), plain, atol=1e-6)


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]], [], None, ["a", 1]])
def test_only_strings_are_embedded(ask: Any, given: Any) -> None:
    assert embed(ask, given).status == 400


def test_a_text_beyond_the_context_is_refused(ask: Any) -> None:
    assert embed(ask, "mot " * 1000, model="granite-embedding:278m").status == 400


DOCUMENTS = ["La facturation est mensuelle.", "Le service est hébergé en France.", "Les chats."]


def rank(ask: Any, path: str = "/v2/rerank", **fields: Any) -> Any:
    body = {"model": "qwen3-reranker:4b", "query": "Où est hébergé le service ?"}
    return ask(path, {**body, "documents": DOCUMENTS, **fields}).json


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_rerank_sorts_by_raw_scores(ask: Any, path: str) -> None:
    answer = rank(ask, path)
    scores = [r["relevance_score"] for r in answer["results"]]
    assert answer["id"].startswith("score-")
    assert answer["results"][0]["index"] == 1
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 1 > 0 > scores[-1]
    assert answer["results"][0]["document"] == {"text": DOCUMENTS[1], "multi_modal": None}
    assert set(answer["usage"]) == {"prompt_tokens", "total_tokens"}


def test_rerank_keeps_the_top_and_drops_texts_on_demand(ask: Any) -> None:
    answer = rank(ask, top_n=1, return_documents=False)
    assert [set(r) for r in answer["results"]] == [{"index", "relevance_score"}]


def test_rerank_refuses_a_text_beyond_the_documented_window(ask: Any) -> None:
    body = {"model": "qwen3-reranker:4b", "query": "?", "documents": ["short", "word " * 5_000]}
    answer = ask("/v2/rerank", body)
    assert answer.status == 400
    assert "maximum context length is 4096 tokens" in answer.json["error"]["message"]
    assert ask("/v2/rerank", {**body, "truncate_prompt_tokens": 512}).status == 200
    assert ask("/v2/rerank", {**body, "truncate_prompt_tokens": 5_000}).status == 400


def test_the_old_rerank_shape_can_be_had(sdk: Any) -> None:
    from llmaas_sandbox import Sandbox

    with Sandbox(rerank_shape="old") as box:
        client = sdk(box)
        body = {"model": "qwen3-reranker:4b", "query": "chats", "documents": DOCUMENTS}
        answer: Any = client.post("/rerank", body=body, cast_to=object)
    assert answer["id"].startswith("rerank-")
    assert all(0 <= r["relevance_score"] <= 1 for r in answer["results"])
    assert answer["usage"] == {"billed_units": {"search_units": 3}}


def test_the_model_list_has_the_live_shape(ask: Any) -> None:
    data = ask("/v1/models").json["data"]
    by_id = {m["id"]: m for m in data}
    assert [m["id"] for m in data] == sorted(by_id)
    assert len({m["created"] for m in data}) == 1
    assert "gpt-oss:20b" in by_id["gpt-oss:120b"]["aliases"]
    assert by_id["gpt-oss:120b"]["max_model_len"] == 131072
    assert by_id["bge-reranker-large"]["max_model_len"] == 0
    assert by_id["gpt-oss:120b"]["permission"][0]["object"] == "model_permission"


def speak(ask: Any, **fields: Any) -> Any:
    return ask("/v1/audio/speech", {"model": "tts-3", "voice": "alloy", **fields})


def test_speech_is_a_tone_as_long_as_the_text(ask: Any) -> None:
    heard = speak(ask, input="un deux trois quatre cinq", response_format="wav")
    with wave.open(io.BytesIO(heard.body)) as sound:
        length = sound.getnframes() / sound.getframerate()
    assert length == pytest.approx(2.0, abs=0.05)
    assert int(heard.headers["x-tts-duration-ms"]) == pytest.approx(length * 1000, abs=50)
    assert heard.headers["content-type"] == "audio/wav"


def test_a_transcript_covers_the_recording(llmaas_sandbox: Any, ask: Any, sdk: Any) -> None:
    wav = speak(ask, input="mot " * 30, response_format="wav").body
    client = sdk(llmaas_sandbox)
    first, second = (
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", wav), language="fr")
        for _ in range(2)
    )
    assert first == second
    extra: Any = first.model_extra or first
    assert len(extra["segments"]) == 3
    assert extra["segments"][-1]["end"] == pytest.approx(12.0, abs=0.1)


@pytest.mark.shows_key("the plain SDK's error of version 2 pickles its request, headers and all")
def test_noise_is_no_recording(llmaas_sandbox: Any, sdk: Any) -> None:
    client = sdk(llmaas_sandbox)
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFFnothing"))
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(
            model="whisper-1", file=("a.wav", b"ID3"), response_format="srt"
        )


def test_an_image_is_a_real_png_of_the_right_size(ask: Any) -> None:
    body = {"model": "z-image:16b", "prompt": "un chat", "size": "256x256"}
    one, two = (
        ask("/v1/images/generations", {**body, "prompt": p}).json for p in ("chat", "chien")
    )
    png = base64.b64decode(one["data"][0]["b64_json"])
    assert struct.unpack(">II", png[16:24]) == (256, 256)
    start = png.index(b"IDAT") + 4
    length = struct.unpack(">I", png[start - 8 : start - 4])[0]
    assert len(zlib.decompress(png[start : start + length])) == 256 * (256 * 3 + 1)
    assert one["data"] != two["data"]


def test_a_batch_is_answered_by_position(ask: Any) -> None:
    good, bad = [{"role": "user", "content": 'Say "pong"'}], [{"role": "wizard", "content": "x"}]
    body = {"model": "gpt-oss:20b", "messages": [good, bad, good], "max_tokens": 200}
    made = ask("/v1/chat/completions/batch", body)
    assert made.status == 202
    assert made.json["model"] == "gpt-oss:120b"
    assert made.json["model_requested"] == "gpt-oss:20b"
    path = f"/v1/chat/completions/batch/{made.json['id']}"
    states = [ask(path).json for _ in range(2)]
    assert [s["status"] for s in states] == ["in_progress", "completed"]
    results = states[-1]["results"]
    assert results[0]["choices"][0]["message"]["content"] == "pong"
    assert results[1]["error"]["type"] == "BatchSubRequestError"
    assert results[1]["error"]["index"] == 1
    assert states[-1]["request_counts"] == {"total": 3, "completed": 2, "failed": 1}
    assert ask("/v1/chat/completions/batch/batch-unknown").status == 404


def test_a_batch_expires_after_a_day(ask: Any, llmaas_sandbox: Any) -> None:
    body = {"model": "gemma4:31b", "messages": [[{"role": "user", "content": "x"}]]}
    path = f"/v1/chat/completions/batch/{ask('/v1/chat/completions/batch', body).json['id']}"
    ask(path), ask(path)
    llmaas_sandbox.advance(24 * 3600 + 1)
    assert ask(path).status == 404


def test_the_journal_keeps_requests_without_secrets(ask: Any, llmaas_sandbox: Any) -> None:
    embed(ask, "bonjour")
    [record] = llmaas_sandbox.requests
    assert (record.method, record.path, record.status) == ("POST", "/v1/embeddings", 200)
    assert record.json["input"] == "bonjour"
    assert llmaas_sandbox.api_key not in json.dumps(dict(record.headers))

"""Rows 31 to 36: embedders, ranker, transcriber."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from haystack import Document
from haystack.dataclasses import ByteStream

import llmaas
from haystack_integrations.components.audio.llmaas import LLMaaSTranscriber
from haystack_integrations.components.embedders.llmaas import (
    LLMaaSDocumentEmbedder,
    LLMaaSTextEmbedder,
)
from haystack_integrations.components.rankers.llmaas import LLMaaSRanker
from llmaas_sandbox import Sandbox

REFUSED = {"status": 400, "json": {"error": {"message": "empty input"}}}
BLOCKED = {"status": 403, "json": {"error": {"message": "Prompt blocked for security reasons"}}}
HTML = {"status": 502, "headers": {"content-type": "text/html"}, "body": "<html>Bad</html>"}


def documents(*texts: str) -> list[Document]:
    return [Document(content=text) for text in texts]


def vectors(*entries: tuple[int, float], **rest: Any) -> dict[str, Any]:
    data = [{"object": "embedding", "index": i, "embedding": [x]} for i, x in entries]
    return {"json": {"object": "list", "data": data, "model": "bge-m3:567m", **rest}}


def quiet(**options: Any) -> LLMaaSDocumentEmbedder:
    return LLMaaSDocumentEmbedder(**{"progress_bar": False, "max_retries": 0, **options})


def refuses(sandbox: Any, *outcomes: Any) -> None:
    sandbox.script(list(outcomes))


def test_one_refused_text(sandbox: Any, run: Any, caplog: Any) -> None:
    refuses(sandbox, REFUSED, vectors((0, 1.0)), REFUSED)
    asked = documents("bon", "")
    result = run(quiet(concurrency=1), documents=asked)
    assert [d.embedding for d in result["documents"]] == [[1.0], None]
    assert list(result["meta"]["errors"]) == [asked[1].id]
    assert asked[1].id in caplog.text
    assert asked[0].embedding is None  # the caller's documents are not changed


def test_raise_on_failure(sandbox: Any, run: Any) -> None:
    refuses(sandbox, REFUSED, vectors((0, 1.0)), REFUSED)
    asked = documents("bon", "")
    with pytest.raises(llmaas.BadRequestError) as caught:
        run(quiet(concurrency=1, raise_on_failure=True), documents=asked)
    assert asked[1].id in caught.value.__notes__[0]


def test_failed_batch_leaves_the_others(sandbox: Any, run: Any) -> None:
    refuses(sandbox, HTML, vectors((0, 2.0)))
    result = run(quiet(concurrency=1, batch_size=1), documents=documents("a", "b"))
    assert [d.embedding for d in result["documents"]] == [None, [2.0]]
    refuses(sandbox, HTML)
    with pytest.raises(llmaas.InternalServerError):
        run(quiet(raise_on_failure=True), documents=documents("a", "b"))


def test_out_of_order_and_without_usage(sandbox: Any, run: Any) -> None:
    refuses(sandbox, vectors((2, 2.0), (0, 0.0), (1, 1.0)))
    result = run(quiet(), documents=documents("a", "b", "c"))
    assert [d.embedding for d in result["documents"]] == [[0.0], [1.0], [2.0]]
    assert "usage" not in result["meta"]
    refuses(sandbox, vectors((0, 5.0)))
    answer = run(LLMaaSTextEmbedder(), text="a")
    assert answer == {"embedding": [5.0], "meta": {"model": "bge-m3:567m"}}


def test_what_is_sent(sandbox: Any, run: Any) -> None:
    run(quiet(prefix="<", suffix=">", meta_fields_to_embed=["titre", "nul"],
              embedding_separator=" | "),
        documents=[Document(content="corps", meta={"titre": "T", "nul": None})])  # fmt: skip
    assert sandbox.requests[-1].json == {
        "model": "bge-m3:567m",
        "input": ["<T | corps>"],
        "encoding_format": "float",
    }
    run(LLMaaSTextEmbedder(model="qwen3-embedding:0.6b", dimensions=64, prefix="q: "), text="a")
    body = sandbox.requests[-1].json
    assert (body["dimensions"], body["input"]) == (64, ["q: a"])


@pytest.mark.parametrize("concurrency", [1, 3])
def test_bounded_concurrency(sandbox: Any, run: Any, concurrency: int) -> None:
    delay = 0.2 * concurrency
    sandbox.script([{"delay": delay, **vectors((0, 1.0), usage={"prompt_tokens": 1})}] * 6)
    embedder = quiet(batch_size=1, concurrency=concurrency)
    began = time.monotonic()
    result = run(embedder, documents=documents(*"abcdef"))
    took = time.monotonic() - began
    assert took >= delay * 6 / concurrency  # no more at once than allowed
    assert concurrency == 1 or took < delay * 6  # and no fewer
    assert result["meta"]["usage"] == {"prompt_tokens": 6, "total_tokens": 6}


def test_progress_bar_counts_texts(sandbox: Any, run: Any, capfd: Any) -> None:
    run(quiet(progress_bar=True, batch_size=4), documents=documents(*"abcdefghij"))
    shown = capfd.readouterr().err
    assert "Calculating embeddings" in shown
    assert "10/10" in shown
    run(quiet(), documents=documents("a"))
    assert "Calculating" not in capfd.readouterr().err


def test_wrong_input_raises(run: Any) -> None:
    for wrong in ("text", [1, 2], [Document(content="a"), "b"]):
        with pytest.raises(TypeError, match="expects a list of Documents as input"):
            run(quiet(), documents=wrong)
    with pytest.raises(TypeError, match="expects a string as an input"):
        run(LLMaaSTextEmbedder(), text=["a"])
    for query, wrong in ((5, documents("a")), ("?", None), ("?", ["a"])):
        with pytest.raises(TypeError, match="must be a"):
            run(LLMaaSRanker(), query=query, documents=wrong)


@pytest.mark.parametrize("kind", [LLMaaSTextEmbedder, LLMaaSDocumentEmbedder])
def test_sizes_and_limits_are_known_without_a_request(sandbox: Any, kind: Any) -> None:
    assert (kind().vector_size, kind().context) == (1024, 8192)
    assert kind(dimensions=256).vector_size == 256
    assert not sandbox.requests


def test_embedder_sends_nothing_when_empty(sandbox: Any, run: Any) -> None:
    assert run(quiet(), documents=[]) == {"documents": [], "meta": {}}
    assert not sandbox.requests


def test_checkpoint_avoids_repeated_requests(sandbox: Any, run: Any, tmp_path: Path) -> None:
    made = {"checkpoint": str(tmp_path / "vectors.sqlite"), "model": "qwen3-embedding:0.6b"}
    asked = documents(*(f"texte {n}" for n in range(20)))
    embedder = quiet(**made, batch_size=4, concurrency=1, raise_on_failure=True)
    first = run(quiet(**made, batch_size=4), documents=asked[:8])["documents"]
    sandbox.script([HTML])
    with pytest.raises(llmaas.InternalServerError):
        run(embedder, documents=asked)
    rest = run(embedder, documents=asked)["documents"]
    texts = [t for r in sandbox.requests if r.status == 200 for t in r.json["input"]]
    assert sorted(texts) == sorted(d.content for d in asked)
    assert [d.embedding for d in rest[:8]] == [d.embedding for d in first]
    assert all(len(d.embedding) == 1024 for d in rest)
    other = run(quiet(**made, dimensions=8), documents=asked[:1])["documents"]
    assert len(other[0].embedding) == 8  # another question, another vector


def test_checkpoint_is_found_again_with_other_headers(
    sandbox: Any, run: Any, tmp_path: Path
) -> None:
    for trace in ("1", "2"):
        params = {"extra_headers": {"x-trace": trace}, "timeout": float(trace)}
        embedder = quiet(checkpoint=str(tmp_path / "v.sqlite"), embedding_kwargs=params)
        run(embedder, documents=documents("un"))
    assert len(sandbox.requests) == 1


def test_checkpoint_is_separate_per_server(sandbox: Any, run: Any, tmp_path: Path) -> None:
    """What the sandbox made up must never end among the service's vectors."""
    path = str(tmp_path / "vectors.sqlite")
    run(quiet(checkpoint=path), documents=documents("a"))
    with Sandbox(api_keys=(sandbox.api_key,)) as other:
        for _ in range(2):
            run(quiet(checkpoint=path, api_base_url=other.base_url), documents=documents("a"))
        assert len(other.requests) == 1
    run(quiet(checkpoint=path), documents=documents("a"))
    assert len(sandbox.requests) == 1


def test_equal_texts_are_sent_once(sandbox: Any, run: Any) -> None:
    asked = [Document(content="a", meta={"n": n}) for n in range(3)]
    result = run(quiet(), documents=asked)["documents"]
    assert sandbox.requests[-1].json["input"] == ["a"]
    assert len({tuple(d.embedding) for d in result}) == 1


RESULTS = [(0, -2.5), (2, 3.25), (1, 0.04)]


def test_documents_of_one_text_have_each_a_vector_of_their_own(sandbox: Any, run: Any) -> None:
    asked = [Document(content="a", meta={"n": n}) for n in range(2)]
    first, second = run(quiet(), documents=asked)["documents"]
    assert first.embedding == second.embedding
    first.embedding[0] = 99.0
    assert second.embedding[0] != 99.0


def ranking(**rest: Any) -> dict[str, Any]:
    results = [{"index": i, "relevance_score": s} for i, s in RESULTS]
    return {"json": {"id": "score-1", "model": "qwen3-reranker:4b", "results": results, **rest}}


def test_unsorted_raw_scores(sandbox: Any, run: Any) -> None:
    usage = {"prompt_tokens": 9, "total_tokens": 9}
    backend = {"engine_type": "vllm", "machine_name": "ma01"}
    sandbox.script([ranking(usage=usage, backend=backend)])
    result = run(LLMaaSRanker(), query="q", documents=documents("a", "b", "c"))
    assert [(d.content, d.score) for d in result["documents"]] == [
        ("c", 3.25), ("b", 0.04), ("a", -2.5)]  # fmt: skip
    assert result["meta"].pop("model") == "qwen3-reranker:4b"
    assert result["meta"] == {"usage": usage, "backend": backend, "cost_eur": 12e-6}
    body = sandbox.requests[-1].json
    assert (body["top_n"], body["documents"]) == (10, ["a", "b", "c"])


def test_ranker_uses_version_1_when_the_engine_has_no_version_2(sandbox: Any, run: Any) -> None:
    sandbox.script([{"status": 404, "json": {"detail": "Not Found"}, "path": "/v2/rerank"}])
    result = run(LLMaaSRanker(), query="chat", documents=documents("a", "chat"))
    assert len(result["documents"]) == 2
    assert [request.path for request in sandbox.requests] == ["/v2/rerank", "/v1/rerank"]


def test_old_usage_is_kept(sandbox: Any, run: Any) -> None:
    sandbox.script([ranking(usage={"billed_units": {"search_units": 1}})])
    result = run(LLMaaSRanker(), query="q", documents=documents("a", "b", "c"))
    assert result["meta"]["usage"] == {"billed_units": {"search_units": 1}}


def test_documents_without_text_come_last_and_have_no_score(sandbox: Any, run: Any) -> None:
    """A score of who ranked before is of another scale."""
    asked = [Document(content=None, score=0.99), Document(content="chat", score=0.1)]
    first, last = run(LLMaaSRanker(), query="chat", documents=asked)["documents"]
    assert first.content == "chat"
    assert (last.content, last.score) == (None, None)


def test_ranking_can_be_cut_and_scaled(sandbox: Any, run: Any) -> None:
    asked = documents("a", "b", "c")
    sandbox.script([ranking(), ranking(), ranking()])
    result = run(LLMaaSRanker(score_threshold=0.0), query="q", documents=asked)
    assert [d.content for d in result["documents"]] == ["c", "b"]
    result = run(LLMaaSRanker(scale_score=True), query="q", documents=asked, top_k=1)
    assert [round(d.score, 3) for d in result["documents"]] == [0.963]
    run(LLMaaSRanker(meta_fields_to_embed=["t"]), query="q",
        documents=[Document(content="a", meta={"t": "T"}), *asked[1:]])  # fmt: skip
    assert sandbox.requests[-1].json["documents"][0] == "T\na"
    with pytest.raises(ValueError, match="top_k"):
        run(LLMaaSRanker(), query="q", documents=asked, top_k=0)


def test_no_document_is_dropped_silently(sandbox: Any, run: Any, caplog: Any) -> None:
    asked = [*documents("le chat dort"), Document(content=None, meta={"image": 1})]
    result = run(LLMaaSRanker(), query="chat", documents=asked)
    assert [d.content for d in result["documents"]] == ["le chat dort", None]
    assert "1 documents have no text" in caplog.text
    many = documents(*(f"texte {n}" for n in range(1500)))
    result = run(LLMaaSRanker(top_k=2000), query="texte 7", documents=many)
    assert len(result["documents"]) == 1500
    assert run(LLMaaSRanker(), query="q", documents=[])["documents"] == []


def test_slow_ranker_has_time(sandbox: Any, run: Any) -> None:
    assert LLMaaSRanker()._settings().timeout.read == 600
    sandbox.script([{"delay": 1.0, **ranking()}])
    asked = documents("a", "b", "c")
    with pytest.raises(llmaas.APITimeoutError):
        run(LLMaaSRanker(timeout=0.2, max_retries=0), query="q", documents=asked)


def test_refusals_are_typed_or_retried(sandbox: Any, run: Any) -> None:
    asked = documents("a", "b", "c")
    refused = {"status": 429, "headers": {"retry-after": "0.1"}, "json": {}}
    sandbox.script([refused, ranking()])
    assert run(LLMaaSRanker(), query="q", documents=asked)["documents"][0].content == "c"
    sandbox.script([BLOCKED, HTML])
    with pytest.raises(llmaas.PromptBlockedError):
        run(LLMaaSRanker(max_retries=0), query="q", documents=asked)
    with pytest.raises(llmaas.InternalServerError):
        run(LLMaaSRanker(max_retries=0), query="q", documents=asked)


WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 400


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (ByteStream(b"ID3" + b"\0" * 99, mime_type="audio/mpeg"), b'"audio.mp3"'),
        (ByteStream(b"\0" * 99, mime_type="audio/mp4"), b'"audio.m4a"'),
        (ByteStream(b"\0" * 99, meta={"file_path": "/a/b/c.flac"}), b'"c.flac"'),
        (ByteStream(b"fLaC" + b"\0" * 99), b'"audio.flac"'),
    ],
)
def test_names_by_type(sandbox: Any, run: Any, source: Any, name: bytes) -> None:
    sandbox.script([{"json": {"text": "oui"}}])
    run(LLMaaSTranscriber(), sources=[source])
    assert b"filename=" + name in sandbox.requests[-1].body


def test_segments_language_and_meta_of_ones_own(sandbox: Any, run: Any, tmp_path: Path) -> None:
    segments = [{"id": 0, "start": 0.0, "end": 1.5, "text": "Bon"},
                {"id": 1, "start": 1.5, "end": 2.0, "text": "jour"}]  # fmt: skip
    said = {"json": {"text": "Bonjour", "language": "fr", "segments": segments}}
    sandbox.script([said, said])
    source = ByteStream(WAV, meta={"a": 1}, mime_type="audio/wav")
    (document,) = run(LLMaaSTranscriber(), sources=[source])["documents"]
    assert document.content == "Bonjour"
    assert document.meta == {"a": 1, "model": None, "language": "fr", "segments": segments}
    assert source.meta == {"a": 1}
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)
    first, second = run(LLMaaSTranscriber(segments_as_documents=True), sources=[path])["documents"]
    assert (first.content, second.content) == ("Bon", "jour")
    assert second.meta == {"file_path": str(path), "model": None, "language": "fr",
                           "segment": 1, "start": 1.5, "end": 2.0}  # fmt: skip


def test_transcription_parameters_and_order(sandbox: Any, run: Any) -> None:
    sandbox.script([{"json": {"text": "un"}, "delay": 0.3}, {"json": {"text": "un"}}])
    transcriber = LLMaaSTranscriber(
        language="fr",
        initial_prompt="Cloud Temple",
        task="translate",
        transcription_kwargs={"temperature": 0},
    )
    sources = [ByteStream(WAV, meta={"n": n}, mime_type="audio/wav") for n in range(2)]
    found = run(transcriber, sources=sources)["documents"]
    assert [d.meta["n"] for d in found] == [0, 1]
    body = sandbox.requests[-1].body
    for field in (b"fr", b"Cloud Temple", b"translate", b"\r\n0\r\n"):
        assert field in body


def test_invalid_audio_raises(sandbox: Any, run: Any) -> None:
    with pytest.raises(llmaas.InvalidInputError):
        run(LLMaaSTranscriber(), sources=["nothing-here.mp3"])
    with pytest.raises(llmaas.InvalidInputError):
        run(LLMaaSTranscriber(), sources=[ByteStream(b"")])


def test_embedder_in_successive_loops(sandbox: Any) -> None:
    embedder = quiet(batch_size=1)
    for n in range(3):
        found = asyncio.run(embedder.run_async(documents(f"a{n}", f"b{n}")))
        assert all(d.embedding for d in found["documents"])

"""Many texts in one call: what is refused, repeated or cut off costs the others nothing."""

from __future__ import annotations

from typing import Any

import pytest

import llmaas

M, R = "bge-m3:567m", "qwen3-reranker:4b"
LONG = "mot " * 12_000
TOO_LONG = "This model's maximum context length is 8192 tokens. However, you requested 12002 tokens"


def refusal(status: int, message: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "json": {"error": {"message": message, **more}}}


def vectors(*numbers: float) -> dict[str, Any]:
    data = [{"index": i, "embedding": [n]} for i, n in enumerate(numbers)]
    return {"json": {"data": data, "model": "m", "usage": {"prompt_tokens": 5, "total_tokens": 5}}}


def ranks(*scores: float) -> dict[str, Any]:
    results = [{"index": i, "relevance_score": s} for i, s in enumerate(scores)]
    return {"json": {"results": results, "model": "m", "usage": {"total_tokens": 5}}}


def inputs(sandbox: Any) -> list[str]:
    return [text for request in sandbox.requests for text in request.json["input"]]


def test_equal_texts_are_embedded_once(sandbox: Any, api: Any) -> None:
    told: list[tuple[int, int]] = []
    came: dict[int, Any] = {}
    got = api().do("embed", ["a", "b", "a", "c", "a"], model=M, batch_size=2, concurrency=1,
                   progress=lambda *at: told.append(at),
                   on_batch=lambda at, vs: came.update(enumerate(vs, at)))  # fmt: skip
    assert sorted(inputs(sandbox)) == ["a", "b", "c"]
    assert got.vectors[0] == got.vectors[2] == got.vectors[4] != got.vectors[1]
    assert [came[n] for n in range(5)] == got.vectors
    assert told[-1] == (5, 5)
    got.vectors[0].clear()
    assert got.vectors[2]


def test_refused_text_fails_at_every_place_where_it_stands(sandbox: Any, api: Any) -> None:
    got = api().do("embed", ["a", LONG, "b", LONG], model=M)
    assert [v is None for v in got.vectors] == [False, True, False, True]
    assert list(got.errors) == [1, 3]


@pytest.mark.parametrize("isolate_errors", [True, False])
def test_batch_too_large_is_halved(sandbox: Any, api: Any, isolate_errors: bool) -> None:
    sandbox.script([refusal(413, "batch size 4 > maximum allowed batch size 2")])
    got = api().do("embed", list("abcd"), model=M, isolate_errors=isolate_errors)
    assert None not in got.vectors
    assert [len(r.json["input"]) for r in sandbox.requests] == [4, 2, 2]


def test_error_names_the_text_by_its_place(sandbox: Any, api: Any) -> None:
    texts = [f"t{n}" for n in range(20)]
    texts[13] = LONG
    with pytest.raises(llmaas.ContextOverflowError, match="text 13 of 20: 400: ") as caught:
        api().do("embed", texts, model=M, batch_size=8, concurrency=1, isolate_errors=False)
    assert "Split the text" in (caught.value.hint or "")
    assert "8,192" in (caught.value.hint or "")
    came = [n for n, v in enumerate(caught.value.partial.vectors) if v is not None]
    assert came == list(range(13))
    assert caught.value.partial.cost_micro_eur > 0


def test_vectors_that_were_paid_come_with_the_error(sandbox: Any, api: Any) -> None:
    sandbox.script([vectors(1.0, 2.0), refusal(503, "overloaded")])
    with pytest.raises(llmaas.InternalServerError) as caught:
        api().do("embed", list("abcd"), model=M, batch_size=2, concurrency=1)
    assert caught.value.partial.vectors == [[1.0], [2.0], None, None]
    assert caught.value.partial.usage.prompt_tokens == 5


def test_wrong_parameter_is_not_looked_for_among_the_texts(sandbox: Any, api: Any) -> None:
    sandbox.script([refusal(400, "unknown format", param="encoding_format")])
    with pytest.raises(llmaas.BadRequestError):
        api().do("embed", list("abcd"), model=M)
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_keep_going_stops_when_every_request_would_fail(
    sandbox: Any, api: Any, status: int
) -> None:
    sandbox.script([refusal(status, "no")])
    with pytest.raises(llmaas.errors.APIStatusError):
        api().do(
            "embed", list("abcd"), model=M, batch_size=1, concurrency=1, continue_on_error=True
        )
    assert len(sandbox.requests) == 1


def test_dimensions_are_left_out_when_they_are_the_models_own(sandbox: Any, api: Any) -> None:
    got = api().do("embed", ["a"], model=M, dimensions=1024)
    assert "dimensions" not in sandbox.requests[0].json
    assert len(got.vectors[0]) == 1024
    api().do("embed", ["a"], model="qwen3-embedding:0.6b", dimensions=512)
    assert sandbox.requests[1].json["dimensions"] == 512


@pytest.mark.parametrize(
    ("model", "wanted", "sizes"),
    [(M, 512, "1024"), ("granite-embedding:278m", 1024, "768"),
     ("qwen3-embedding:0.6b", 2560, "1 to 1024"), ("qwen3-embedding:0.6b", 0, "1 to 1024"),
     ("unknown", 0, "1 or more")],
)  # fmt: skip
def test_dimensions_raise_when_the_model_is_known_not_to_support_them(
    sandbox: Any, api: Any, model: str, wanted: int, sizes: str
) -> None:
    expected = f"^dimensions: {model} supports {sizes}, got {wanted}"
    with pytest.raises(llmaas.InvalidInputError, match=expected):
        api().do("embed", ["a"], model=model, dimensions=wanted)
    assert not sandbox.requests


NO_MATRYOSHKA = refusal(400, 'Model "x" does not support matryoshka representation')


def test_dimensions_are_left_out_when_an_unknown_model_refuses_them(sandbox: Any, api: Any) -> None:
    sandbox.script([NO_MATRYOSHKA, vectors(1.0), vectors(2.0)])
    got = api().do("embed", ["a", "b"], model="x", dimensions=1, batch_size=1, concurrency=1)
    assert got.vectors == [[1.0], [2.0]]
    assert ["dimensions" in r.json for r in sandbox.requests] == [True, False, False]


def test_refused_dimensions_raise_when_the_model_has_another_size(sandbox: Any, api: Any) -> None:
    sandbox.script([NO_MATRYOSHKA, vectors(1.0)])
    with pytest.raises(llmaas.BadRequestError, match="matryoshka"):
        api().do("embed", ["a"], model="x", dimensions=7)


def test_one_long_passage_does_not_fail_a_rerank(sandbox: Any, api: Any) -> None:
    documents = ["b", LONG, "a", "cc"]
    sandbox.script([refusal(400, TOO_LONG), ranks(0.1, 0.9), refusal(400, TOO_LONG), ranks(0.5),
                    refusal(400, TOO_LONG)])  # fmt: skip
    got = api().do("rerank", "q", documents, model=R, top_n=2)
    assert [(r.index, r.relevance_score) for r in got.results] == [(2, 0.9), (3, 0.5)]
    assert "document 1 of 4" in str(got.errors[1])
    assert "shorter chunks" in (got.errors[1].hint or "")
    assert (got.documents, got.usage.total_tokens) == (3, 10)


def test_query_too_long_costs_few_requests(sandbox: Any, api: Any) -> None:
    sandbox.script([refusal(400, TOO_LONG)] * 6)
    with pytest.raises(llmaas.ContextOverflowError):
        api().do("rerank", LONG, [f"d{n}" for n in range(16)], model=R)
    assert len(sandbox.requests) == 5


def test_rerank_raises_at_once_when_isolate_is_off(sandbox: Any, api: Any) -> None:
    sandbox.script([refusal(400, TOO_LONG)])
    with pytest.raises(llmaas.ContextOverflowError):
        api().do("rerank", "q", ["a", "b"], model=R, isolate_errors=False)
    assert len(sandbox.requests) == 1


def test_paid_halves_come_with_the_error_of_a_rerank(sandbox: Any, api: Any) -> None:
    sandbox.script([refusal(413, "too many"), ranks(0.5), refusal(503, "overloaded")])
    with pytest.raises(llmaas.InternalServerError) as caught:
        api().do("rerank", "q", ["a", "b"], model=R)
    assert caught.value.partial.cost_micro_eur == 4


@pytest.mark.parametrize("status", [404, 405])
def test_rerank_uses_the_other_path_when_one_is_missing(
    sandbox: Any, api: Any, status: int
) -> None:
    """Servers with a catch-all route for GET answer 405 to any other path."""
    sandbox.script([refusal(status, "no such path"), ranks(0.5), ranks(0.6)])
    client = api()
    client.do("rerank", "q", ["a"], model=R)
    client.do("rerank", "q", ["a"], model=R)
    paths = [request.path for request in sandbox.requests]
    assert paths == ["/v2/rerank", "/v1/rerank", "/v1/rerank"]


def test_rerank_raises_the_first_refusal_when_both_paths_are_missing(
    sandbox: Any, api: Any
) -> None:
    sandbox.script([refusal(404, "no v2"), refusal(404, "no v1")])
    with pytest.raises(llmaas.NotFoundError, match="no v2"):
        api().do("rerank", "q", ["a", "b"], model=R)


def test_catalog_knows_vector_sizes() -> None:
    from llmaas import catalog

    known = [m for m in catalog.all_models() if m.category == "embedding"]
    assert known
    assert all(m.dimensions and m.shortens is not None and m.context for m in known)
    assert catalog.get("gpt-oss:120b").dimensions is None

"""Usage, vectors, scores and images as engines are on record to send them."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from llmaas.wire.embeddings import read_vectors
from llmaas.wire.images import read_images
from llmaas.wire.rerank import read_ranking
from llmaas.wire.usage import parse_input_usage, parse_usage
from tests.helpers.sse import answer, chunk, text


@pytest.mark.parametrize(
    "raw",
    [
        {"prompt_tokens": 10, "completion_tokens": 5},
        {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
        {"prompt_tokens": "10", "completion_tokens": " 5"},
        {"promptTokens": 10, "completionTokens": 5},
        {"prompt_eval_count": 10, "eval_count": 5},
        {"prompt_tokens": 10.0, "completion_tokens": 5, "total_tokens": None},
        {"prompt_tokens": 10, "total_tokens": 15},
        {"completion_tokens": 5, "total_tokens": 15},
        {"prompt_tokens": None, "completion_tokens": 5, "input_tokens": 10},
    ],
)
def test_usage_is_read_under_any_name(raw: Any) -> None:
    usage = parse_usage(raw)
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (10, 5, 15)


@pytest.mark.parametrize(
    "raw",
    [
        {"total_tokens": 15},
        {"prompt_tokens": 10},
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens": "many", "completion_tokens": 5},
        {"prompt_tokens": -1, "completion_tokens": 5},
        {"prompt_tokens": float("nan"), "completion_tokens": float("inf")},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": True, "completion_tokens": True},
        {"speed": 3},
    ],
)
def test_unknown_usage_is_none_and_not_zero(raw: Any) -> None:
    assert parse_usage(raw) is None


@pytest.mark.parametrize("raw", [{"prompt_tokens": 4}, {"total_tokens": 4}, {"input_tokens": "4"}])
def test_usage_of_inputs_needs_no_completion(raw: Any) -> None:
    usage = parse_input_usage(raw)
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (4, 0)


def test_details_are_read_under_both_names() -> None:
    usage = parse_usage(
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "input_tokens_details": {"cached_tokens": 3},
            "output_tokens_details": {"reasoning_tokens": 2},
        }
    )
    assert usage is not None
    assert (usage.cached_tokens, usage.reasoning_tokens) == (3, 2)


def body(*embeddings: Any, indexes: Any = None) -> bytes:
    indexes = range(len(embeddings)) if indexes is None else indexes
    items = [{"index": i, "embedding": e} for i, e in zip(indexes, embeddings, strict=True)]
    return json.dumps({"data": items}).encode()


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize(
    "bad",
    [
        [0.5, None], [NAN, NAN], [0.5], [0.5, INF], [0.5, 0.5, 0.5], [], None, "!!!", {}, 3,
        ["0.5", "0.5"], [[0.5], [0.5]], packed(NAN, 0.5), packed(0.5, -INF), "AAAA", [INF, -INF],
    ],
)  # fmt: skip
def test_a_vector_that_cannot_be_used_is_an_error_for_it_alone(bad: Any, numpy: bool) -> None:
    got = read_vectors(body([0.5, 1.5], bad, [2.5, 3.5]), 3, numpy=numpy)
    assert list(got.errors) == [1]
    assert got.values[1] is None
    assert [list(got.values[0]), list(got.values[2])] == [[0.5, 1.5], [2.5, 3.5]]


@pytest.mark.parametrize("indexes", [[0, 0], [None, None], [9, 9]])
def test_the_position_counts_where_all_indexes_are_equal(indexes: Any) -> None:
    assert read_vectors(body([0.5], [1.5], indexes=indexes), 2, numpy=False).values == [
        [0.5],
        [1.5],
    ]


def test_a_repeated_index_is_an_error_for_both_inputs() -> None:
    got = read_vectors(body([0.5], [1.5], [2.5], indexes=[0, 1, 1]), 3, numpy=False)
    assert sorted(got.errors) == [1, 2]
    assert got.values[0] == [0.5]


def test_vectors_are_read_in_any_order_and_large_numbers_are_no_infinity() -> None:
    got = read_vectors(body([1e308, 1e308], [1, 2], indexes=[1, 0]), 2, numpy=False)
    assert got.values == [[1, 2], [1e308, 1e308]]


@pytest.mark.parametrize("indexes", [["1", "0"], [1.0, 0.0]])
def test_an_index_is_read_when_it_is_text_or_a_float(indexes: Any) -> None:
    got = read_vectors(body([0.5], [1.5], indexes=indexes), 2, numpy=False)
    assert got.values == [[1.5], [0.5]]
    assert [(r.index) for r in ranking((indexes[0], 0.5), documents=2, top_n=1).results] == [1]


@pytest.mark.parametrize("index", [True, "x", 0.5, "-1", -1, 2, [0], {}])
def test_invalid_index_is_refused(index: Any) -> None:
    with pytest.raises(ValueError, match="a vector for input"):
        read_vectors(body([0.5], [1.5], indexes=[0, index]), 2, numpy=False)
    with pytest.raises(ValueError, match="ranks document"):
        ranking((index, 0.5), documents=2)


@pytest.mark.parametrize("shape", ["{}", '{"results": %s}', '{"data": %s}', "%s"])
def test_a_ranking_is_read_where_engines_put_it(shape: str) -> None:
    """vLLM's scores are in data, Text Embeddings Inference answers with the list alone."""
    if "%s" not in shape:
        with pytest.raises(ValueError, match="has no results"):
            read_ranking(shape.encode(), model="m", documents=2)
        return
    entries = '[{"index": 1, "score": 0.9}, {"index": 0, "score": 0.5}]'
    got = read_ranking((shape % entries).encode(), model="m", documents=2)
    assert [(r.index, r.relevance_score) for r in got.results] == [(1, 0.9), (0, 0.5)]


@pytest.mark.parametrize("entry", [None, 3, "x", []])
def test_a_result_that_is_not_an_object_is_refused(entry: Any) -> None:
    with pytest.raises(ValueError, match="must be an object"):
        read_ranking(json.dumps({"results": [entry]}).encode(), model="m", documents=1)


def test_a_nested_vector_is_read() -> None:
    assert read_vectors(body([[0.5, 1.5]]), 1, numpy=False).values == [[0.5, 1.5]]


def ranking(*scores: Any, documents: int = 3, top_n: int | None = None) -> Any:
    results = [{"index": i, "relevance_score": score} for i, score in scores]
    data = json.dumps({"results": results}).encode()
    return read_ranking(data, model="m", documents=documents, top_n=top_n)


@pytest.mark.parametrize("bad", [None, NAN, INF, "high", True])
def test_a_score_that_is_not_a_number_is_an_error_for_its_document(bad: Any) -> None:
    got = ranking((0, 0.5), (1, bad), (2, "0.7"))
    assert [(r.index, r.relevance_score) for r in got.results] == [(2, 0.7), (0, 0.5)]
    assert list(got.errors) == [1]


def test_document_without_result_is_an_error_unless_top_n_is_set() -> None:
    assert list(ranking((0, 0.5), (2, 0.1)).errors) == [1]
    assert not ranking((0, 0.5), (2, 0.1), top_n=2).errors


def test_a_document_that_is_ranked_twice_counts_once() -> None:
    got = ranking((0, 0.1), (0, 0.9), (1, 0.5), documents=2)
    assert [(r.index, r.relevance_score) for r in got.results] == [(0, 0.9), (1, 0.5)]


def test_a_ranking_without_any_score_is_no_answer() -> None:
    with pytest.raises(ValueError, match="no document"):
        ranking((0, None))


PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(33))
PLAIN = base64.b64encode(PICTURE).decode()


@pytest.mark.parametrize(
    "entry",
    [
        {"b64_json": PLAIN},
        {"b64_json": f"data:image/jpeg;base64,{PLAIN}"},
        {"b64_json": PLAIN.rstrip("=")},
        {"b64_json": "\n".join((PLAIN[:20], PLAIN[20:]))},
        {"b64_json": base64.urlsafe_b64encode(PICTURE).decode()},
        {"url": f"data:image/jpeg;base64,{PLAIN}"},
    ],
)
def test_an_image_is_read_in_any_base64(entry: Any) -> None:
    (image,) = read_images(json.dumps({"data": [entry]}).encode())
    assert (image.data, image.url) == (PICTURE, None)


@pytest.mark.parametrize("text", ["!!!", "data:image/png,abc", "A", "====", 3, "", None])
def test_an_image_that_is_not_base64_is_no_answer(text: Any) -> None:
    with pytest.raises(ValueError, match="image"):
        read_images(json.dumps({"data": [{"b64_json": text}]}).encode())


BAD: list[Any] = [
    {"b64_json": "!!!"},
    {"b64_json": None},
    {"b64_json": "data:image/png,abc"},
    {"url": ""},
    {"error": {"message": "blocked"}},
    {"error": "blocked"},
    None,
    "x",
    {},
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_image_of_several_is_an_error_alone_when_it_cannot_be_read(bad: Any, at: int) -> None:
    entries: list[Any] = [{"b64_json": PLAIN}, {"url": "https://x/y.png"}]
    entries.insert(at, bad)
    images = read_images(json.dumps({"data": entries}).encode())
    assert [image.error is None for image in images] == [index != at for index in range(3)]
    assert (images[at].data, images[at].url) == (None, None)
    assert "image" in str(images[at].error)
    assert [image.data for image in images if image.data] == [PICTURE]


def test_an_address_instead_of_base64_is_the_url() -> None:
    (image,) = read_images(b'{"data": [{"b64_json": "https://x/y.png"}]}')
    assert (image.data, image.url) == (None, "https://x/y.png")


@pytest.mark.parametrize(
    "usage",
    [
        {"inputTokens": 3, "outputTokens": 5},
        {"promptTokenCount": 3, "candidatesTokenCount": 5},
        {"promptTokens": 3, "totalTokens": 8},
        {"input_tokens": "3", "totalTokenCount": 8},
    ],
)
def test_usage_under_names_of_gateways_is_read(usage: Any) -> None:
    read = parse_usage(usage)
    assert read is not None
    assert (read.prompt_tokens, read.completion_tokens, read.total_tokens) == (3, 5, 8)


USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


@pytest.mark.parametrize("last", [dict.fromkeys(USAGE, 0), {"total_tokens": 0}, {}, None])
def test_usage_is_kept_when_zeros_follow(last: Any) -> None:
    got = answer(*text("Oui")[:-1], chunk({}, "stop", usage=USAGE), {"choices": [], "usage": last})
    assert got.usage is not None
    assert got.usage.total_tokens == 8


def test_usage_inside_the_last_choice_is_read() -> None:
    choice = {"index": 0, "delta": {"content": "Oui"}, "finish_reason": "stop", "usage": USAGE}
    got = answer({"id": "x", "choices": [choice]})
    assert got.usage is not None
    assert got.usage.total_tokens == 8

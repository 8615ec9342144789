"""Requests of a client with a profile: nothing that the service was measured to refuse is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import llmaas
from llmaas.catalog import ModelProfile, Profile
from llmaas.warnings import IgnoredOptionWarning
from tests.helpers.servers.fake_engine import Engine, engine

MODEL = "gpt-oss:120b"
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("add", "sub")
]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for engines, which take any."""
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-engine")


def profile(model: str = MODEL, **facts: Any) -> Profile:
    return Profile(
        measured="2026-11-30",  # type: ignore[arg-type]
        address="127.0.0.1",
        models={model: ModelProfile(**facts)},
    )


@pytest.fixture
def served() -> Iterator[Engine]:
    with engine(_answer) as running:
        yield running


def _answer(body: dict[str, Any]) -> Any:
    if "documents" in body:
        return _raw({"results": [{"index": i, "relevance_score": len(text)}
                                 for i, text in enumerate(body["documents"])]})  # fmt: skip
    if "input" in body:
        vector = [0.5] * body.get("dimensions", 4)
        data = [{"index": i, "embedding": vector} for i in range(len(body["input"]))]
        return _raw({"data": data, "model": "e"})
    return {"content": '{"n": 1}'}


def _raw(body: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode()


@pytest.fixture
def chat(api: Any, served: Engine) -> Any:
    """Send a chat; return the answer and the last body that was sent."""

    def send(measured: Profile | None, **options: Any) -> tuple[llmaas.Completion, dict[str, Any]]:
        client = api(base_url=served.base_url, profile=measured)
        answer = client.do("chat", "Hi", **{"model": MODEL, **options})
        return answer, served.bodies[-1]

    return send


def test_refused_parameter_is_left_out_with_a_note(chat: Any) -> None:
    measured = profile(parameters={"seed": "refused", "stop": "honored"})
    with pytest.warns(IgnoredOptionWarning, match=r"refuses the parameter seed.*2026-11-30"):
        answer, body = chat(measured, seed=1, stop=["x"])
    assert "seed" not in body
    assert body["stop"] == ["x"]
    assert [note.kind for note in answer.adjustments] == ["profile"]


def test_ignored_parameter_is_sent_with_a_note(chat: Any) -> None:
    answer, body = chat(profile(parameters={"seed": "ignored"}), seed=1)
    assert body["seed"] == 1
    assert "ignores the parameter seed" in answer.adjustments[0].detail


def test_refused_parameter_is_an_error_when_strict(chat: Any, served: Engine) -> None:
    measured = profile(parameters={"seed": "refused"})
    with pytest.raises(llmaas.InvalidInputError, match=r"^seed: gpt-oss:120b refuses"):
        chat(measured, seed=1, strict=True)
    assert not served.bodies


def test_refused_parameter_is_sent_when_the_caller_insists(chat: Any) -> None:
    measured = profile(parameters={"seed": "refused"})
    assert chat(measured, extra_body={"seed": 1})[1]["seed"] == 1
    assert chat(measured, seed=1, conform=False)[1]["seed"] == 1


def test_stream_options_are_left_out_silently_when_refused(api: Any, served: Engine) -> None:
    measured = profile(parameters={"stream_options": "refused"})
    client = api(base_url=served.base_url, profile=measured)
    done = client.events("Hi", model=MODEL)[-1]
    assert done.completion.adjustments == ()
    assert "stream_options" not in served.bodies[-1]


def test_tools_are_an_error_when_the_model_refuses_them(chat: Any, served: Engine) -> None:
    with pytest.raises(llmaas.InvalidInputError, match="does not accept tools, as measured on"):
        chat(profile(tools=False), tools=TOOLS)
    assert not served.bodies


@pytest.mark.parametrize(
    ("verdicts", "choice", "sent", "names"),
    [
        ({"named": "refused", "required": "honored"}, "add", "required", ["add"]),
        ({"required": "refused", "auto": "honored"}, "required", "auto", ["add", "sub"]),
        ({"none": "refused"}, "none", None, None),
        ({"none": "ignored"}, "none", "none", ["add", "sub"]),
        ({}, "required", "required", ["add", "sub"]),
    ],
)
def test_refused_tool_choice_is_replaced_by_one_of_the_same_effect(
    chat: Any, verdicts: dict[str, str], choice: str, sent: Any, names: Any
) -> None:
    _, body = chat(profile(tool_choices=verdicts), tools=TOOLS, tool_choice=choice)
    assert body.get("tool_choice") == sent
    assert [tool["function"]["name"] for tool in body.get("tools", [])] == (names or [])


@pytest.mark.parametrize("verdict", ["refused", "ignored"])
@pytest.mark.parametrize("with_tools", [False, True])
def test_schema_is_sent_in_words_when_the_format_has_no_effect(
    chat: Any, served: Engine, verdict: str, with_tools: bool
) -> None:
    measured = profile(response_formats={"json_schema": verdict})
    tools = {"tools": TOOLS} if with_tools else {}
    answer, body = chat(measured, response_format=SCHEMA, **tools)
    assert answer.parsed == {"n": 1}
    assert "response_format" not in body
    words = body["messages"][0]["content"]
    assert "JSON schema" in words
    assert ("Call tools" in words) is with_tools
    assert len(served.bodies) == 1


def test_schema_is_sent_when_it_is_honored_or_unknown(chat: Any) -> None:
    for measured in (None, profile(), profile(response_formats={"json_schema": "honored"})):
        assert "response_format" in chat(measured, response_format=SCHEMA)[1]


def test_embedding_batches_have_the_measured_size(api: Any, served: Engine) -> None:
    measured = profile("e", embedding_batch_limit=2, accepts_base64=False)
    client = api(base_url=served.base_url, profile=measured)
    client.do("embed", list("abcde"), model="e", encoding_format="base64")
    assert sorted(len(body["input"]) for body in served.bodies) == [1, 2, 2]
    assert {body["encoding_format"] for body in served.bodies} == {"float"}


def test_dimensions_are_checked_when_they_were_measured(api: Any, served: Engine) -> None:
    measured = profile(
        "e", embedding_dimensions=4, accepts_dimensions=True, shorter_dimensions=(2,)
    )
    client = api(base_url=served.base_url, profile=measured)
    client.do("embed", ["a"], model="e", dimensions=4)
    assert "dimensions" not in served.bodies[-1]
    client.do("embed", ["a"], model="e", dimensions=2)
    assert served.bodies[-1]["dimensions"] == 2
    with pytest.raises(llmaas.InvalidInputError, match="dimensions: e supports 2, 4, got 3"):
        client.do("embed", ["a"], model="e", dimensions=3)
    fixed = profile("e", embedding_dimensions=4, accepts_dimensions=False)
    with pytest.raises(llmaas.InvalidInputError, match="dimensions: e supports 4, got 2"):
        api(base_url=served.base_url, profile=fixed).do("embed", ["a"], model="e", dimensions=2)
    assert len(served.bodies) == 2


def test_dimensions_are_sent_when_a_profile_contradicts_the_catalog(
    api: Any, served: Engine
) -> None:
    measured = profile("bge-m3:567m", accepts_dimensions=True)
    client = api(base_url=served.base_url, profile=measured)
    client.do("embed", ["a"], model="bge-m3:567m", dimensions=512)
    assert served.bodies[-1]["dimensions"] == 512
    other = api(base_url=served.base_url, profile=profile("bge-m3:567m"))
    with pytest.raises(llmaas.InvalidInputError, match="supports 1024, got 512"):
        other.do("embed", ["a"], model="bge-m3:567m", dimensions=512)


def test_documents_are_ranked_in_requests_of_the_measured_size(api: Any, served: Engine) -> None:
    measured = profile("r", rerank_document_limit=2)
    client = api(base_url=served.base_url, profile=measured)
    ranking = client.do("rerank", "q", ["a", "bbb", "cc", "dddd", "eeeee"], model="r")
    assert [result.index for result in ranking.results] == [4, 3, 1, 2, 0]
    assert max(len(body["documents"]) for body in served.bodies) == 2


def test_rerank_uses_the_only_path_that_exists(api: Any, served: Engine) -> None:
    measured = Profile(
        measured="2026-11-30",  # type: ignore[arg-type]
        address="h",
        rerank_path="/v1/rerank",
    )
    api(base_url=served.base_url, profile=measured).do("rerank", "q", ["a"], model="r")
    api(base_url=served.base_url).do("rerank", "q", ["a"], model="r")
    assert served.paths == ["/v1/rerank", "/v2/rerank"]


def test_rate_limits_are_read_from_the_measured_headers(sandbox: Any, api: Any) -> None:
    headers = {"ratelimit-limit": "60", "ratelimit-remaining": "59", "ratelimit-reset": "7"}
    body = {"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}
    measured = Profile(
        measured="2026-11-30",  # type: ignore[arg-type]
        address="h",
        rate_limit_headers=tuple(headers),
    )
    sandbox.script([{"json": body, "headers": headers}] * 2)
    limit = api(profile=measured).do("chat", "Hi", model=MODEL).rate_limit
    assert limit == llmaas.RateLimit(60, 59, 7.0)
    assert api().do("chat", "Hi", model=MODEL).rate_limit != limit

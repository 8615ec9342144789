"""Sandboxes started from a profile: they behave as the measured service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from llmaas.catalog import Profile
from llmaas_sandbox import Sandbox
from llmaas_sandbox.cli.options import build_parser

HEAD: dict[str, Any] = {"version": 1, "measured": "2026-11-30", "address": "127.0.0.1"}
USER = [{"role": "user", "content": "Hi"}]
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "n", "schema": {"type": "object", "properties": {}}},
}
Post = Callable[..., httpx.Response]


@pytest.fixture
def serve() -> Iterator[Callable[..., Post]]:
    """Start a sandbox with facts of the service and of the model ``m``."""
    with ExitStack() as stack:

        def start(model: dict[str, Any] | None = None, **facts: Any) -> Post:
            models = {"m": model} if model is not None else {}
            box = stack.enter_context(Sandbox(profile={**HEAD, "models": models, **facts}))
            client = stack.enter_context(httpx.Client(base_url=box.root_url, timeout=30))

            def post(path: str = "/v1/chat/completions", **body: Any) -> httpx.Response:
                key = body.pop("key", box.api_key)
                headers = {"authorization": f"Bearer {key}"}
                if path == "/v1/models":
                    return client.get(path, headers=headers)
                if "chat" in path:
                    body = {"messages": USER, **body}
                return client.post(path, json={"model": "m", **body}, headers=headers)

            return post

        yield start


def message_of(response: httpx.Response) -> str:
    return str(response.json()["error"]["message"])


def test_models_are_those_of_the_profile(serve: Any) -> None:
    post = serve({"aliases": ["n"], "context_window": 512})
    listed = post("/v1/models").json()["data"]
    assert [(row["id"], row["aliases"], row["max_model_len"]) for row in listed] == [
        ("m", ["m", "n"], 512)
    ]
    assert post(model="n").status_code == 200
    assert post(model="gpt-oss:120b").status_code == 404


def test_models_are_those_of_the_catalog_when_none_was_measured(serve: Any) -> None:
    assert serve(retry_after=True)(model="gpt-oss:120b").status_code == 200


def test_window_and_output_limit_refuse_larger_requests(serve: Any) -> None:
    post = serve({"context_window": 512, "max_output_tokens": 400})
    assert "max_model_len=512" in message_of(post(max_tokens=1000))
    assert "at most 400 completion tokens" in message_of(post(max_tokens=500))
    assert post(max_tokens=400).status_code == 200
    long = [{"role": "user", "content": "word " * 200}]
    assert "maximum context length is 512" in message_of(post(messages=long, max_tokens=400))


def test_prompt_and_output_may_exceed_the_window_when_the_service_cuts(serve: Any) -> None:
    post = serve({"context_window": 512}, limits_prompt_plus_output=False)
    long = [{"role": "user", "content": "word " * 200}]
    assert post(messages=long, max_tokens=400).status_code == 200
    assert post(messages=long * 3, max_tokens=1).status_code == 400


@pytest.mark.parametrize(
    ("rules", "messages"),
    [
        ({"alternates": True}, [*USER, *USER]),
        ({"system": "first"}, [*USER, {"role": "system", "content": "S"}, *USER]),
        ({"system": "user"}, [{"role": "system", "content": "S"}, *USER]),
        ({"needs_user": True}, [{"role": "assistant", "content": "A"}]),
        ({"begins_with_user": True}, [{"role": "assistant", "content": "A"}, *USER]),
        ({"ends_with_input": True}, [*USER, {"role": "assistant", "content": "A"}]),
        ({"text_parts": False}, [{"role": "user", "content": [{"type": "text", "text": "A"}]}]),
        ({"extra_fields": False}, [{"role": "user", "content": "A", "name": "bob"}]),
    ],
)
def test_conversation_rules_refuse_what_breaks_them(
    serve: Any, rules: dict[str, Any], messages: list[Any]
) -> None:
    assert serve({"conversation_rules": rules})(messages=messages).status_code == 400
    assert serve({})(messages=messages).status_code == 200


def call(call_id: str, count: int = 1, name: str = "add") -> list[Any]:
    calls = [
        {
            "id": f"{call_id}{n or ''}",
            "type": "function",
            "function": {"name": name, "arguments": "{}"},
        }
        for n in range(count)
    ]
    results = [{"role": "tool", "tool_call_id": each["id"], "content": "1"} for each in calls]
    return [*USER, {"role": "assistant", "content": None, "tool_calls": calls}, *results]


@pytest.mark.parametrize(
    ("rules", "messages"),
    [
        ({"short_ids": True}, call("call_1")),
        ({"parallel_calls": False}, call("call_1", 2)),
        ({"plain_names": True}, call("call_1", name="a.b")),
        ({"tools": False}, call("call_1")),
    ],
)
def test_conversation_rules_refuse_calls_that_break_them(
    serve: Any, rules: dict[str, Any], messages: list[Any]
) -> None:
    assert serve({"conversation_rules": rules})(messages=messages).status_code == 400
    assert serve({})(messages=messages).status_code == 200


def test_short_ids_are_those_of_the_calls(serve: Any) -> None:
    post = serve({"conversation_rules": {"short_ids": True}})
    answer = post(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "add"}})
    (made,) = answer.json()["choices"][0]["message"]["tool_calls"]
    assert len(made["id"]) == 9


def test_refused_parameters_are_errors_and_ignored_ones_are_not(serve: Any) -> None:
    post = serve({"parameters": {"seed": "refused", "n": "ignored"}})
    assert post(seed=1).json()["error"]["param"] == "seed"
    assert len(post(n=2).json()["choices"]) == 1


def test_response_formats_are_honored_ignored_or_refused(serve: Any) -> None:
    def content(verdict: str) -> Any:
        answer = serve({"response_formats": {"json_schema": verdict}})(response_format=SCHEMA)
        body = answer.json()
        return body["choices"][0]["message"]["content"] if answer.is_success else body["error"]

    assert json.loads(content("honored")) == {}
    assert not content("ignored").startswith("{")
    assert content("refused")["param"] == "response_format"


@pytest.mark.parametrize("form", ["none", "auto", "required", "named"])
def test_tool_choices_are_refused_by_form(serve: Any, form: str) -> None:
    named = {"type": "function", "function": {"name": "add"}}
    post = serve({"tool_choices": {form: "refused"}})
    for other in ("none", "auto", "required", "named"):
        answer = post(tools=[TOOL], tool_choice=named if other == "named" else other)
        assert answer.status_code == (400 if other == form else 200)


def test_tools_are_refused_when_the_model_does_not_accept_them(serve: Any) -> None:
    assert serve({"tools": False})(tools=[TOOL]).json()["error"]["param"] == "tools"


@pytest.mark.parametrize(
    ("where", "key"),
    [("reasoning", "reasoning"), ("reasoning_content", "reasoning_content"), ("none", None)],
)
def test_reasoning_is_in_the_measured_field(serve: Any, where: str, key: str | None) -> None:
    message = serve({"reasoning_field": where})().json()["choices"][0]["message"]
    found = [name for name in ("reasoning", "reasoning_content") if message.get(name)]
    assert found == ([key] if key else [])


def test_reasoning_is_inside_the_content_when_measured_so(serve: Any) -> None:
    message = serve({"reasoning_field": "content"})().json()["choices"][0]["message"]
    assert message["content"].startswith("<think>")


@pytest.mark.parametrize(
    ("switch", "fields"),
    [
        ("enable_thinking", {"enable_thinking": False}),
        ("chat_template_kwargs.thinking", {"chat_template_kwargs": {"thinking": False}}),
        ("reasoning_effort", {"reasoning_effort": "none"}),
    ],
)
def test_only_the_measured_switch_turns_reasoning_off(
    serve: Any, switch: str, fields: dict[str, Any]
) -> None:
    post = serve({"reasoning_field": "reasoning", "reasoning_switch": switch})

    def reasons(**body: Any) -> bool:
        return bool(post(**body).json()["choices"][0]["message"].get("reasoning"))

    assert not reasons(**fields)
    assert reasons()
    assert reasons(chat_template_kwargs={"enable_thinking": False})


def test_embeddings_have_the_measured_size_and_limits(serve: Any) -> None:
    post = serve({"embedding_dimensions": 64, "shorter_dimensions": [16, 32],
                  "embedding_batch_limit": 2, "context_window": 20})  # fmt: skip

    def embed(**body: Any) -> httpx.Response:
        answer: httpx.Response = post("/v1/embeddings", **{"input": ["a"], **body})
        return answer

    assert len(embed().json()["data"][0]["embedding"]) == 64
    assert len(embed(dimensions=16).json()["data"][0]["embedding"]) == 16
    assert "[16, 32], got 17" in message_of(embed(dimensions=17))
    assert "at most 2" in message_of(embed(input=["a"] * 3))
    assert "maximum context length is 20" in message_of(embed(input="word " * 50))
    assert embed(input=[1, 2]).status_code == 400


def test_embeddings_accept_token_arrays_when_measured_so(serve: Any) -> None:
    post = serve({"embedding_dimensions": 8, "accepts_token_arrays": True,
                  "accepts_base64": False, "accepts_dimensions": False})  # fmt: skip
    body = {"input": [[1, 2], [3]], "encoding_format": "base64"}
    data = post("/v1/embeddings", **body).json()["data"]
    assert [len(row["embedding"]) for row in data] == [8, 8]
    assert post("/v1/embeddings", input="a", dimensions=4).status_code == 400


def test_rerank_has_the_measured_path_scores_and_limit(serve: Any) -> None:
    post = serve({"category": "rerank", "rerank_document_limit": 2},
                 rerank_path="/v1/rerank", rerank_scores="unit_interval")  # fmt: skip
    body = {"query": "cat", "documents": ["a cat", "a dog"]}
    assert all(0 <= r["relevance_score"] <= 1 for r in post("/v1/rerank", **body).json()["results"])
    assert post("/v2/rerank", **body).status_code == 404
    assert post("/v1/rerank", query="cat", documents=["a"] * 3).status_code == 400


def test_headers_are_the_measured_ones(serve: Any) -> None:
    names = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
    headers = serve({}, rate_limit_headers=names)().headers
    assert headers["ratelimit-limit"] == "1000"
    assert headers["ratelimit-remaining"] == "999"
    assert "x-ratelimit-limit-requests" not in headers
    assert not [n for n in serve({}, rate_limit_headers=[])().headers if "ratelimit" in n]


def test_errors_have_the_measured_status_type_and_format(serve: Any) -> None:
    post = serve({}, model_name_error=400, key_error_type="invalid_request_error")
    assert post(model="x").status_code == 400
    assert post(key="sk-wrong").json()["error"]["type"] == "invalid_request_error"
    assert serve({}, error_format="detail")(seed="x").json() == {
        "detail": "Input should be a valid integer"
    }
    assert serve({}, error_format="text")(n=0).json()["error"].startswith("Invalid parameter 'n'")
    assert serve({}, error_format="integer_code")(n=0).json()["error"]["code"] == 400
    assert serve({}, key_error_type="text")(key="sk-wrong").json() == {"error": "Unauthorized"}


def test_retry_after_is_sent_when_measured(serve: Any) -> None:
    def limited(**facts: Any) -> httpx.Headers:
        with Sandbox(profile={**HEAD, **facts}, faults="status:429") as box:
            headers = {"authorization": f"Bearer {box.api_key}"}
            body = {"model": "gpt-oss:120b", "messages": USER}
            url = f"{box.base_url}/chat/completions"
            return httpx.post(url, json=body, headers=headers).headers

    assert limited(retry_after=True)["retry-after"] == "1"
    assert "retry-after" not in limited(retry_after=False)


def test_usage_of_streams_is_as_measured(serve: Any) -> None:
    def has_usage(post: Post, **options: Any) -> bool:
        return '"usage":{' in post(stream=True, **options).text.replace(" ", "")

    on = {"stream_options": {"include_usage": True}}
    asked = serve({}, usage_without_options=False, usage_with_options=True)
    assert (has_usage(asked), has_usage(asked, **on)) == (False, True)
    always = serve({}, usage_without_options=True, engine="vllm 0.32.0", adds_backend=True)
    assert has_usage(always)
    never = serve({}, usage_without_options=False, usage_with_options=False)
    assert (has_usage(never), has_usage(never, **on)) == (False, False)


def test_backend_is_left_out_when_the_service_adds_none(serve: Any) -> None:
    assert "backend" in serve({})().json()
    post = serve({}, adds_backend=False)
    assert "backend" not in post().json()
    assert '"backend"' not in post(stream=True).text


def test_engine_of_the_profile_is_emulated(serve: Any) -> None:
    body = serve({}, engine="vllm 0.32.0")().json()
    assert body["system_fingerprint"].startswith("vllm")
    assert body["model"] == "m"


def test_batches_are_refused_when_the_service_has_none(serve: Any) -> None:
    path = "/v1/chat/completions/batch"
    assert serve({}, batches=False)(path, messages=[USER]).status_code == 501
    assert serve({})(path, messages=[USER]).status_code == 202


def test_profile_of_the_client_and_its_file_are_accepted(tmp_path: Path) -> None:
    profile = Profile.from_dict({**HEAD, "models": {"m": {"context_window": 512}}})
    path = tmp_path / "profile.json"
    profile.write(path)
    assert build_parser().parse_args(["--profile", str(path)]).profile == path
    for source in (profile, path, str(path)):
        with Sandbox(profile=source) as box:
            assert box.state.profile is not None
            assert box.state.profile.models["m"].context == 512


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ("[]", "must contain an object, got list"),
        ('{"version": "x"}', "version must be an integer >= 1, got 'x'"),
        ('{"models": {"m": 1}}', "models must be an object of objects"),
    ],
)
def test_profile_error_names_the_file(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "bad.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=r"bad\.json") as caught:
        Sandbox(profile=path)
    assert words in str(caught.value)

"""Engines behind the service: their answers, streams and errors, as recorded from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

CHAT = "/v1/chat/completions"
THINKER = "qwen3.6:27b"
VLLM = "engine:vllm"
QUESTION = "What is the weather in Paris?"


def choice(heard: Any) -> dict[str, Any]:
    found: dict[str, Any] = heard.json["choices"][0]
    return found


def named(tool: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": tool["function"]["name"]}}


@pytest.mark.parametrize(
    "how",
    [
        {"faults": VLLM},
        {"model": "sandbox/engine:vllm"},
        {"headers": {"x-sandbox-dialect": VLLM}},
    ],
)
def test_engine_is_chosen_by_header_or_model(ask: Any, how: dict[str, Any]) -> None:
    body = {"model": how.pop("model", THINKER), "messages": [{"role": "user", "content": "x"}]}
    heard = ask(CHAT, body, **how)
    assert heard.json["system_fingerprint"].startswith("vllm-")
    assert "backend" not in heard.json
    assert "x-ratelimit-limit-requests" not in heard.headers


def test_unknown_engine_is_refused(chat: Any) -> None:
    heard = chat("x", faults="engine:tgi")
    assert heard.status == 400
    assert "known: vllm, llama.cpp, ollama" in heard.json["error"]["message"]


def test_vllm_writes_every_field_when_the_answer_is_whole(chat: Any) -> None:
    heard = chat('Say "a"', faults=VLLM, model=THINKER)
    message = choice(heard)["message"]
    assert list(message) == [
        *("role", "content", "refusal", "annotations", "audio", "function_call", "reasoning"),
    ]
    assert heard.json["model"] == THINKER
    assert heard.json["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert "reasoning_tokens" not in heard.json["usage"]


def test_vllm_finishes_on_the_last_text(chat: Any) -> None:
    heard = chat('Say "one two"', faults=VLLM, model=THINKER, stream=True)
    last = heard.chunks[-1]["choices"][0]
    assert (last["delta"], last["finish_reason"]) == ({"content": "two"}, "stop")
    assert heard.said() == "one two"


def test_vllm_sends_usage_on_request_only(chat: Any) -> None:
    asked = {"faults": VLLM, "stream": True}
    assert not any("usage" in chunk for chunk in chat("x", **asked).chunks)
    once = chat("x", **asked, stream_options={"include_usage": True}).chunks
    assert [i for i, chunk in enumerate(once) if chunk.get("usage")] == [len(once) - 1]
    running = {"include_usage": True, "continuous_usage_stats": True}
    every = chat("x", **asked, stream_options=running).chunks
    assert all(chunk.get("usage") for chunk in every)


def test_vllm_begins_a_call_with_its_name_alone(chat: Any, weather: Any) -> None:
    heard = chat(QUESTION, faults=VLLM, tools=[weather], stream=True, model="qwen-coder-next:80b")
    deltas = [c["choices"][0]["delta"] for c in heard.chunks if c.get("choices")]
    first, *rest = [d for d in deltas if d.get("tool_calls")]
    assert first["content"] is None
    assert "arguments" not in first["tool_calls"][0]["function"]
    assert first["tool_calls"][0]["function"]["name"] == "get_weather"
    text = "".join(d["tool_calls"][0]["function"]["arguments"] for d in rest)
    assert json.loads(text) == {"city": "Paris"}
    assert heard.finish_reasons == ["tool_calls"]


@pytest.mark.parametrize("stream", [False, True])
def test_vllm_stops_after_a_named_call(chat: Any, weather: Any, stream: bool) -> None:
    heard = chat(QUESTION, faults=VLLM, tools=[weather], tool_choice=named(weather), stream=stream)
    if stream:
        assert heard.finish_reasons == ["stop"]
        return
    assert choice(heard)["finish_reason"] == "stop"
    assert choice(heard)["message"]["content"] == ""
    assert choice(heard)["message"]["tool_calls"]


def test_cut_call_is_closed_and_looks_complete(chat: Any, weather: Any) -> None:
    """Recorded with the parser qwen3_coder: only the spent budget tells that it was cut."""
    asked = {"faults": "cut-call-closed", "tools": [weather], "max_tokens": 2}
    whole = choice(chat(QUESTION, **asked))
    assert whole["finish_reason"] == "tool_calls"
    assert whole["message"]["tool_calls"][0]["function"]["arguments"] == "{}"
    forced = choice(chat(QUESTION, **asked, tool_choice="required"))
    assert forced["finish_reason"] == "length"
    assert chat(QUESTION, **asked, stream=True).finish_reasons == ["length"]


@pytest.mark.parametrize("stream", [False, True])
def test_calls_are_missing_though_announced(chat: Any, weather: Any, stream: bool) -> None:
    heard = chat(
        QUESTION, faults="calls-missing", tools=[weather], tool_choice="required", stream=stream
    )
    assert b'"tool_calls":[' not in heard.body
    assert b'"finish_reason":"tool_calls"' in heard.body


def test_vllm_errors_have_four_keys_and_an_integer(chat: Any) -> None:
    heard = chat("x", faults=VLLM, temperature=5)
    assert set(heard.json["error"]) == {"message", "type", "param", "code"}
    assert heard.json["error"]["type"] == "BadRequestError"
    assert heard.json["error"]["code"] == 400


def test_vllm_refuses_wrong_types_as_pydantic_does(chat: Any) -> None:
    told = chat("x", faults=VLLM, temperature="hot").json["error"]
    assert (told["type"], told["param"], told["code"]) == ("Bad Request", "body.temperature", 400)
    assert told["message"].startswith("1 validation error:\n  {'type': 'float_parsing'")


def test_vllm_refuses_keys_with_a_string(ask: Any) -> None:
    heard = ask(CHAT, {"model": THINKER}, key="wrong", faults=VLLM)
    assert (heard.status, heard.json) == (401, {"error": "Unauthorized"})


def test_vllm_knows_no_such_path(ask: Any) -> None:
    assert ask("/v1/nothing", faults=VLLM).json == {"detail": "Not Found"}
    assert ask(CHAT, faults=VLLM, method="GET").json == {"detail": "Method Not Allowed"}


@pytest.mark.parametrize("faults", [None, VLLM])
def test_service_and_vllm_know_seven_efforts(chat: Any, faults: Any) -> None:
    heard = chat("x", faults=faults, reasoning_effort="extreme")
    assert heard.status == 400
    assert "Input should be 'none'" in heard.json["error"]["message"]
    assert chat("x", faults="engine:llama.cpp", reasoning_effort="extreme").status == 200


def test_vllm_ignores_the_thinking_switch_on_top(chat: Any) -> None:
    asked = {"model": THINKER, "faults": VLLM}
    assert choice(chat("x", **asked, enable_thinking=False))["message"]["reasoning"]
    for off in (
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"reasoning_effort": "none"},
    ):
        assert choice(chat("x", **asked, **off))["message"]["reasoning"] is None


def test_error_follows_the_role_when_the_engine_dies(chat: Any) -> None:
    heard = chat("x", faults="error-after-role", stream=True)
    role, failure, end = heard.events
    assert role["choices"][0]["delta"]["role"] == "assistant"
    assert failure["error"]["type"] == "InternalServerError"
    assert end == "[DONE]"
    assert heard.end == "complete"


def test_llama_cpp_answers_in_its_own_way(chat: Any) -> None:
    heard = chat('Say "a"', faults="engine:llama.cpp", model="gpt-oss:120b")
    assert choice(heard)["message"]["reasoning_content"]
    assert heard.json["timings"]["predicted_n"] > 0
    refused = chat("x", faults="engine:llama.cpp", temperature=5).json["error"]
    assert (refused["code"], refused["type"]) == (400, "invalid_request_error")
    stream = chat('Say "a"', faults="engine:llama.cpp", stream=True).chunks
    assert stream[0]["choices"][0]["delta"] == {"role": "assistant", "content": None}
    assert stream[-1]["choices"][0]["delta"] == {}


def test_ollama_answers_in_its_own_way(chat: Any, weather: Any) -> None:
    heard = chat(QUESTION, faults="engine:ollama", tools=[weather])
    assert heard.json["system_fingerprint"] == "fp_ollama"
    assert choice(heard)["message"]["content"] == ""
    streamed = chat(QUESTION, faults="engine:ollama", tools=[weather], stream=True)
    calls = [c["choices"][0]["delta"] for c in streamed.chunks if "tool_calls" in str(c)]
    whole = [d["tool_calls"][0]["function"] for d in calls if d.get("tool_calls")]
    assert [json.loads(f["arguments"]) for f in whole] == [{"city": "Paris"}]
    refused = chat("x", faults="engine:ollama", temperature=5).json["error"]
    assert refused["code"] is None


def test_engines_list_models_without_aliases(ask: Any) -> None:
    rows = ask("/v1/models", faults=VLLM).json["data"]
    assert all(row["owned_by"] == "vllm" and "aliases" not in row for row in rows)


def test_vllm_embeds_with_an_id(ask: Any) -> None:
    body = {"model": "bge-m3:567m", "input": ["a"]}
    heard = ask("/v1/embeddings", body, faults=VLLM).json
    assert heard["id"].startswith("embd-")
    assert heard["usage"]["completion_tokens"] == 0


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tools": []}, "`tools` must not be an empty array"),
    ({"tool_choice": "auto"}, "When using `tool_choice`, `tools` must be set."),
    ({"stream_options": {"include_usage": True}}, "Stream options can only be defined"),
    ({"top_logprobs": 2}, "`logprobs` must be set to true"),
    ({"stop": [""]}, "stop cannot contain an empty string."),
    ({"stop": list("abcde")}, "at most 4 items"),
    ({"top_p": 0}, "top_p must be in (0, 1]"),
    ({"seed": "x"}, "valid integer"),
    ({"logit_bias": {"abc": 1}}, "cannot be converted to integer token IDs"),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        "Field required",
    ),
    ({"response_format": {"type": "json_schema"}}, "'json_schema' field must be provided"),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"type": "nonsense"}},
            }
        },
        'Unsupported type "nonsense"',
    ),
]


@pytest.mark.parametrize(("change", "words"), REFUSED)
def test_parameter_is_refused_in_recorded_words(
    chat: Any, change: dict[str, Any], words: str
) -> None:
    heard = chat("x", **change)
    assert heard.status == 400
    assert words in heard.json["error"]["message"]


@pytest.mark.parametrize(
    "call",
    [
        {"id": "abc123456", "function": {"name": "f", "arguments": "{}"}},
        {"id": "abc123456", "type": "function", "function": {"name": "f", "arguments": {}}},
    ],
)
def test_call_in_the_history_is_refused_when_it_is_malformed(chat: Any, call: Any) -> None:
    history = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "abc123456", "content": "y"},
    ]
    assert chat(history, model="gemma4:31b").status == 400


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["a", ""], "The decoder prompt cannot be empty"),
        (["word" * 9_000], "This model's maximum context length is 8192 tokens."),
    ],
)
def test_embedding_is_refused_in_recorded_words(ask: Any, texts: list[str], words: str) -> None:
    heard = ask("/v1/embeddings", {"model": "bge-m3:567m", "input": texts})
    assert heard.status == 400
    assert words in heard.json["error"]["message"]

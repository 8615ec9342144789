"""The default ``max_tokens``: what the prompt leaves of the window, for every engine's words."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

import llmaas
from llmaas.wire.prompt_size import IMAGE_TOKENS, estimate_prompt
from tests.helpers.servers.fake_engine import engine

MODEL = "gpt-oss:120b"
WINDOW = 131_072
LONG = "word " * 98_000  # 122,500 tokens at four characters each


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for engines, which take any."""
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-engine")


def prompt_tokens(body: dict[str, Any]) -> int:
    return len(json.dumps(body["messages"])) // 4


def vllm(body: dict[str, Any]) -> Any:
    """Refuse as vLLM does, in the words that the service sent."""
    asked, used = body.get("max_tokens") or 1024, prompt_tokens(body)
    if used + asked <= WINDOW:
        return {"content": "ok"}
    message = (
        f"This model's maximum context length is {WINDOW} tokens. However, you requested {asked} "
        f"output tokens and your prompt contains at least {WINDOW - asked + 1} input tokens, for "
        f"a total of at least {WINDOW + 1} tokens."
    )
    return 400, {"error": {"message": message, "type": "BadRequestError", "code": 400}}


def ask(client: Any, streamed: bool, *args: Any, **options: Any) -> llmaas.Completion:
    options = {"model": MODEL, **options}
    if not streamed:
        completion: llmaas.Completion = client.do("chat", *args, **options)
        return completion
    done: llmaas.Done = client.events(*args, **options)[-1]
    return done.completion


@pytest.mark.parametrize("streamed", [False, True])
def test_default_max_tokens_fits_when_the_prompt_nearly_fills_the_window(
    api: Any, streamed: bool
) -> None:
    with engine(vllm) as served:
        answer = ask(api(base_url=served.base_url), streamed, LONG)
    assert answer.text == "ok"
    assert len(served.bodies) == 1
    assert 1024 <= served.bodies[0]["max_tokens"] < WINDOW - 122_500


def test_default_max_tokens_is_whole_when_the_prompt_is_short(api: Any) -> None:
    with engine(vllm) as served:
        ask(api(base_url=served.base_url), False, "word " * 50_000)
    assert served.bodies[0]["max_tokens"] == 16_384


def test_default_max_tokens_counts_tool_schemas(api: Any) -> None:
    many = [{"type": "function", "function": {"name": f"g{n}", "description": "d" * 4_000}}
            for n in range(80)]  # fmt: skip
    with engine(lambda _: {"content": "ok"}) as served:
        ask(api(base_url=served.base_url), False, "word " * 20_000, tools=many)
    assert served.bodies[0]["max_tokens"] < 16_384


def test_default_max_tokens_counts_images_not_their_bytes(api: Any) -> None:
    small, large = (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * size}}
        for size in (100, 4_000_000)
    )
    with engine(lambda _: {"content": "ok"}) as served:
        client = api(base_url=served.base_url)
        ask(client, False, [{"role": "user", "content": [large]}], model="qwen3-vl:235b")
        ask(client, False, [{"role": "user", "content": [small] * 128}], model="qwen3-vl:235b")
    assert served.bodies[0]["max_tokens"] == 16_384
    assert served.bodies[1]["max_tokens"] < 200_000 - 128 * IMAGE_TOKENS


REFUSALS = {
    "vllm": (
        400,
        {"error": {"message": "'max_tokens' or 'max_completion_tokens' is too large: 16384. This "
                   "model's maximum context length is 20000 tokens and your request has 9000 input "
                   "tokens (16384 > 20000 - 9000).", "type": "BadRequestError", "code": 400}},
    ),
    "vllm-max-model-len": (
        400,
        {"error": {"message": "max_tokens=16384 cannot be greater than max_model_len=12000. "
                   "Please request fewer output tokens. (parameter=max_tokens, value=16384)"}},
    ),
    "sglang": (
        400,
        {"object": "error", "message": "Requested token count exceeds the model's maximum context "
         "length of 20000 tokens. You requested a total of 25384 tokens: 9000 tokens from the "
         "input messages and 16384 tokens for the completion.", "code": 400},
    ),
    "llama.cpp": (
        400,
        {"error": {"code": 400, "message": "the request exceeds the available context size, try "
                   "increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 9000,
                   "n_ctx": 20000}},
    ),
    "tgi": (
        422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 20000. "
         "Given: 9000 `inputs` tokens and 16384 `max_new_tokens`", "error_type": "validation"},
    ),
    "litellm": (
        400,
        {"error": {"message": "litellm.ContextWindowExceededError: This model's maximum context "
                   "length is 20000 tokens. However, you requested 25384 tokens (9000 in the "
                   "messages, 16384 in the completion).", "type": None, "code": "400"}},
    ),
    "output-limit": (
        400,
        {"error": {"message": "max_tokens is too large: 16384. This model supports at most 8192 "
                   "completion tokens, whereas you provided 16384."}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("words", REFUSALS)
def test_call_is_repeated_once_with_what_fits_when_the_window_is_unknown(
    api: Any, words: str, streamed: bool
) -> None:
    fits = {"vllm-max-model-len": 12_000, "output-limit": 8_192}.get(words, 11_000)

    def answer(body: dict[str, Any]) -> Any:
        return {"content": "ok"} if body["max_tokens"] <= fits else REFUSALS[words]

    with engine(answer) as served:
        client = api(base_url=served.base_url)
        first = ask(client, streamed, "Hi", model="somebody/unknown")
        assert len(served.bodies) == 2
        assert first.text == "ok"
        assert [note.kind for note in first.adjustments] == ["max_tokens"]
        again = ask(client, streamed, "Hi", model="somebody/unknown")
    assert len(served.bodies) == 3, "what a refusal taught is kept"
    assert again.adjustments == ()
    assert served.bodies[1]["max_tokens"] >= 5_000


def test_call_is_repeated_only_once_when_it_is_refused_again(api: Any) -> None:
    with (
        engine(lambda _: REFUSALS["sglang"]) as served,
        pytest.raises(llmaas.ContextOverflowError) as caught,
    ):
        ask(api(base_url=served.base_url), False, "Hi", model="somebody/unknown")
    assert len(served.bodies) == 2
    assert (caught.value.window, caught.value.prompt_tokens) == (20_000, 9_000)


@pytest.mark.parametrize(
    "budget",
    [{"max_tokens": 16_384}, {"max_completion_tokens": 16_384},
     {"extra_body": {"max_tokens": 16_384}}, {"max_tokens": None}],
)  # fmt: skip
def test_budget_of_the_caller_is_never_changed(api: Any, budget: dict[str, Any]) -> None:
    with (
        engine(lambda _: REFUSALS["sglang"]) as served,
        pytest.raises(llmaas.ContextOverflowError),
    ):
        ask(api(base_url=served.base_url), False, "Hi", **budget)
    assert len(served.bodies) == 1


def test_prompt_that_fills_the_window_is_not_repeated(api: Any) -> None:
    words = ("This model's maximum context length is 1024 tokens. However, your prompt contains "
             "at least 1025 input tokens, which exceeds this limit even without any output "
             "tokens.")  # fmt: skip
    with (
        engine(lambda _: (400, {"error": {"message": words}})) as served,
        pytest.raises(llmaas.ContextOverflowError),
    ):
        ask(api(base_url=served.base_url), False, "Hi")
    assert len(served.bodies) == 1


def test_window_that_a_refusal_names_stays_with_its_address_and_key(api: Any) -> None:
    with engine(
        lambda b: {"content": "ok"} if b["max_tokens"] <= 10_000 else REFUSALS["sglang"]
    ) as s:
        client = api(base_url=s.base_url)
        ask(client, False, "Hi", model="m")
        settings = client.client.settings
    assert settings.learned.windows == {"m": 20_000}
    assert settings.with_options(api_key="sk-other").learned.windows == {}


def test_batch_default_is_what_the_longest_conversation_leaves(sandbox: Any, api: Any) -> None:
    api().do("submit_batch", ["Hi", LONG], model=MODEL)
    body = sandbox.requests[-1].json
    assert 1024 <= body["max_tokens"] < WINDOW - 122_500


def test_estimate_counts_characters_beyond_ascii_one_by_one() -> None:
    ascii_, chinese = ([{"role": "user", "content": c * 4_000}] for c in ("a", "字"))
    assert estimate_prompt(ascii_) < 1_100
    assert estimate_prompt(chinese) > 4_000


def test_estimate_costs_nothing_measurable_when_the_prompt_is_short() -> None:
    from llmaas import LLMaaS
    from llmaas.ops.output_budget import default_max_tokens

    settings = LLMaaS(api_key="sk-a").settings
    turns = [{"role": "user", "content": "Bonjour à tous " * 20}] * 20
    began = time.process_time()
    for _ in range(1_000):
        default_max_tokens(settings, MODEL, turns, None)
    assert time.process_time() - began < 0.2  # 200 microseconds a call; it takes about ten

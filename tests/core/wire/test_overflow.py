"""Context overflows in the words of each engine."""

from __future__ import annotations

import time

import pytest

from llmaas.wire.overflow import Overflow, is_overflow, parse_overflow

WORDS = {
    "vllm-output-and-prompt": (
        "This model's maximum context length is 262144 tokens. However, you requested 200000 "
        "output tokens and your prompt contains at least 62145 input tokens, for a total of at "
        "least 262145 tokens. Please reduce the length of the input prompt or the number of "
        "requested output tokens.",
        Overflow(262144, 62145, is_lower_bound=True),
    ),
    "vllm-prompt-alone": (
        "This model's maximum context length is 1024 tokens. However, your prompt contains at "
        "least 1025 input tokens, which exceeds this limit even without any output tokens. "
        "(parameter=input_tokens, value=1025)",
        Overflow(1024, 1025, is_lower_bound=True),
    ),
    "vllm-in-messages": (
        "This model's maximum context length is 131072 tokens. However, you requested 140000 "
        "tokens (123616 in the messages, 16384 in the completion). Please reduce the length.",
        Overflow(131072, 123616),
    ),
    "vllm-too-large": (
        "'max_tokens' or 'max_completion_tokens' is too large: 16384. This model's maximum "
        "context length is 131072 tokens and your request has 120000 input tokens "
        "(16384 > 131072 - 120000).",
        Overflow(131072, 120000),
    ),
    "vllm-max-model-len": (
        "max_tokens=2048 cannot be greater than max_model_len=1024. Please request fewer output "
        "tokens. (parameter=max_tokens, value=2048)",
        Overflow(1024),
    ),
    "vllm-decoder-prompt": (
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make "
        "sure that `max_model_len` is no smaller than the number of text tokens.",
        Overflow(4096, 5000),
    ),
    "vllm-too-long-to-fit": (
        "The prompt (total length 5000) is too long to fit into the model (context length 4096).",
        Overflow(4096, 5000),
    ),
    "llama.cpp": (
        "request (6000 tokens) exceeds the available context size (4096 tokens), try increasing it",
        Overflow(4096, 6000),
    ),
    "llama-cpp-python": (
        "Requested tokens (6000) exceed context window of 4096",
        Overflow(4096, 6000),
    ),
    "sglang-total": (
        "Requested token count exceeds the model's maximum context length of 131072 tokens. You "
        "requested a total of 140000 tokens: 123616 tokens from the input messages and 16384 "
        "tokens for the completion.",
        Overflow(131072, 123616),
    ),
    "sglang-input": (
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        Overflow(4096, 5000),
    ),
    "sglang-allowed": (
        "Input length (5000 tokens) exceeds the maximum allowed length (4090 tokens). Use a "
        "shorter input or enable --allow-auto-truncate.",
        Overflow(4090, 5000),
    ),
    "tgi-sum": (
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 1000 "
        "`inputs` tokens and 4000 `max_new_tokens`",
        Overflow(4096, 1000),
    ),
    "tgi-input": (
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 1500",
        Overflow(1024),
    ),
    "ollama": ("the input length exceeds the context length", Overflow()),
    "litellm": (
        "litellm.BadRequestError: litellm.ContextWindowExceededError: OpenAIException - This "
        "model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
        "tokens.",
        Overflow(8192, 9000),
    ),
    "lm-studio": (
        "Trying to keep the first 5000 tokens when context the overflows. However, the model is "
        "loaded with context length of only 4096 tokens, which is not enough.",
        Overflow(4096),
    ),
    "mistral": (
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
        "context length",
        Overflow(32768, 40000),
    ),
    "anthropic-prompt": (
        "prompt is too long: 210000 tokens > 200000 maximum",
        Overflow(200000, 210000),
    ),
    "anthropic-sum": (
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease "
        "input length or `max_tokens` and try again",
        Overflow(200000, 190000),
    ),
    "gemini": (
        "The input token count (1,234,567) exceeds the maximum number of tokens allowed "
        "(1,048,576).",
        Overflow(1048576, 1234567),
    ),
}


@pytest.mark.parametrize("engine", WORDS)
def test_overflow_is_read_from_the_words_of_each_engine(engine: str) -> None:
    words, expected = WORDS[engine]
    assert is_overflow(words)
    assert parse_overflow(words) == expected


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("max_tokens is too large: 200000. This model supports at most 16384 completion tokens, "
         "whereas you provided 200000.", 16384),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        ("`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is "
         "less than the `context_window` for this model", 8192),
    ],
)  # fmt: skip
def test_output_limit_is_read_when_the_answer_alone_is_too_long(words: str, limit: int) -> None:
    assert parse_overflow(words).limit == limit


def test_overflow_fields_of_llama_cpp_are_read() -> None:
    body = {"error": {"code": 400, "type": "exceed_context_size_error",
                      "message": "the request exceeds the available context size",
                      "n_prompt_tokens": 6000, "n_ctx": 4096}}  # fmt: skip
    assert parse_overflow(body["error"]["message"], body) == Overflow(4096, 6000)


@pytest.mark.parametrize("words", ["model not found", "temperature must be 0 to 2", ""])
def test_other_refusals_are_no_overflow(words: str) -> None:
    assert not is_overflow(words)


@pytest.mark.parametrize("hostile", ["1" * 5_000_000, "maximum context length is " * 200_000,
                                     "(" * 5_000_000, "1 " * 2_000_000])  # fmt: skip
def test_hostile_words_are_read_in_linear_time(hostile: str) -> None:
    began = time.process_time()
    parse_overflow(hostile)
    is_overflow(hostile)
    assert time.process_time() - began < 0.5

"""Errors: both families, what they carry, what they hint at, and what they never show."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llmaas
from llmaas import errors
from llmaas._error_factory import build_error
from llmaas.wire.error_body import read_error_body
from llmaas.wire.failures import StatusFailure, TransportFailure

ENVELOPES = [
    {"error": {"message": "non", "type": "t", "code": "c", "param": "p"}},
    {"detail": {"error": {"message": "non", "type": "t", "code": "c", "param": "p"}}},
    {"object": "error", "message": "non", "type": "t", "code": "c", "param": "p"},
]


def failed(status: int, body: Any = None, **headers: str) -> StatusFailure:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return StatusFailure(status, headers, content, "POST", "https://x/v1/chat/completions")


@pytest.mark.parametrize(
    ("status", "ours", "theirs"),
    [
        (400, errors.BadRequestError, openai.BadRequestError),
        (401, errors.AuthenticationError, openai.AuthenticationError),
        (403, errors.PermissionDeniedError, openai.PermissionDeniedError),
        (404, errors.NotFoundError, openai.NotFoundError),
        (409, errors.ConflictError, openai.ConflictError),
        (413, errors.PayloadTooLargeError, openai.APIStatusError),
        (422, errors.UnprocessableEntityError, openai.UnprocessableEntityError),
        (429, errors.RateLimitError, openai.RateLimitError),
        (500, errors.InternalServerError, openai.InternalServerError),
        (504, errors.InternalServerError, openai.InternalServerError),
        (302, errors.APIStatusError, openai.APIStatusError),
    ],
)
def test_each_is_ours_and_openais(status: int, ours: type, theirs: type) -> None:
    error = build_error(failed(status, {"error": {"message": "non"}}, **{"x-request-id": "r1"}))
    assert type(error) is ours
    assert isinstance(error, theirs)
    assert isinstance(error, llmaas.LLMaaSError)
    assert error.status_code == error.response.status_code == status
    assert error.request_id == error.response.headers["x-request-id"] == "r1"
    assert error.response.json() == {"error": {"message": "non"}}
    assert error.hint
    assert "non" in str(error)


@pytest.mark.parametrize("body", ENVELOPES)
def test_envelopes_of_objects(body: dict[str, Any]) -> None:
    error = build_error(failed(400, body))
    assert (error.type, error.code, error.param) == ("t", "c", "p")
    assert "non" in str(error)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "non"}, "non"),
        ({"error": "non"}, "non"),
        (b"plain words", "plain words"),
        (b"<html><title>502 Bad Gateway</title></html>", "an HTML page: 502 Bad Gateway"),
        (b"", "no message"),
        ([1], "[1]"),
    ],
)
def test_envelopes_of_words(body: Any, words: str) -> None:
    assert words in str(build_error(failed(500, body)))


@given(st.binary(max_size=80))
def test_any_body_makes_an_error(body: bytes) -> None:
    assert str(build_error(failed(500, body)))


@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(),
                    lambda i: st.lists(i, max_size=2) | st.dictionaries(
                        st.sampled_from(["error", "detail", "message", "type", "code", "backend"]),
                        i, max_size=4), max_leaves=10))  # fmt: skip
def test_any_json_makes_an_error(body: Any) -> None:
    read_error_body(json.dumps(body).encode())
    assert str(build_error(failed(400, body)))


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Model not found"}},
        {"error": {"message": "x", "code": "model_not_found"}},
        {"object": "error", "message": "The model `x` does not exist."},
    ],
)
def test_unknown_models_under_either_status(status: int, body: Any) -> None:
    error = build_error(failed(status, body), model="cogito:32b")
    assert isinstance(error, llmaas.ModelNotFoundError)
    assert isinstance(error, openai.NotFoundError)
    assert error.status_code == status
    assert "gpt-oss:120b" in error.hint  # the successor that the documentation names


def test_blocked_prompts_and_overflows() -> None:
    blocked = build_error(failed(403, {"detail": "Prompt blocked for security reasons"}))
    assert isinstance(blocked, llmaas.PromptBlockedError)
    over = build_error(failed(400, {"error": {"message": "maximum context length is 8192 tokens"}}))
    assert isinstance(over, llmaas.ContextOverflowError)


def test_a_redirect_is_an_error_about_the_address() -> None:
    error = build_error(failed(302, b"", location="https://elsewhere"))
    assert "base_url" in error.hint


ALL = [
    build_error(failed(429, ENVELOPES[0], **{"retry-after": "7", "x-request-id": "r"})),
    build_error(failed(403, {"detail": "Prompt blocked for security reasons"})),
    build_error(TransportFailure("timeout", "late")),
    build_error(TransportFailure("tls", "bad")),
    errors.StructuredOutputError("x", text="raw"),
    errors.MissingAPIKeyError(),
    errors.InvalidInputError("x"),
    errors.StreamInterrupted.build("x", completion=llmaas.Completion("1", "m", ())),
    errors.InvalidResponseError.build("x", content=b"<html>"),
]


@pytest.mark.parametrize("error", ALL, ids=lambda e: type(e).__name__)
def test_errors_survive_pickling_and_copying(error: Exception) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        for name in ("status_code", "retry_after", "request_id", "text", "completion", "hint"):
            assert getattr(twin, name, None) == getattr(error, name, None)


def test_the_key_is_scrubbed_from_what_the_service_echoes() -> None:
    key = "sk-canary-123"
    body = {"error": {"message": f"Incorrect API key provided: {key}", "seen": key}}
    error = build_error(failed(401, body), secrets=(key,))
    everything = f"{error} {error!r} {error.body} {error.response.text} {pickle.dumps(error)!r}"
    assert key not in everything
    assert "***" in str(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = [line for line in (errors.__doc__ or "").splitlines() if "─" in line]
    names = {line.split("─ ")[1].split()[0] for line in drawn}
    real = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.LLMaaSError)
    }
    assert names == real - {"LLMaaSError"}


class FrameworkError(Exception):
    pass


@pytest.mark.parametrize(
    "error",
    [
        build_error(failed(429, ENVELOPES[0], **{"retry-after": "7", "x-request-id": "r"})),
        errors.StructuredOutputError("misfit", text="{"),
        errors.MissingAPIKeyError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_can_be_retyped_for_a_framework(error: Any) -> None:
    kind = type("Both", (FrameworkError, type(error)), {})
    again = errors.convert(error, kind)
    assert isinstance(again, FrameworkError)
    assert isinstance(again, type(error))
    assert str(again) == str(error)
    for name in ("status_code", "retry_after", "request_id", "hint", "text"):
        assert getattr(again, name, None) == getattr(error, name, None)

"""Every fault of the sandbox: a typed error or the right answer, never a short one."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest

import llmaas
from llmaas.types import Done

MODEL = "gpt-oss:120b"
QUESTION = "Paris est la capitale de la France. Quelle est la capitale de la France ?"

HARMLESS = [
    "reasoning", "reasoning-both", "think", "usage-finish", "usage-every", "usage-none",
    "usage-nested-reasoning", "choiceless-backend", "json-cut", "split-utf8", "crlf", "comments",
    "no-done", "early-done", "trickle", "gzip", "ollama-native",
]  # fmt: skip

WHOLE = {
    "empty-200": llmaas.InvalidResponseError,
    "html-200": llmaas.InvalidResponseError,
    "truncated-200": llmaas.APIConnectionError,
    "status:400": llmaas.BadRequestError,
    "status:401": llmaas.AuthenticationError,
    "status:403": llmaas.PermissionDeniedError,
    "status:404": llmaas.NotFoundError,
    "status:429": llmaas.RateLimitError,
    "status:500": llmaas.InternalServerError,
    "status:503": llmaas.InternalServerError,
    "html-error:502": llmaas.InternalServerError,
}
STREAMED = {
    "empty-200": llmaas.InvalidResponseError,
    "html-200": llmaas.InvalidResponseError,
    "cut:3": llmaas.StreamInterrupted,
    "cut:3:rst": llmaas.StreamInterrupted,
    "cut:40b": llmaas.APIConnectionError,
    "error-event": llmaas.StreamError,
    "truncated-json": llmaas.StreamInterrupted,
    "bad-chunk": llmaas.APIConnectionError,
    "status:429": llmaas.RateLimitError,
}


def fault(name: str) -> dict[str, Any]:
    return {"extra_headers": {"x-sandbox-fault": name}}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_dialects_change_nothing(sandbox: Any, api: Any, name: str) -> None:
    client = api()
    plain = client.do("chat", QUESTION, model=MODEL)
    assert "Paris" in plain.text
    assert plain.reasoning
    assert client.do("chat", QUESTION, model=MODEL, **fault(name)).text == plain.text
    events = client.events(QUESTION, model=MODEL, **fault(name))
    assert isinstance(events[-1], Done)
    streamed = events[-1].completion
    assert "".join(e.text for e in events if e.type == "text") == streamed.text == plain.text
    if name != "ollama-native":
        assert streamed.reasoning.strip() == plain.reasoning


@pytest.mark.parametrize(("name", "error"), WHOLE.items())
def test_a_whole_answer_fails_as_what_it_is(
    sandbox: Any, api: Any, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        api().do("chat", QUESTION, model=MODEL, **fault(name))
    assert sandbox.api_key not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize(("name", "error"), STREAMED.items())
def test_a_stream_fails_as_what_it_is(
    sandbox: Any, api: Any, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        api().events(QUESTION, model=MODEL, **fault(name))


@pytest.mark.parametrize("name", ["cut:4", "cut:4:rst", "error-event:4"])
def test_an_interrupted_stream_carries_what_came(sandbox: Any, api: Any, name: str) -> None:
    with pytest.raises((llmaas.StreamInterrupted, llmaas.StreamError)) as caught:
        api().events(QUESTION, model="llama3.3:70b", **fault(name))
    assert caught.value.completion.text
    assert caught.value.completion.finish_reason is None
    assert caught.value.request_id


def test_a_cut_before_the_first_event_is_retried(sandbox: Any, api: Any) -> None:
    sandbox.script([{"status": 200, "sse": [], "end": "rst"}, {"content": "enfin"}])
    events = api(max_retries=1).events(QUESTION, model=MODEL)
    assert events[-1].completion.text == "enfin"
    assert len(sandbox.requests) == 2


def test_a_stream_that_began_is_never_retried(sandbox: Any, api: Any) -> None:
    sandbox.script(
        [{"sse": [{"choices": [{"index": 0, "delta": {"content": "a"}}]}], "end": "rst"}]
    )
    with pytest.raises(llmaas.StreamInterrupted):
        api(max_retries=3).events(QUESTION, model=MODEL)
    assert len(sandbox.requests) == 1


def test_an_error_event_before_any_answer_is_retried_as_its_status(sandbox: Any, api: Any) -> None:
    overloaded = {"error": {"message": "busy", "type": "overloaded_error"}}
    sandbox.script([{"sse": [overloaded]}, {"content": "ok"}])
    assert api(max_retries=1).events(QUESTION, model=MODEL)[-1].completion.text == "ok"


def test_a_dead_kept_alive_connection_is_replaced(sandbox: Any, api: Any) -> None:
    client = api(max_retries=1)
    client.do("chat", QUESTION, model=MODEL, **fault("keepalive-drop"))
    assert client.do("chat", QUESTION, model=MODEL).text


def test_a_stall_ends_with_a_timeout_that_carries_what_came(sandbox: Any, api: Any) -> None:
    with pytest.raises(llmaas.StreamInterrupted) as caught:
        api(timeout=1).events(QUESTION, model="llama3.3:70b", **fault("stall:30:2"))
    assert isinstance(caught.value, llmaas.APITimeoutError)
    assert caught.value.completion.text


def test_slow_headers_time_out(sandbox: Any, api: Any) -> None:
    with pytest.raises(llmaas.APITimeoutError):
        api(timeout=0.2).do("chat", QUESTION, model=MODEL, **fault("slow-headers:3"))


@pytest.mark.parametrize("stream", [False, True])
def test_a_deadline_is_kept_through_a_trickle(sandbox: Any, api: Any, stream: bool) -> None:
    client = api(deadline=0.5)
    ask = client.events if stream else partial(client.do, "chat")
    began = time.monotonic()
    with pytest.raises(llmaas.APITimeoutError):
        ask(QUESTION, model=MODEL, **fault("trickle:1:30"))
    assert time.monotonic() - began < 10  # of about thirty


def test_nobody_listens(api: Any) -> None:
    with pytest.raises(llmaas.APIConnectionError) as caught:
        api(api_key="k", base_url="http://127.0.0.1:9/v1").do("chat", "?", model=MODEL)
    assert "doctor" in str(caught.value)

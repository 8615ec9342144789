"""No secret in what is shown, kept or sent on: keys, a proxy's password, headers, their echoes."""

from __future__ import annotations

import base64
import copy
import io
import json
import pickle
import traceback
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas._error_factory import build_error, error_in_stream
from llmaas.settings import Settings
from llmaas.types import Completion
from llmaas.wire.failures import (
    ErrorEvent,
    InvalidBody,
    StatusFailure,
    TransportFailure,
    TruncatedResponse,
)

SECRET = "sk-one-0123456789"
OTHER = "sk-two-9876543210"
MODEL = "gpt-oss:120b"


def shown(error: BaseException) -> str:
    """Everything of an error that somebody may print, log, send or keep."""
    text = "".join(traceback.format_exception(error))
    parts = [text, str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))]
    parts += [repr(getattr(error, name, None)) for name in ("body", "request", "response")]
    response = getattr(error, "response", None)
    if response is not None:
        parts += [response.text, str(response.headers.raw)]
    if error.__cause__ is not None:
        parts.append(shown_cause(error.__cause__))
    return "\n".join(parts)


def shown_cause(error: BaseException) -> str:
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(told.format())


ECHOES = [
    {"error": {"message": f"Incorrect key: {SECRET}"}},
    {"error": {"message": "no", "details": {"headers": [{"authorization": f"Bearer {SECRET}"}]}}},
    {"error": {"message": "no", "code": SECRET, "type": SECRET, "param": SECRET}},
    {"error": {SECRET: "as a name"}},
    {"detail": [{"loc": ["header", SECRET], "msg": "bad"}]},
    {"error": "no", "backend": {"engine_type": SECRET, "machine_name": [SECRET]}},
    [SECRET],
    SECRET,
]
HEADERS = {
    "x-echo": f"Bearer {SECRET}",
    "x-request-id": f"for {SECRET}",
    "www-authenticate": SECRET,
}


@pytest.mark.parametrize("body", ECHOES, ids=range(len(ECHOES)))
@pytest.mark.parametrize("status", [302, 400, 401, 403, 429, 500])
def test_an_error_body_that_repeats_the_key(status: int, body: Any) -> None:
    for content in (json.dumps(body).encode(), str(body).encode()):
        failure = StatusFailure(status, HEADERS, content, "POST", "https://x/v1/chat/completions")
        assert SECRET not in shown(build_error(failure, model=MODEL, secrets=(OTHER, SECRET)))


def test_a_key_that_json_escapes_is_found() -> None:
    escaped = "".join(f"\\u{ord(c):04x}" for c in SECRET)
    body = f'{{"error": {{"message": "no {escaped}", "at": ["{escaped}"]}}}}'.encode()
    error = build_error(StatusFailure(401, {}, body), secrets=(SECRET,))
    assert SECRET not in shown(error)
    assert escaped not in error.response.text  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", ECHOES[:6], ids=range(6))
def test_an_error_event_that_repeats_the_key(body: Any) -> None:
    event = ErrorEvent({**body, "list": [[SECRET]]}, Completion(None, "m", ()))
    assert SECRET not in shown(error_in_stream(event, headers=HEADERS, secrets=(SECRET,)))


@pytest.mark.parametrize(
    "fault",
    [
        TruncatedResponse(f"the proxy said {SECRET}", Completion(None, "m", ())),
        TruncatedResponse(
            "x", Completion(None, "m", ()), TransportFailure("read", "x", OSError(SECRET))
        ),
        InvalidBody(f"it has a vector for input {SECRET}", SECRET.encode()),
        InvalidBody("it is HTML", f"<html>{SECRET}".encode()),
    ],
    ids=range(4),
)
def test_an_answer_that_broke_off_and_names_the_key(fault: Any) -> None:
    assert SECRET not in shown(error_in_stream(fault, headers=HEADERS, secrets=(SECRET,)))


def test_a_connection_error_that_names_the_key() -> None:
    cause = OSError(f"cannot send {SECRET}")
    cause.__context__ = ValueError(SECRET)
    error = build_error(TransportFailure("read", f"broke: {SECRET}", cause), secrets=(SECRET,))
    assert SECRET not in shown(error)
    assert "broke: ***" in str(error)


def test_a_short_secret_does_not_tear_messages_apart() -> None:
    failure = StatusFailure(400, {}, b'{"error": {"message": "a bad book"}}')
    assert "a bad book" in str(build_error(failure, secrets=("a", "", "bad")))


def test_every_key_that_rotated_through_is_hidden(sandbox: Any, api: Any) -> None:
    keys = [f"sk-rotating-{n:010d}" for n in range(40)]
    left = iter(keys)
    client = api(api_key=lambda: next(left))
    for _ in keys[:-1]:
        sandbox.script([{"status": 401, "json": {"error": {"message": "no"}}}])
        with pytest.raises(llmaas.AuthenticationError):
            client.do("models")
    sandbox.script([{"status": 401, "json": {"error": {"message": "no", "seen": keys}}}])
    with pytest.raises(llmaas.AuthenticationError) as caught:
        client.do("models")
    assert not [key for key in keys if key in shown(caught.value)]


def test_an_awaited_key_is_hidden(sandbox: Any) -> None:
    import asyncio

    async def key() -> str:
        return SECRET

    sandbox.script([{"status": 401, "json": {"error": {"message": "no", "seen": [SECRET]}}}])
    with pytest.raises(llmaas.AuthenticationError) as caught:
        asyncio.run(AsyncLLMaaS(api_key=key, max_retries=0).models())
    assert SECRET not in shown(caught.value)


@pytest.mark.parametrize("per_call", [False, True], ids=["of-the-client", "of-the-call"])
def test_headers_that_authenticate_are_hidden(sandbox: Any, api: Any, per_call: bool) -> None:
    headers = {"X-Gateway-Token": "token-0123456789", "Authorization": f"Bearer {OTHER}"}
    echo = {"error": {"message": f"no {OTHER}", "headers": [dict(headers)]}}
    sandbox.script([{"status": 401, "json": echo}])
    client = api() if per_call else api(headers=headers)
    options = {"extra_headers": headers} if per_call else {}
    with pytest.raises(llmaas.AuthenticationError) as caught:
        client.do("chat", "?", model=MODEL, **options)
    assert OTHER not in shown(caught.value)
    assert "token-0123456789" not in shown(caught.value)


PROXY = "http://jo:hunter%40222@127.0.0.1:9"
PASSWORDS = ["hunter%40222", "hunter@222", base64.b64encode(b"jo:hunter@222").decode()]


def test_a_dead_proxys_password_is_hidden(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    client = api(api_key=SECRET, base_url="https://gw.example", proxy=PROXY)
    with pytest.raises(llmaas.APIConnectionError) as caught:
        client.do("models")
    told = shown(caught.value) + caplog.text + repr(client.client) + repr(client.client.settings)
    assert not [word for word in [*PASSWORDS, SECRET] if word in told]


@pytest.mark.parametrize("make", [LLMaaS, AsyncLLMaaS])
def test_a_pickle_holds_no_secret(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Authorization": f"Bearer {OTHER}", "x-api-key": OTHER, "Cookie": OTHER}
    headers |= {"X-Gateway-Token": OTHER, "X-Team": "blue"}
    client = make(api_key=SECRET, base_url="https://gw.example", proxy=PROXY, headers=headers)
    for whole in (client, client.settings):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            data = pickle.dumps(whole, protocol)
            assert not [w for w in [*PASSWORDS, SECRET, OTHER] if w.encode() in data]
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-there")
    woken = pickle.loads(pickle.dumps(client)).settings
    assert (woken.key.get(), woken.root) == ("sk-there", "https://gw.example")
    assert woken.proxy == "http://127.0.0.1:9"
    assert woken.headers == (("X-Team", "blue"),)


def test_a_copy_in_this_process_loses_nothing() -> None:
    settings = Settings.create(api_key=SECRET, proxy=PROXY, headers={"Authorization": OTHER})
    for again in (copy.copy(settings), copy.deepcopy(settings), copy.deepcopy([settings])[0]):
        assert again == settings
        assert again.key.get() == SECRET
        assert again.proxy == PROXY
        assert again.headers == (("Authorization", OTHER),)


def test_settings_that_wake_up_say_the_rest_as_before() -> None:
    settings = Settings.create(
        api_key=SECRET, base_url="https://gw.example", timeout=3, max_retries=7
    )
    woken = pickle.loads(pickle.dumps(settings.replace(deadline=9.0)))
    assert (woken.root, woken.timeout, woken.retry, woken.deadline) == (
        "https://gw.example",
        settings.timeout,
        settings.retry,
        9.0,
    )


def test_a_rich_traceback_with_local_variables_shows_no_key(api: Any) -> None:
    from rich.console import Console
    from rich.traceback import Traceback

    client = api(api_key=SECRET, base_url="http://127.0.0.1:9/v1", proxy=None)
    with pytest.raises(llmaas.APIConnectionError) as caught:
        client.do("chat", "?", model=MODEL)
    error = caught.value
    out = io.StringIO()
    told = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    Console(file=out, width=200).print(told)
    lines = [line for line in out.getvalue().splitlines() if SECRET in line]
    assert not lines


def test_with_options_keeps_the_patience_of_the_retries() -> None:
    client = LLMaaS(api_key=SECRET, base_url="https://gw.example")
    policy = type(client.settings.retry)(max_retries=3, base=2.0, rate_limit_timeout=90.0)
    patient = LLMaaS.from_settings(client.settings.replace(retry=policy))
    retry = patient.with_options(max_retries=1).settings.retry
    assert (retry.max_retries, retry.base, retry.rate_limit_timeout) == (1, 2.0, 90.0)
    assert patient.with_options(timeout=3).settings.retry == policy


class Recorder:
    """A transport that only counts."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def send(self, request: Any) -> Any:
        from llmaas.transport.base import TransportError

        self.requests.append(request)
        raise TransportError(TransportFailure("connect", "no"))


def test_with_options_takes_a_transport() -> None:
    recorder, client = Recorder(), LLMaaS(api_key=SECRET, base_url="https://gw.example")
    with pytest.raises(llmaas.APIConnectionError):
        client.with_options(transport=recorder, max_retries=0).models()
    assert len(recorder.requests) == 1
    assert SECRET not in repr(recorder.requests)


def test_with_options_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError):
        LLMaaS(api_key=SECRET).with_options(tiemout=3)


def test_what_a_dump_may_hold_of_network_options() -> None:
    from llmaas._redaction import redact_options

    told = {"proxy": PROXY, "timeout": 3, "headers": {"X-Gateway-Token": OTHER, "X-Team": "blue"}}
    kept = redact_options(told)
    assert kept == {"proxy": "http://127.0.0.1:9", "timeout": 3, "headers": {"X-Team": "blue"}}
    assert told["proxy"] == PROXY
    assert redact_options({"proxy": "jo:hunter22@127.0.0.1:9"}) == {"proxy": "127.0.0.1:9"}
    assert redact_options({"default_headers": None, "proxy": None}) == {
        "default_headers": None,
        "proxy": None,
    }


def test_the_key_is_hidden_after_any_number_of_calls_with_headers(sandbox: Any, api: Any) -> None:
    client = api(api_key=SECRET)
    for number in range(1_100):  # an application hands on its users' tokens
        client.client.settings.hide({"x-user-token": f"token-{number:08d}"})
    sandbox.script([{"status": 401, "json": {"error": {"message": f"no {SECRET}"}}}])
    with pytest.raises(llmaas.AuthenticationError) as caught:
        client.do("models")
    assert SECRET not in shown(caught.value)


async def nothing() -> None: ...


@pytest.mark.parametrize("source", [lambda: None, lambda: b"bytes", nothing])
def test_a_callable_that_gives_no_key_is_refused(sandbox: Any, api: Any, source: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError):
        api(api_key=source).do("models")
    assert not list(sandbox.requests)


def test_threads_refuse_an_async_callable(sandbox: Any) -> None:
    async def key() -> str:
        return SECRET

    with pytest.raises(llmaas.ConfigurationError, match="AsyncLLMaaS"):
        LLMaaS(api_key=key).models()
    assert not list(sandbox.requests)

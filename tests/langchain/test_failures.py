"""Errors of both families: rows 30 to 32 of what other packages get wrong."""

import asyncio
import pickle
import socket

import openai
import pytest
from langchain_core import exceptions as lc
from langchain_core.callbacks import BaseCallbackHandler

import llmaas
from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings, LLMaaSRerank
from langchain_llmaas import errors as both
from llmaas import errors as core
from tests.helpers.waiting import eventually

OVERFLOW = {"error": {"message": "maximum context length is 8 tokens", "code": "context_length"}}
ROWS = [
    (400, core.BadRequestError, lc.ModelInvalidRequestError, False),
    (401, core.AuthenticationError, lc.ModelAuthenticationError, False),
    (403, core.PermissionDeniedError, lc.ModelPermissionDeniedError, False),
    (404, core.NotFoundError, lc.ModelNotFoundError, False),
    (409, core.ConflictError, lc.ModelAPIError, True),
    (413, core.PayloadTooLargeError, lc.ModelInvalidRequestError, False),
    (422, core.UnprocessableEntityError, lc.ModelInvalidRequestError, False),
    (429, core.RateLimitError, lc.ModelRateLimitError, True),
    (500, core.InternalServerError, lc.ModelAPIError, True),
    (503, core.InternalServerError, lc.ModelAPIError, True),
]


@pytest.mark.parametrize(("status", "ours", "theirs", "retryable"), ROWS)
def test_error_class_matches_status(chat, ask, sandbox, status, ours, theirs, retryable):
    body = {"error": {"message": "No.", "type": "t", "code": None}}
    sandbox.script([{"status": status, "json": body, "headers": {"x-request-id": "r1"}}])
    with pytest.raises(ours) as caught:
        ask(chat(), "?")
    error = caught.value
    assert isinstance(error, theirs)
    assert isinstance(error, openai.APIStatusError)
    assert error.is_retryable is retryable
    assert error.status_code == status
    assert error.request_id == "r1"
    assert "No." in str(error)
    assert "r1" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.request_id) == (type(error), str(error), "r1")


def test_context_overflow_raises_both_classes(chat, ask, sandbox):
    sandbox.script([{"status": 400, "json": OVERFLOW}])
    with pytest.raises(lc.ContextOverflowError, match="Shorten") as caught:
        ask(chat(max_tokens=100), "?")  # a budget of the caller is never lowered
    assert isinstance(caught.value, llmaas.ContextOverflowError)


def test_unknown_model_error_has_hint(chat, ask):
    with pytest.raises(lc.ModelNotFoundError, match="llmaas models") as caught:
        ask(chat(model="nobody-knows-it"), "?")
    assert isinstance(caught.value, llmaas.ModelNotFoundError)


def test_unreachable_server_raises_connection_error(ask):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    model = ChatLLMaaS(model="m", base_url=f"http://127.0.0.1:{port}", api_key="k", max_retries=0)
    with pytest.raises(lc.ModelConnectionError, match="doctor") as caught:
        ask(model, "?")
    assert isinstance(caught.value, llmaas.APIConnectionError)
    assert caught.value.is_retryable


def test_slow_server_raises_timeout_error(chat, ask, sandbox):
    sandbox.script([{"content": "late", "delay": 3}])
    with pytest.raises(lc.ModelTimeoutError) as caught:
        ask(chat(timeout=0.3), "?")
    assert isinstance(caught.value, llmaas.APITimeoutError)
    assert caught.value.is_retryable


def test_no_key_is_an_authentication_error(ask, sandbox, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    with pytest.raises(lc.ModelAuthenticationError, match="LLMAAS_API_KEY") as caught:
        ask(ChatLLMaaS(model="m"), "?")
    assert isinstance(caught.value, llmaas.MissingAPIKeyError)


def test_invalid_body_raises_invalid_response_error(chat, ask):
    with pytest.raises(lc.ModelAPIError) as caught:
        ask(chat(default_headers={"x-sandbox-fault": "html-200"}), "?")
    assert isinstance(caught.value, core.InvalidResponseError)


def test_traced_error_holds_response_body(chat, ask, sandbox):
    class Trace(BaseCallbackHandler):
        facts = None

        def on_llm_error(self, error, *, response, **_):
            self.facts = response.generations[-1][0].message.response_metadata

    trace = Trace()
    sandbox.script([{"status": 418, "json": {"error": {"message": "No."}}}])
    with pytest.raises(lc.ModelError):
        ask(chat(), "?", config={"callbacks": [trace]})
    assert trace.facts["status_code"] == 418
    assert trace.facts["body"] == {"error": {"message": "No."}}
    assert "content-type" in trace.facts["headers"]


def test_two_failures_are_retried(chat, ask, sandbox):
    sandbox.script([{"status": 503}, {"status": 503}, {"content": "Oui."}])
    assert ask(chat(max_retries=2), "?").text == "Oui."
    assert len(sandbox.requests) == 3


def read(model, got):
    for chunk in model.stream("Tell me a story"):
        got.append(chunk)


def aread(model, got):
    async def run():
        async for chunk in model.astream("Tell me a story"):
            got.append(chunk)

    asyncio.run(run())


@pytest.fixture(params=[read, aread], ids=["sync", "async"])
def reading(request):
    return request.param


def test_stalled_stream_raises_timeout_error(chat, sandbox, reading):
    model = chat(timeout=1, default_headers={"x-sandbox-fault": "stall:30:2"})
    with pytest.raises(lc.ModelTimeoutError) as caught:
        reading(model, [])
    assert isinstance(caught.value, core.StreamTimeoutError)
    assert caught.value.completion is not None
    eventually(lambda: sandbox.requests[-1].disconnected)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("cut:3", lc.ModelConnectionError), ("error-event:2", lc.ModelAPIError)],
)
def test_interrupted_stream_error_has_partial_completion(chat, reading, fault, kind):
    got = []
    with pytest.raises(kind) as caught:
        reading(chat(default_headers={"x-sandbox-fault": fault}), got)
    assert got
    assert caught.value.completion.choices


@pytest.mark.parametrize("kind", [LLMaaSEmbeddings, LLMaaSRerank])
def test_embeddings_rerank_and_audio_raise_bridged_errors(kind, sandbox):
    made = kind(model="bge-m3:567m", api_key="sk-wrong", max_retries=0)
    call = made.embed_query if kind is LLMaaSEmbeddings else lambda text: made.rerank([text], text)
    with pytest.raises(lc.ModelAuthenticationError):
        call("?")


def test_every_core_error_is_bridged():
    families = [value for value in vars(core).values() if isinstance(value, type)]
    for kind in {kind for kind in families if issubclass(kind, core.APIError)}:
        joined = getattr(both, kind.__name__)
        assert issubclass(joined, kind)
        assert issubclass(joined, lc.ModelError)


def test_retry_middleware_accepts_bridged_errors(chat, sandbox):
    from langchain.agents import create_agent
    from langchain.agents.middleware import ModelRetryMiddleware

    retry = ModelRetryMiddleware(max_retries=1, initial_delay=0.01)
    sandbox.script([{"status": 503}, {"content": "Oui."}])
    state = create_agent(chat(), [], middleware=[retry]).invoke({"messages": [("user", "?")]})
    assert state["messages"][-1].text == "Oui."

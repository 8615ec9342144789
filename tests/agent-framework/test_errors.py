"""Errors in both exception hierarchies: the framework's and the core's."""

import pickle

import pytest
from agent_framework import Agent, exceptions

import llmaas
from agent_framework_llmaas import LLMaaSChatClient, LLMaaSEmbeddingClient, rerank_tool

BLOCKED = {"detail": "Prompt blocked for security reasons"}
CODED = {"error": {"message": "non", "type": "t", "code": "c", "param": "p"}}

ROWS = [
    (400, CODED, exceptions.ChatClientInvalidRequestException, llmaas.BadRequestError),
    (401, CODED, exceptions.ChatClientInvalidAuthException, llmaas.AuthenticationError),
    (403, BLOCKED, exceptions.ChatClientContentFilterException, llmaas.PromptBlockedError),
    (403, CODED, exceptions.ChatClientContentFilterException, llmaas.PermissionDeniedError),
    (403, CODED, exceptions.ChatClientInvalidAuthException, llmaas.PermissionDeniedError),
    (404, CODED, exceptions.ChatClientInvalidRequestException, llmaas.NotFoundError),
    (413, CODED, exceptions.ChatClientInvalidRequestException, llmaas.APIStatusError),
    (422, CODED, exceptions.ChatClientInvalidRequestException, llmaas.APIStatusError),
    (429, CODED, exceptions.ChatClientException, llmaas.RateLimitError),
    (503, CODED, exceptions.ChatClientException, llmaas.InternalServerError),
]


@pytest.mark.parametrize(("status", "body", "theirs", "ours"), ROWS)
async def test_error_has_both_types(sandbox, client, af, stream, status, body, theirs, ours):
    sandbox.script([{"status": status, "json": body}])
    with pytest.raises(theirs) as caught:
        await af.ask(client, stream=stream)
    error = caught.value
    assert isinstance(error, ours)
    assert error.status_code == status
    assert error.request_id == sandbox.requests[-1].request_id
    if body is CODED:
        assert (error.code, error.type, error.param) == ("c", "t", "p")
    else:
        assert "blocked" in str(error)


async def test_retry_after_is_an_attribute(sandbox, client, af, stream):
    sandbox.script([{"status": 429, "headers": {"retry-after": "7"}, "json": CODED}])
    with pytest.raises(exceptions.ChatClientException) as caught:
        await af.ask(client, stream=stream)
    assert caught.value.retry_after == 7


async def test_transient_errors_are_retried(sandbox, make_client, af, stream):
    sandbox.script([{"status": 503, "headers": {"retry-after": "0.01"}}, {"content": "Oui."}])
    assert (await af.ask(make_client(max_retries=2), stream=stream)).text == "Oui."


async def test_unknown_model_is_said_with_its_successor(make_client, af):
    with pytest.raises(exceptions.ChatClientInvalidRequestException) as caught:
        await af.ask(make_client("no-such-model"))
    assert isinstance(caught.value, llmaas.ModelNotFoundError)
    assert caught.value.hint


async def test_connection_error_has_both_types(make_client, af, stream):
    with pytest.raises(exceptions.ChatClientException) as caught:
        await af.ask(make_client(base_url="http://127.0.0.1:9"), stream=stream)
    assert isinstance(caught.value, llmaas.APIConnectionError)


@pytest.mark.parametrize(
    "make", [LLMaaSChatClient, LLMaaSEmbeddingClient, lambda model: rerank_tool(model=model)]
)
def test_invalid_configuration_raises_both_error_types(make, monkeypatch):
    monkeypatch.setenv("LLMAAS_BASE_URL", "ftp://x")
    with pytest.raises(exceptions.ChatClientInvalidRequestException, match="ftp://x") as caught:
        make("m")
    assert isinstance(caught.value, llmaas.ConfigurationError)


async def test_missing_key_is_a_missing_setting(make_client, af, stream, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    with pytest.raises(exceptions.SettingNotFoundError, match="LLMAAS_API_KEY") as caught:
        await af.ask(make_client(), stream=stream)
    assert isinstance(caught.value, exceptions.ChatClientInvalidAuthException)
    assert isinstance(caught.value, llmaas.MissingAPIKeyError)


async def test_agents_let_the_error_through(sandbox, client):
    sandbox.script([{"status": 403, "json": BLOCKED}])
    with pytest.raises(llmaas.PromptBlockedError):
        await Agent(client).run("?")


async def test_errors_survive_a_pickle(sandbox, client, af):
    sandbox.script([{"status": 429, "headers": {"retry-after": "7"}, "json": CODED}])
    with pytest.raises(exceptions.ChatClientException) as caught:
        await af.ask(client)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value)
    assert (str(again), again.retry_after) == (str(caught.value), 7)


@pytest.mark.parametrize("code", ["content_filter", "c"])
async def test_error_type_depends_on_status_and_code(sandbox, client, af, code):
    said = {"error": {"message": "Error code: 401 - {'error': 'content_filter'}", "code": code}}
    sandbox.script([{"status": 404, "json": said}])
    with pytest.raises(llmaas.NotFoundError):
        await af.ask(client)

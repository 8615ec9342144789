"""Errors in both exception hierarchies: Semantic Kernel's and the core's."""

import pickle

import pytest
from semantic_kernel import Kernel
from semantic_kernel.exceptions import (
    KernelInvokeException,
    ServiceContentFilterException,
    ServiceInitializationError,
    ServiceInvalidAuthError,
    ServiceInvalidRequestError,
    ServiceInvalidResponseError,
    ServiceResponseException,
)

import llmaas
from llmaas import errors as core
from llmaas.guard import Guard, GuardError
from semantic_kernel_llmaas import (
    LLMaaSChatCompletion,
    LLMaaSTextEmbedding,
    errors,
    llmaas_error,
)


def refusal(status, message="no", **rest):
    return {"status": status, "json": {"error": {"message": message}}, **rest}


@pytest.mark.parametrize(
    ("status", "theirs", "ours"),
    [
        (400, ServiceInvalidRequestError, llmaas.BadRequestError),
        (401, ServiceInvalidAuthError, llmaas.AuthenticationError),
        (403, ServiceContentFilterException, llmaas.PermissionDeniedError),
        (404, ServiceInvalidRequestError, llmaas.NotFoundError),
        (409, ServiceInvalidRequestError, core.ConflictError),
        (413, ServiceInvalidRequestError, core.PayloadTooLargeError),
        (422, ServiceInvalidRequestError, core.UnprocessableEntityError),
        (429, ServiceResponseException, llmaas.RateLimitError),
        (500, ServiceResponseException, llmaas.InternalServerError),
        (418, ServiceResponseException, core.APIStatusError),
    ],
)
async def test_each_status_belongs_to_both_families(sandbox, chat, ask, status, theirs, ours):
    sandbox.script([refusal(status, "not today")])
    with pytest.raises(theirs) as caught:
        await ask(chat)
    error = caught.value
    assert isinstance(error, ours)
    assert isinstance(error, ServiceResponseException)
    assert error.status_code == status
    assert error.request_id
    assert "not today" in str(error)
    assert "(" not in str(error)[:1]  # no tuple


async def test_blocked_prompt_is_a_content_filter(sandbox, chat, ask):
    sandbox.script([refusal(403, "Prompt blocked for security reasons")])
    with pytest.raises(ServiceContentFilterException) as caught:
        await ask(chat)
    assert isinstance(caught.value, llmaas.PromptBlockedError)
    assert str(caught.value).startswith("403: Prompt blocked for security reasons")
    assert isinstance(caught.value.__cause__, llmaas.PromptBlockedError)


async def test_llmaas_error_is_found_in_the_kernel_error(sandbox, chat):
    kernel = Kernel()
    kernel.add_service(chat)
    sandbox.script([refusal(403, "Prompt blocked for security reasons")])
    with pytest.raises(KernelInvokeException) as caught:
        await kernel.invoke_prompt("Hello")
    error = llmaas_error(caught.value)
    assert isinstance(error, ServiceContentFilterException)
    assert error.hint
    assert llmaas_error(ValueError("another")) is None


async def test_retry_after_is_an_attribute_of_the_error(sandbox, make, ask):
    step = {"status": 429, "headers": {"retry-after": "7"}, "json": {"detail": "slow down"}}
    sandbox.script([step])
    with pytest.raises(errors.LLMaaSRateLimitError) as caught:
        await ask(make(max_retries=0))
    assert caught.value.retry_after == 7.0


async def test_rate_limit_is_retried_before_the_error(sandbox, make, ask):
    step = {"status": 429, "headers": {"retry-after": "0.01"}, "json": {"detail": "slow down"}}
    sandbox.script([step, step, {"content": "At last."}])
    assert (await ask(make(max_retries=2))).content == "At last."
    assert len(sandbox.requests) == 3


PIECE = {"choices": [{"index": 0, "delta": {"content": "Half"}}]}


async def test_error_event_has_both_types(sandbox, chat, stream):
    event = {"error": {"message": "engine died", "type": "server_error", "code": 500}}
    sandbox.script([{"sse": [PIECE, event]}])
    with pytest.raises(ServiceResponseException, match="engine died") as caught:
        await stream(chat)
    assert isinstance(caught.value, llmaas.StreamError)
    assert caught.value.completion.text == "Half"


async def test_interrupted_stream_error_has_both_types(sandbox, chat, stream):
    sandbox.script([{"sse": [PIECE], "end": "rst"}])
    with pytest.raises(ServiceResponseException) as caught:
        await stream(chat)
    assert isinstance(caught.value, llmaas.StreamInterrupted)
    assert caught.value.completion.text == "Half"


async def test_body_that_is_no_answer_is_in_the_family(sandbox, chat, ask):
    sandbox.script([{"content": "x", "fault": "html-200"}])
    with pytest.raises(ServiceInvalidResponseError) as caught:
        await ask(chat)
    assert isinstance(caught.value, llmaas.InvalidResponseError)


async def test_connection_error_is_a_service_error(ask):
    service = LLMaaSChatCompletion(
        "gemma4:31b", api_key="sk-x", base_url="http://127.0.0.1:9", max_retries=0
    )
    with pytest.raises(ServiceResponseException) as caught:
        await ask(service)
    assert isinstance(caught.value, llmaas.APIConnectionError)


async def test_timeout_is_in_the_family(sandbox, make, ask):
    sandbox.script([{"content": "late", "delay": 5}])
    with pytest.raises(errors.LLMaaSTimeoutError):
        await ask(make(timeout=0.2))


async def test_image_that_cannot_be_read_is_in_the_family(chat, ask):
    from semantic_kernel.contents import ChatHistory, ChatMessageContent, ImageContent

    image = ImageContent(data=b"not an image", data_format="base64", mime_type="image/png")
    history = ChatHistory(messages=[ChatMessageContent(role="user", items=[image])])
    history.messages[0].items[0]._data_uri = None
    with pytest.raises(ServiceInvalidRequestError) as caught:
        await ask(chat, history)
    assert isinstance(caught.value, llmaas.InvalidInputError)


@pytest.mark.parametrize("service", [LLMaaSChatCompletion, LLMaaSTextEmbedding])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ai_model_id": "m"}, "LLMAAS_API_KEY"),
        ({"api_key": "sk-x"}, "LLMAAS_.*_MODEL_ID"),
        ({"ai_model_id": " ", "api_key": "sk-x"}, "LLMAAS_.*_MODEL_ID"),
        ({"ai_model_id": "m", "api_key": "sk-x", "base_url": "ftp://x"}, "ftp://x"),
        ({"ai_model_id": "m", "api_key": "sk-x", "max_retries": -1}, "max_retries"),
        ({"ai_model_id": "m", "api_key": "sk é"}, "printable ASCII"),
    ],
)
def test_invalid_argument_raises_error_in_the_constructor(
    tmp_path, monkeypatch, service, arguments, message
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ServiceInitializationError, match=message) as caught:
        service(**arguments)
    assert isinstance(caught.value, llmaas.ConfigurationError)


def test_unknown_option_raises_error():
    with pytest.raises(
        ServiceInitializationError, match=r"reasoning.*'metadata'.*'items'"
    ) as caught:
        LLMaaSChatCompletion("m", api_key="sk-x", reasoning="items")
    assert isinstance(caught.value, llmaas.ConfigurationError)


@pytest.mark.parametrize("encoding", [None, "no-such-encoding"])
def test_file_that_cannot_be_read_is_told_without_what_is_in_it(tmp_path, encoding):
    file = tmp_path / "latin.env"
    file.write_bytes("LLMAAS_API_KEY=sk-secret\nLLMAAS_CHAT_MODEL_ID=é\n".encode("latin-1"))
    with pytest.raises(ServiceInitializationError, match=r"\.env.*codec|encoding") as caught:
        LLMaaSChatCompletion(env_file_path=str(file), env_file_encoding=encoding)
    chain = (caught.value, caught.value.__cause__, caught.value.__context__)
    assert "sk-secret" not in repr(chain)


async def test_error_attributes_come_from_status_body_and_headers(sandbox, chat, ask):
    body = {"error": {"message": "no", "type": "t", "code": "c", "param": "messages"}}
    sandbox.script([{"status": 400, "json": body, "headers": {"x-request-id": "r-1"}}])
    with pytest.raises(errors.LLMaaSBadRequestError) as caught:
        await ask(chat)
    error = caught.value
    assert (error.status_code, error.code, error.type, error.param) == (400, "c", "t", "messages")
    assert error.request_id == "r-1"


async def test_errors_survive_pickling(sandbox, chat, ask):
    step = {"status": 429, "headers": {"retry-after": "7"}, "json": {"detail": "slow down"}}
    sandbox.script([step])
    with pytest.raises(errors.LLMaaSRateLimitError) as caught:
        await ask(chat)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is errors.LLMaaSRateLimitError
    assert again.retry_after == 7.0


async def test_no_error_shows_the_key(sandbox, ask):
    service = LLMaaSChatCompletion("gemma4:31b", api_key="sk-very-secret", max_retries=0)
    with pytest.raises(ServiceInvalidAuthError) as caught:
        await ask(service)
    assert "very-secret" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


async def test_error_of_no_kind_of_its_own_is_raised_as_it_is(sandbox, ask):
    hooks = [Guard(refuse={"bidi"})]
    service = LLMaaSChatCompletion("gemma4:31b", max_retries=0, hooks=hooks)
    with pytest.raises(GuardError) as caught:
        await ask(service, "a\u202eb")
    assert caught.value.__cause__ is None
    assert llmaas_error(caught.value) is caught.value


def test_every_error_of_the_core_has_its_kind():
    kinds = [
        value
        for value in vars(core).values()
        if isinstance(value, type) and issubclass(value, core.LLMaaSError)
    ]
    for kind in set(kinds) - {core.LLMaaSError}:
        joined = errors.translate_errors.translate(kind.__new__(kind))
        assert isinstance(joined, kind)
        assert type(joined).__module__ == errors.__name__

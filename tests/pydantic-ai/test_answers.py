"""What becomes of answers: cut calls, empty answers, refusals, broken streams, errors."""

import asyncio
import json
import pickle
import traceback

import pytest
from pydantic_ai import Agent, exceptions
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import ModelRequest, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.tools import ToolDefinition

import llmaas
from llmaas import errors
from llmaas.quota import Budget
from pydantic_ai_llmaas import LLMaaSModel, LLMaaSProvider, responses
from pydantic_ai_llmaas.errors import translate_errors

BLOCKED = {"detail": "Prompt blocked for security reasons"}
TOO_LONG = {
    "error": {"message": "This model's maximum context length is 8192 tokens.", "code": 400}
}
RAN = []


def pay(amount: int = 1000) -> str:
    """Pay an amount."""
    RAN.append(amount)
    return "paid"


@pytest.mark.parametrize("arguments", ['{"amount": 1', "{}", ""])
async def test_a_cut_call_never_runs(model, ask, sandbox, arguments):
    RAN.clear()
    call = {"name": "pay", "arguments": arguments}
    sandbox.script([{"tool_calls": [call], "finish_reason": "length"}] * 3)
    with pytest.raises(exceptions.UnexpectedModelBehavior):
        await ask(Agent(model, tools=[pay], retries=1))
    assert not RAN


@pytest.mark.parametrize("arguments", ["{}", '{"a": {}} ', '{"a"', "", "[1]", "1"])
def test_arguments_of_a_cut_call_are_no_json(arguments):
    call = llmaas.types.ToolCall("1", "pay", arguments, cut=True)
    with pytest.raises(ValueError, match=r"."):
        json.loads(responses.tool_call_arguments(call))


@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
async def test_an_empty_answer_says_why(model, sandbox):
    sandbox.script([{"content": "", "finish_reason": "length"}])
    response = await model_request(model, [ModelRequest([UserPromptPart("Bonjour")])])
    assert not response.parts
    assert response.provider_details["empty_reason"]


@pytest.mark.filterwarnings("ignore::llmaas.warnings.EmptyAnswerWarning")
async def test_an_agent_asks_again_after_an_empty_answer(model, ask, sandbox):
    sandbox.script([{"content": ""}, {"content": "Oui."}])
    assert (await ask(Agent(model, retries=1))).output == "Oui."


async def test_usage_and_time_are_the_services(model, ask, sandbox):
    usage = {
        "prompt_tokens": 7,
        "completion_tokens": 5,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    sandbox.script([{"content": "Oui.", "usage": usage}])
    told = (await ask(model)).response.usage
    assert (told.input_tokens, told.output_tokens, told.cache_read_tokens) == (7, 5, 3)
    assert (told.output_reasoning_tokens, told.details["reasoning_tokens"]) == (2, 2)
    assert told.unmeasured_requests == 0


ERRORS = [
    (403, BLOCKED, exceptions.ModelRequestRejectedError, llmaas.PromptBlockedError),
    (400, TOO_LONG, exceptions.ModelContextWindowExceededError, llmaas.ContextOverflowError),
    (422, {}, exceptions.ModelRequestRejectedError, errors.UnprocessableEntityError),
    (500, {}, exceptions.ModelServerError, llmaas.InternalServerError),
    (503, {}, exceptions.ModelUnavailableError, llmaas.InternalServerError),
]


@pytest.mark.parametrize(("status", "body", "theirs", "ours"), ERRORS)
async def test_errors_belong_to_both_hierarchies(model, ask, sandbox, status, body, theirs, ours):
    sandbox.script([{"status": status, "json": body}] * 2)
    with pytest.raises(theirs) as caught:
        await ask(model)
    error = caught.value
    assert isinstance(error, exceptions.ModelHTTPError)
    assert isinstance(error, ours)
    assert type(error.__cause__) is ours
    assert (error.status_code, error.model_name) == (status, "gpt-oss:120b")
    assert error.hint in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.status_code) == (type(error), str(error), status)


async def test_a_fallback_model_moves_on(make_model, ask, sandbox):
    sandbox.script([{"status": 503, "json": {}}, {"content": "Oui."}])
    models = FallbackModel(make_model(), make_model("mistral-small4:119b"))
    assert (await ask(models)).output == "Oui."


async def test_a_broken_stream_is_a_connection_error_with_what_came(model, sandbox):
    sandbox.script([{"content": "Un deux trois quatre cinq.", "fault": "cut:4:fin,no-reasoning"}])
    messages = [ModelRequest([UserPromptPart("Bonjour")])]
    async with model_request_stream(model, messages) as stream:
        with pytest.raises(exceptions.ModelConnectionError) as caught:
            [_ async for _ in stream]
    assert isinstance(caught.value, llmaas.StreamInterrupted)
    assert caught.value.completion.text
    assert stream.get().state == "incomplete"


async def test_a_cancelled_stream_is_interrupted(model, sandbox):
    sandbox.script([{"content": "un deux trois quatre " * 20, "delay": 0.01}])
    messages = [ModelRequest([UserPromptPart("Bonjour")])]
    async with model_request_stream(model, messages) as stream:
        async for _ in stream:
            await stream.cancel()
    assert stream.get().state == "interrupted"


async def test_nobody_listens_is_a_connection_error(ask):
    provider = LLMaaSProvider(base_url="http://127.0.0.1:9", api_key="sk-test", max_retries=0)
    with pytest.raises(exceptions.ModelConnectionError) as caught:
        await ask(LLMaaSModel("gpt-oss:120b", provider=provider))
    assert isinstance(caught.value, llmaas.APIConnectionError)
    assert pickle.loads(pickle.dumps(caught.value)).model_name == "gpt-oss:120b"


async def test_a_spent_budget_refuses_before_anything_is_sent(make_model, ask, sandbox):
    model = make_model(hooks=[Budget(eur=0.000001)])
    with pytest.raises(exceptions.ModelQuotaExceededError) as caught:
        await ask(model)
    assert isinstance(caught.value, llmaas.BudgetExceededError)
    assert not sandbox.requests


async def test_a_missing_key_is_a_user_error(ask):
    with pytest.raises(exceptions.UserError, match="LLMAAS_API_KEY") as caught:
        await ask(LLMaaSModel("gpt-oss:120b"))
    assert isinstance(caught.value, llmaas.MissingAPIKeyError)


def test_a_misspelt_argument_names_our_class():
    with pytest.raises(TypeError, match=r"LLMaaSProvider\(\) .* 'time_out'"):
        LLMaaSProvider(api_key="sk-test", time_out=3)


def test_every_error_of_the_core_is_translated_and_survives_pickling():
    kinds = {k for k in vars(errors).values() if isinstance(k, type)}
    for kind in {k for k in kinds if issubclass(k, llmaas.LLMaaSError)}:
        is_api = issubclass(kind, llmaas.APIError)
        error = kind.build("It failed.", status_code=500) if is_api else kind("It failed.")
        joined = translate_errors.translate(error, model_name="m")
        assert isinstance(joined, kind)
        assert isinstance(joined, exceptions.AgentRunError | exceptions.UserError)
        again = pickle.loads(pickle.dumps(joined))
        assert (type(again), str(again)) == (type(joined), str(error))


def test_other_errors_are_left_as_they_are():
    error = KeyError("a")
    assert translate_errors.translate(error, model_name="m") is error
    ours = translate_errors.translate(llmaas.ConfigurationError("no"), model_name="m")
    assert translate_errors.translate(ours, model_name="m") is ours


async def test_no_key_is_shown(make_model, ask, sandbox):
    model = make_model(api_key="sk-of-someone")
    with pytest.raises(exceptions.ModelAuthenticationError) as caught:
        await ask(model)
    shown = "".join(traceback.format_exception(caught.value)) + repr(model) + repr(model.provider)
    assert "sk-of-someone" not in shown


def test_a_model_works_in_several_event_loops(model, sandbox):
    for _ in range(2):
        assert asyncio.run(Agent(model).run('Say "Oui"')).output


async def test_calls_come_out_with_their_ids(model, sandbox, stream):
    call = {"id": "abc123def", "name": "a", "arguments": {"x": 1}}
    sandbox.script([{"tool_calls": [call]}])
    told = {
        "model_request_parameters": ModelRequestParameters(
            function_tools=[ToolDefinition(name="a")]
        )
    }
    messages = [ModelRequest([UserPromptPart("Bonjour")])]
    if stream:
        async with model_request_stream(model, messages, **told) as events:
            async for _ in events:
                pass
        response = events.get()
    else:
        response = await model_request(model, messages, **told)
    (part,) = response.tool_calls
    assert (part.tool_name, part.args_as_dict(), part.tool_call_id) == ("a", {"x": 1}, "abc123def")
    assert response.finish_reason == "tool_call"

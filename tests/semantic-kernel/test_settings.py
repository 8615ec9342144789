"""Execution settings and every form of ``FunctionChoiceBehavior``."""

import copy
import dataclasses
import enum
import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
from semantic_kernel.contents import ChatHistory
from semantic_kernel.exceptions import ServiceInvalidExecutionSettingsError

from llmaas.warnings import IgnoredOptionWarning
from semantic_kernel_llmaas import LLMaaSChatPromptExecutionSettings as Settings
from semantic_kernel_llmaas.errors import LLMaaSStructuredOutputError


@pytest.fixture
def sent(ask, sandbox, chat):
    """Ask with settings and return the body on the wire, without the messages."""

    async def sent(settings, **kwargs):
        await ask(chat, "Say 'oui'", settings, **kwargs)
        body = sandbox.requests[-1].json
        plumbing = ("messages", "stream", "stream_options")
        return {name: value for name, value in body.items() if name not in plumbing}

    return sent


async def test_unknown_settings_are_on_the_wire(sent):
    body = await sent(Settings(top_k=4, chat_template_kwargs={"enable_thinking": False}))
    assert body == {
        "model": "gemma4:31b",
        "max_tokens": 16384,
        "top_k": 4,
        "chat_template_kwargs": {"enable_thinking": False},
    }


async def test_every_named_setting_is_on_the_wire(sent):
    values: dict[str, Any] = {
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 99,
        "presence_penalty": 0.1,
        "frequency_penalty": -0.1,
        "stop": ["\n\n"],
        "seed": 7,
        "user": "u1",
        "logprobs": True,
        "top_logprobs": 2,
    }
    settings = Settings(ai_model_id="gpt-oss:120b", number_of_responses=1, **values)
    settings.parallel_tool_calls = False  # sent with tools only
    body = await sent(settings)
    assert body == {"model": "gpt-oss:120b", "n": 1, **values}


async def test_extra_body_headers_and_wire_names(sent, sandbox):
    settings = Settings(
        model="gpt-oss:120b", n=1, extra_body={"min_p": 0.1}, extra_headers={"x-team": "blue"}
    )
    body = await sent(settings)
    assert (body["model"], body["n"], body["min_p"]) == ("gpt-oss:120b", 1, 0.1)
    assert sandbox.requests[-1].headers["x-team"] == "blue"


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "xhigh"])
async def test_any_reasoning_effort(sent, effort):
    assert (await sent(Settings(reasoning_effort=effort)))["reasoning_effort"] == effort


async def test_generic_settings_are_converted(sent):
    settings = PromptExecutionSettings(temperature=0.3, top_k=4, max_tokens=50)
    body = await sent(settings)
    assert body == {"model": "gemma4:31b", "temperature": 0.3, "top_k": 4, "max_tokens": 50}


class OpenAILike(PromptExecutionSettings):
    """What the stock connector's settings look like, without importing that connector."""

    ai_model_id: str | None = None
    temperature: float | None = None
    messages: list[Any] | None = None
    stream: bool = False
    structured_json_response: bool = False
    response_format: Any = None
    reasoning_effort: str | None = None
    number_of_responses: int | None = None


async def test_settings_of_another_connector_are_converted(sent):
    theirs = OpenAILike(
        ai_model_id="gpt-oss:120b",
        temperature=0.3,
        stream=False,
        structured_json_response=True,
        messages=[{"role": "user", "content": "not this"}],
        reasoning_effort="low",
        number_of_responses=1,
        min_p=0.1,
    )
    assert await sent(theirs) == {
        "model": "gpt-oss:120b",
        "temperature": 0.3,
        "reasoning_effort": "low",
        "n": 1,
        "min_p": 0.1,
        "max_tokens": 16384,
    }


def test_settings_class_has_the_service_parameters():
    for wrong in ({"temperature": 3}, {"top_p": -1}, {"max_tokens": 0}, {"number_of_responses": 0}):
        with pytest.raises(ValidationError):
            Settings(**wrong)


class Weather(BaseModel):
    city: str
    celsius: float


@dataclasses.dataclass
class Town:
    city: str


class Place:
    """A plain annotated class."""

    city: str


@pytest.mark.parametrize("shape", [Weather, Town, Place])
async def test_response_format_class_is_sent_as_strict_schema(sent, shape):
    body = await sent(Settings(response_format=shape))
    wire = body["response_format"]
    assert wire["type"] == "json_schema"
    assert wire["json_schema"]["strict"] is True
    assert wire["json_schema"]["name"] == shape.__name__
    assert "city" in wire["json_schema"]["schema"]["properties"]


async def test_answer_is_json_and_parsed(ask, chat):
    answer = await ask(
        chat, "Weather: it is 21 degrees in Paris", Settings(response_format=Weather)
    )
    assert Weather.model_validate_json(answer.content) == answer.metadata["parsed"]


async def test_fence_around_json_is_removed(sandbox, ask, chat):
    sandbox.script([{"content": '```json\n{"city": "Nîmes", "celsius": 30}\n```'}])
    answer = await ask(chat, "?", Settings(response_format=Weather))
    assert Weather.model_validate_json(answer.content) == Weather(city="Nîmes", celsius=30)


async def test_fence_is_kept_when_format_is_plain_text(sandbox, ask, chat):
    fenced = "```python\nprint(1)\n```"
    sandbox.script([{"content": fenced}])
    answer = await ask(chat, "?", Settings(response_format={"type": "text"}))
    assert answer.content == fenced


async def test_fences_are_taken_off_all_of_several_answers(sandbox, chat):
    said = ['```json\n{"a": 1}\n```', '```json\n{"a": 2}\n```', "I think so.", "[" * 100_000]
    choices = [
        {"index": n, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for n, text in enumerate(said)
    ]
    sandbox.script([{"status": 200, "json": {"id": "x", "model": "m", "choices": choices}}])
    settings = Settings(response_format={"type": "json_object"}, number_of_responses=4)
    answers = await chat.get_chat_message_contents(history("?"), settings)
    assert [answer.content for answer in answers] == ['{"a": 1}', '{"a": 2}', *said[2:]]


async def test_invalid_output_is_retried_once_unless_repair_is_off(sandbox, chat):
    misfit, fit = {"content": "I think so."}, {"content": '{"city": "Nîmes", "celsius": 30}'}
    sandbox.script([misfit, fit])
    asked = await chat.get_chat_message_content(history("?"), Settings(response_format=Weather))
    assert asked.metadata["parsed"].city == "Nîmes"
    sandbox.script([misfit])
    settings = Settings(response_format=Weather, repair=False)
    assert (await chat.get_chat_message_content(history("?"), settings)).content == "I think so."
    sandbox.script([misfit, misfit])
    with pytest.raises(LLMaaSStructuredOutputError) as caught:
        await chat.get_chat_message_content(history("?"), Settings(response_format=Weather))
    assert caught.value.text == "I think so."


async def test_response_format_dict_is_sent_unchanged(sent):
    body = await sent(Settings(response_format={"type": "json_object"}))
    assert body["response_format"] == {"type": "json_object"}


def test_update_by_wire_names_wins():
    settings = Settings(ai_model_id="a", number_of_responses=1)
    newer = PromptExecutionSettings(extension_data={"model": "b", "n": 2})
    settings.update_from_prompt_execution_settings(newer)
    assert settings.prepare_settings_dict() == {"model": "b", "n": 2}


def test_settings_survive_a_deep_copy():
    settings = Settings(response_format=Weather, temperature=0.1, top_k=3)
    again = copy.deepcopy(settings)
    assert again.prepare_settings_dict() == settings.prepare_settings_dict()
    assert again.response_format is Weather


async def test_several_responses_exclude_automatic_functions(ask, chat, kernel):
    settings = Settings(
        number_of_responses=2, function_choice_behavior=FunctionChoiceBehavior.Auto()
    )
    with pytest.raises(ServiceInvalidExecutionSettingsError):
        await ask(chat, "?", settings, kernel=kernel)


async def test_auto_invokes_and_answers(ask, chat, kernel, weather, sandbox):
    settings = Settings(function_choice_behavior=FunctionChoiceBehavior.Auto())
    answer = await ask(chat, "What is the weather in Paris?", settings, kernel=kernel)
    assert weather.asked == ["Paris"]
    assert "Paris: sunny" in answer.content or "Paris: sunny" in str(answer.items)
    tools = sandbox.requests[0].json["tools"]
    assert tools[0]["function"]["name"] == "weather-get_weather"
    assert sandbox.requests[0].json["tool_choice"] == "auto"


async def test_auto_without_invoking_returns_the_call(ask, chat, kernel, weather):
    settings = Settings(function_choice_behavior=FunctionChoiceBehavior.Auto(auto_invoke=False))
    answer = await ask(chat, "What is the weather in Paris?", settings, kernel=kernel)
    assert not weather.asked
    (call,) = answer.items
    assert call.name == "weather-get_weather"
    assert json.loads(call.arguments) == {"city": "Paris"}


async def test_required_names_the_only_tool(ask, chat, kernel, weather, sandbox):
    settings = Settings(function_choice_behavior=FunctionChoiceBehavior.Required())
    await ask(chat, "Paris?", settings, kernel=kernel)
    assert len(weather.asked) == 1
    first = sandbox.requests[0].json
    assert first["tool_choice"] == {"type": "function", "function": {"name": "weather-get_weather"}}
    if not ask.streamed:  # the base asks a last time without tools, whole answers only
        assert "tools" not in sandbox.requests[1].json


async def test_choice_none_sends_tools_and_forbids_calls(ask, chat, kernel, weather, sandbox):
    settings = Settings(function_choice_behavior=FunctionChoiceBehavior.NoneInvoke())
    await ask(chat, "What is the weather in Paris?", settings, kernel=kernel)
    assert not weather.asked
    assert sandbox.requests[0].json["tool_choice"] == "none"
    assert sandbox.requests[0].json["tools"]


@pytest.mark.parametrize(
    ("written", "invokes"),
    [("auto", True), ({"type": "auto"}, False), ({"type": "auto", "auto_invoke": True}, True)],
)
async def test_yaml_formats_select_the_behavior(ask, chat, kernel, weather, written, invokes):
    settings = Settings(function_choice_behavior=copy.deepcopy(written))
    await ask(chat, "What is the weather in Paris?", settings, kernel=kernel)
    assert bool(weather.asked) is invokes


async def test_only_the_selected_functions_are_sent(ask, chat, kernel, sandbox):
    behavior = FunctionChoiceBehavior.Auto(filters={"excluded_plugins": ["weather"]})
    await ask(chat, "Paris?", Settings(function_choice_behavior=behavior), kernel=kernel)
    assert "tools" not in sandbox.requests[0].json


async def test_parallel_calls_are_answered_together(ask, chat, kernel, weather, sandbox):
    settings = Settings(function_choice_behavior=FunctionChoiceBehavior.Auto())
    await ask(chat, "What is the weather in Paris and Lyon?", settings, kernel=kernel)
    assert sorted(weather.asked) == ["Lyon", "Paris"]
    roles = [message["role"] for message in sandbox.requests[1].json["messages"]]
    assert roles == ["user", "assistant", "tool", "tool"]


def history(text):
    from semantic_kernel.contents import ChatHistory

    history = ChatHistory()
    history.add_user_message(text)
    return history


async def test_extension_data_is_skipped_with_a_warning_when_not_json(sent):
    data = {"top_k": 3, "session": object(), "tags": {"a": [1]}}
    with pytest.warns(IgnoredOptionWarning, match="session"):
        body = await sent(PromptExecutionSettings(extension_data=data))
    assert (body["top_k"], body["tags"]) == (3, {"a": [1]})
    assert "session" not in body


class Unknown(enum.Enum):
    THING = object()


@pytest.mark.parametrize(
    "value", [float("nan"), {"x": [float("inf")]}, Unknown.THING, {"a": (1, {"b": object()})}]
)
async def test_extension_data_is_skipped_when_json_has_no_form_for_it(sent, value):
    with pytest.warns(IgnoredOptionWarning, match="odd"):
        body = await sent(PromptExecutionSettings(extension_data={"odd": value, "min_p": 0.5}))
    assert "odd" not in body
    assert body["min_p"] == 0.5


async def test_last_call_has_no_tools_when_the_invocation_limit_is_reached(
    sandbox, ask, chat, kernel, weather
):
    call = {"tool_calls": [{"name": "weather-get_weather", "arguments": '{"city": "Nice"}'}]}
    sandbox.script([call, call, {"content": "Sunny."}])
    behavior = FunctionChoiceBehavior.Auto(maximum_auto_invoke_attempts=2)
    settings = Settings(function_choice_behavior=behavior)
    answer = await ask(chat, "?", settings, kernel=kernel)
    assert answer.content == "Sunny."
    assert ["tools" in request.json for request in sandbox.requests] == [True, True, False]
    assert behavior.maximum_auto_invoke_attempts == 2
    assert weather.asked == ["Nice", "Nice"]


@pytest.mark.parametrize("behavior", ["auto", "required"])
async def test_no_function_runs_beyond_the_limit_when_the_model_insists(
    sandbox, ask, chat, kernel, weather, behavior
):
    call = {"tool_calls": [{"name": "weather-get_weather", "arguments": '{"city": "Nice"}'}]}
    sandbox.script([call, call])
    make = getattr(FunctionChoiceBehavior, behavior.capitalize())
    settings = Settings(function_choice_behavior=make(maximum_auto_invoke_attempts=1))
    answer = await ask(chat, "?", settings, kernel=kernel)
    assert weather.asked == ["Nice"]
    assert [type(item).__name__ for item in answer.items] == ["FunctionCallContent"]
    assert ["tools" in request.json for request in sandbox.requests] == [True, False]


async def test_system_messages_are_merged_when_several_are_in_the_history(sandbox, ask, chat):
    history = ChatHistory(system_message="Be brief.")
    history.add_user_message("?")
    history.add_system_message("Answer in French.")
    await ask(chat, history)
    first, *others = sandbox.requests[-1].json["messages"]
    assert (first["role"], first["content"]) == ("system", "Be brief.\n\nAnswer in French.")
    assert "system" not in [message["role"] for message in others]

"""Tool calls and structured output."""

import json

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import StructuredMessage
from autogen_core import FunctionCall
from autogen_core.models import AssistantMessage, UserMessage
from autogen_core.tools import FunctionTool
from pydantic import BaseModel

from llmaas import ConfigurationError, StructuredOutputError

CALL = {"name": "weather", "arguments": {"city": "Paris"}, "id": "call_1"}
OTHER = {"name": "weather", "arguments": {"city": "Lyon"}, "id": "call_2"}


class Report(BaseModel):
    city: str
    degrees: int


def weather(city: str) -> str:
    """Weather of a city."""
    return f"{city}: 21 degrees"


TOOL = FunctionTool(weather, description="Weather of a city")


async def test_text_and_call_in_one_delta(ask, client, sandbox):
    step = {"content": "One moment.", "tool_calls": [CALL]}
    sandbox.script([{**step, "fault": "text-and-tool,no-reasoning"}])
    answer = await ask(client, "Weather?", tools=[TOOL])
    assert answer.result.thought == "One moment."
    assert answer.result.finish_reason == "function_calls"
    [call] = answer.result.content
    assert (call.id, call.name, json.loads(call.arguments)) == (
        "call_1",
        "weather",
        CALL["arguments"],
    )


FORMS = ["tool-repeat-id", "tool-no-index", "tool-object-args", "tool-same-index"]


@pytest.mark.parametrize("fault", FORMS)
async def test_two_calls_whatever_their_form(ask, client, sandbox, fault):
    sandbox.script([{"tool_calls": [CALL, OTHER], "fault": fault}])
    answer = await ask(client, "Weather?", tools=[TOOL])
    assert [call.name for call in answer.result.content] == ["weather", "weather"]
    cities = [json.loads(call.arguments)["city"] for call in answer.result.content]
    assert cities == ["Paris", "Lyon"]
    assert len({call.id for call in answer.result.content} - {""}) == 2


async def test_empty_arguments_are_an_object(ask, client, sandbox):
    sandbox.script([{"tool_calls": [{"name": "now", "arguments": ""}], "fault": "tool-empty-args"}])
    [call] = (await ask(client, "Now?", tools=[{"name": "now"}])).result.content
    assert call.arguments == "{}"


@pytest.mark.parametrize("streaming", [False, True])
async def test_structured_output_with_plain_tools(client, sandbox, streaming):
    agent = AssistantAgent(
        "a",
        client,
        tools=[weather],
        output_content_type=Report,
        reflect_on_tool_use=True,
        model_client_stream=streaming,
    )
    sandbox.script([{"tool_calls": [CALL]}, {"content": '{"city": "Paris", "degrees": 21}'}])
    message = (await agent.run(task="Weather in Paris?")).messages[-1]
    assert isinstance(message, StructuredMessage)
    assert message.content == Report(city="Paris", degrees=21)
    first, second = (request.json for request in sandbox.requests)
    assert "response_format" not in first  # or no tool is called: engines enforce it at once
    assert second["response_format"]["json_schema"]["name"] == "Report"
    assert first["tools"][0]["function"]["strict"] is False


async def test_fenced_json_is_parsed(ask, client, sandbox):
    sandbox.script([{"content": '{"city": "Paris", "degrees": 21}', "fault": "fenced-json"}])
    answer = await ask(client, "Weather?", json_output=Report)
    assert Report.model_validate_json(answer.result.content).degrees == 21


@pytest.mark.parametrize("wanted", [Report, True], ids=["model", "json"])
async def test_text_after_json_is_removed(ask, client, sandbox, wanted):
    sandbox.script([{"content": '{"city": "Paris", "degrees": 21}\n\nI hope this helps.'}])
    answer = await ask(client, "Weather?", json_output=wanted)
    assert Report.model_validate_json(answer.result.content).degrees == 21


@pytest.mark.parametrize("wanted", [Report, True], ids=["model", "json"])
@pytest.mark.parametrize("text", ['{"city": "Par', '{"city": "Paris"', "{"])
async def test_structured_answer_raises_when_cut_by_length(ask, client, sandbox, text, wanted):
    cut = {"content": text, "finish_reason": "length"}
    sandbox.script([cut, cut])
    with pytest.raises(StructuredOutputError, match="max_tokens") as caught:
        await ask(client, "Weather?", json_output=wanted)
    assert caught.value.completion.text == text
    assert client.totals.requests == 1
    assert client.total_usage().completion_tokens > 0


async def test_structured_answer_is_a_result_when_only_white_space_is_cut(ask, client, sandbox):
    whole = {"content": '{"city": "Paris", "degrees": 21}\n\n', "finish_reason": "length"}
    sandbox.script([whole])
    answer = await ask(client, "Weather?", json_output=Report)
    assert Report.model_validate_json(answer.result.content).city == "Paris"


async def test_broken_json_is_corrected_once_and_both_answers_count(client, sandbox):
    sandbox.script([{"content": "no"}, {"content": '{"city": "Paris", "degrees": 21}'}])
    result = await client.create([UserMessage(content="?", source="u")], json_output=Report)
    assert Report.model_validate_json(result.content).city == "Paris"
    assert len(sandbox.requests) == 2


async def test_invalid_output_raises_typed_error(client, sandbox):
    sandbox.script([{"content": "no"}, {"content": "never"}])
    with pytest.raises(StructuredOutputError) as caught:
        await client.create([UserMessage(content="?", source="u")], json_output=Report)
    assert caught.value.text == "never"
    usage = caught.value.completion.usage
    assert client.total_usage().completion_tokens == usage.completion_tokens > 0
    assert client.cost_eur == caught.value.completion.cost > 0


async def test_json_mode(ask, client, sandbox):
    sandbox.script([{"content": '{"a": 1}'}])
    answer = await ask(client, "JSON, please", json_output=True)
    assert json.loads(answer.result.content) == {"a": 1}
    assert list(sandbox.requests)[-1].json["response_format"] == {"type": "json_object"}


async def test_json_mode_off_asks_for_text(ask, client, sandbox):
    sandbox.script([{"content": "```json\n{}\n```"}])
    answer = await ask(client, "Hi", json_output=False)
    assert list(sandbox.requests)[-1].json["response_format"] == {"type": "text"}
    assert answer.result.content.startswith("```")


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "function_call"])
async def test_any_finish_reason_beside_calls_without_warning(ask, client, sandbox, reason):
    sandbox.script([{"tool_calls": [CALL], "finish_reason": reason}])
    answer = await ask(client, "Weather?", tools=[TOOL])
    assert answer.result.finish_reason == "function_calls"


async def test_another_model_name_in_the_answer_without_warning(ask, client, sandbox):
    sandbox.script([{"content": "Oui.", "model": "openai/gpt-oss-120b"}])
    assert (await ask(client, "Hi")).result.content == "Oui."


async def test_finish_reasons(ask, client, sandbox):
    reasons = ["stop", "length", "content_filter", "other"]
    sandbox.script([{"content": "Oui.", "finish_reason": reason} for reason in reasons])
    found = [(await ask(client, "Hi")).result.finish_reason for _ in reasons]
    assert found == ["stop", "length", "content_filter", "unknown"]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", {"type": "function", "function": {"name": "weather"}}),
        (TOOL, {"type": "function", "function": {"name": "weather"}}),
    ],
    ids=["auto", "none", "required", "tool"],
)
async def test_tool_choice(ask, client, sandbox, choice, sent):
    await ask(client, "Weather?", tools=[TOOL], tool_choice=choice)
    assert list(sandbox.requests)[-1].json["tool_choice"] == sent


@pytest.mark.parametrize("tools", [[{"name": "other"}], []], ids=["others", "none"])
async def test_tool_choice_among_other_tools_is_refused(ask, client, sandbox, tools):
    with pytest.raises(ConfigurationError, match="weather"):
        await ask(client, "?", tools=tools, tool_choice=TOOL)
    assert not list(sandbox.requests)


async def test_tools_with_accents_go_out_in_ascii_and_come_back(ask, client, sandbox):
    names = ["transfer_to_rédacteur", "transfer_to_redacteur"]
    sandbox.script([{"tool_calls": [{"name": "transfer_to_redacteur", "arguments": {}}]}])
    answer = await ask(client, "Go on", tools=[{"name": name} for name in names])
    sent = [t["function"]["name"] for t in list(sandbox.requests)[-1].json["tools"]]
    assert sent == ["transfer_to_redacteur", "transfer_to_redacteur_2"]
    assert answer.result.content == [
        FunctionCall(id=answer.result.content[0].id, name=names[0], arguments="{}")
    ]


async def test_earlier_calls_have_the_names_that_are_offered(ask, client, sandbox):
    names = ["transfer_to_rédacteur", "transfer_to_redacteur"]
    calls = [FunctionCall(id=str(n), name=name, arguments="{}") for n, name in enumerate(names)]
    said = [UserMessage(content="Go on", source="u"), AssistantMessage(content=calls, source="a")]
    await ask(client, said, tools=[{"name": name} for name in names])
    sent = list(sandbox.requests)[-1].json
    offered = [tool["function"]["name"] for tool in sent["tools"]]
    assert [c["function"]["name"] for c in sent["messages"][1]["tool_calls"]] == offered


async def test_refusal_is_said(client, sandbox):
    message = {"role": "assistant", "content": None, "refusal": "I will not."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    sandbox.script([{"json": {"id": "x", "model": "m", "choices": [choice]}}])
    result = await client.create([UserMessage(content="?", source="u")])
    assert result.content == "I will not."


async def test_citation_is_no_json(client, sandbox):
    sandbox.script([{"content": "As said in [1], no."}])
    asked = client.create_stream([UserMessage(content="?", source="u")], json_output=True)
    *_, result = [piece async for piece in asked]
    assert result.content == "As said in [1], no."


async def test_token_without_probability_is_impossible(ask, client, sandbox):
    token = {"token": "O", "logprob": None, "top_logprobs": [{"token": "O", "logprob": None}]}
    sandbox.script([{"content": "O", "logprobs": {"content": [token]}}])
    answer = await ask(client, "Hi", extra_create_args={"logprobs": True})
    [token] = answer.result.logprobs
    assert (token.logprob, token.top_logprobs[0].logprob) == (-9999.0, -9999.0)


async def test_logprobs(ask, client, sandbox):
    answer = await ask(client, 'Say "Oui"', extra_create_args={"logprobs": True, "top_logprobs": 2})
    first = answer.result.logprobs[0]
    assert first.token
    assert first.logprob <= 0
    assert first.top_logprobs


@pytest.mark.parametrize("kind", [Report, Report.model_json_schema()], ids=["class", "schema"])
async def test_response_format_of_the_constructor(sandbox, kind):
    from autogen_llmaas import LLMaaSChatCompletionClient

    sandbox.script([{"content": 'Here: {"city": "Paris", "degrees": 21}'}] * 2)
    client = LLMaaSChatCompletionClient("gpt-oss:120b", response_format=kind)
    copy = LLMaaSChatCompletionClient.load_component(client.dump_component())
    for each in (client, copy):
        result = await each.create([UserMessage(content="?", source="user")])
        assert json.loads(result.content) == {"city": "Paris", "degrees": 21}
        schema = sandbox.requests[-1].json["response_format"]["json_schema"]
        assert (schema["name"], schema["strict"]) == ("Report", True)


@pytest.mark.parametrize(
    ("choice", "sent"),
    [("auto", "auto"), ("none", "none"),
     ({"type": "function", "function": {"name": "weather"}},) * 2],
)  # fmt: skip
@pytest.mark.parametrize("streamed", [False, True])
async def test_tool_choice_in_extra_create_args_is_taken(client, sandbox, choice, sent, streamed):
    def weather(city: str) -> str:
        return city

    asked = {
        "messages": [UserMessage(content="Paris?", source="user")],
        "tools": [FunctionTool(weather, "Weather of a city.")],
        "extra_create_args": {"tool_choice": choice},
    }
    if streamed:
        _ = [event async for event in client.create_stream(**asked)]
    else:
        await client.create(**asked)
    assert list(sandbox.requests)[-1].json["tool_choice"] == sent


async def test_tool_choice_in_extra_create_args_is_left_out_without_tools(client, sandbox):
    question = [UserMessage(content="Paris?", source="user")]
    await client.create(question, extra_create_args={"tool_choice": "auto"})
    assert "tool_choice" not in list(sandbox.requests)[-1].json

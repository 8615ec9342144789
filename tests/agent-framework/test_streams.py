"""Streams with response variants, errors and interruptions."""

import json

import pytest
from agent_framework import Agent, tool
from agent_framework.exceptions import ChatClientException, ChatClientInvalidResponseException

import llmaas
from tests.helpers.waiting import soon

CALLS = [
    {"name": "get_weather", "arguments": {"city": "Paris"}},
    {"name": "get_weather", "arguments": {"city": "Orléans"}},
]
DIALECTS = ["tool-same-index", "tool-no-index", "tool-repeat-id", "tool-object-args", "trickle"]


@tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"Il pleut à {city}."


def calls_of(response):
    contents = [c for message in response.messages for c in message.contents]
    return [c for c in contents if c.type == "function_call"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_two_calls_stay_two(sandbox, client, af, stream, dialect):
    sandbox.script([{"tool_calls": CALLS, "fault": dialect}])
    response = await af.ask(client, stream=stream)
    calls = calls_of(response)
    assert [c.name for c in calls] == ["get_weather", "get_weather"]
    assert [json.loads(c.arguments) for c in calls] == [c["arguments"] for c in CALLS]
    assert len({c.call_id for c in calls}) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_agents_run_every_call(sandbox, client, dialect, streamed):
    sandbox.script([{"tool_calls": CALLS, "fault": dialect}, {"content": "Parapluie."}])
    agent = Agent(client, tools=[get_weather])
    run = agent.run("Quel temps ?", stream=streamed)
    response = await run.get_final_response() if streamed else await run
    assert response.text == "Parapluie."
    results = [m["content"] for m in sandbox.requests[-1].json["messages"] if m["role"] == "tool"]
    assert results == ["Il pleut à Paris.", "Il pleut à Orléans."]


async def test_text_and_call_in_one_delta(sandbox, client, af, stream):
    sandbox.script([{"content": "Je regarde.", "tool_calls": CALLS[:1], "fault": "text-and-tool"}])
    response = await af.ask(client, stream=stream)
    assert response.text == "Je regarde."
    assert len(calls_of(response)) == 1


async def test_call_without_arguments_runs(sandbox, client):
    ran = []

    @tool
    def ping() -> str:
        """Ping."""
        ran.append(1)
        return "pong"

    step = {"tool_calls": [{"name": "ping", "arguments": {}}], "fault": "tool-empty-args"}
    sandbox.script([step, {"content": "Bien."}] * 2)
    agent = Agent(client, tools=[ping])
    assert (await agent.run("?")).text == "Bien."
    assert (await agent.run("?", stream=True).get_final_response()).text == "Bien."
    assert ran == [1, 1]


USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8, "reasoning_tokens": 2}


@pytest.mark.parametrize("where", ["usage-last", "usage-finish", "usage-every"])
async def test_usage_is_counted_once(sandbox, client, af, stream, where):
    sandbox.script([{"content": "Un deux trois.", "usage": USAGE, "fault": where}])
    response = await af.ask(client, stream=stream)
    assert response.usage_details["total_token_count"] == 8


async def test_missing_usage_does_not_raise(sandbox, client, af, stream):
    sandbox.script([{"content": "Oui.", "fault": "usage-none"}])
    response = await af.ask(client, stream=stream)
    assert not response.usage_details
    assert response.text == "Oui."


async def test_odd_finish_reasons_pass(sandbox, client, af, stream):
    sandbox.script([{"content": "Oui.", "finish_reason": "tired"}])
    assert (await af.ask(client, stream=stream)).finish_reason == "tired"


async def test_backend_is_kept(sandbox, client, af, stream):
    machine = {"engine_type": "vllm", "machine_name": "ma02"}
    sandbox.script([{"content": "Oui.", "backend": machine}])
    assert (await af.ask(client, stream=stream)).additional_properties["backend"] == machine


@pytest.mark.parametrize("where", ["usage-toplevel-reasoning", "usage-nested-reasoning"])
async def test_reasoning_tokens_have_their_name(client, af, stream, sandbox, where):
    sandbox.script([{"content": "Oui.", "reasoning": "Je réfléchis bien.", "fault": where}])
    response = await af.ask(client, stream=stream)
    assert response.usage_details["reasoning_output_token_count"] > 0


async def test_cost_and_request_id_are_told(sandbox, client, af, stream):
    sandbox.script([{"content": "Oui.", "usage": USAGE}])
    response = await af.ask(client, stream=stream)
    assert response.additional_properties["cost_eur"] > 0
    assert response.additional_properties["request_id"] == sandbox.requests[-1].request_id


@pytest.mark.parametrize("created", [1_764_000_000_000, 10**30, -(10**18)])
async def test_strange_time_costs_no_answer(sandbox, client, af, stream, created):
    key = "delta" if stream else "message"
    choice = {"index": 0, key: {"content": "Oui."}, "finish_reason": "stop"}
    answer = {"id": "x", "model": "m", "created": created, "choices": [choice]}
    sandbox.script([{"sse": [answer, "[DONE]"]} if stream else {"status": 200, "json": answer}])
    response = await af.ask(client, stream=stream)
    assert (response.text, response.created_at) == ("Oui.", None)


async def test_raw_representation_is_the_completion(sandbox, client, af, stream):
    raw = (await af.ask(client, stream=stream)).raw_representation
    assert isinstance(raw[-1] if stream else raw, llmaas.Completion)


async def test_error_event_is_an_error(sandbox, client, af):
    sandbox.script([{"content": "Un deux trois quatre.", "fault": "error-event"}])
    with pytest.raises(ChatClientException) as caught:
        await af.ask(client, stream=True)
    assert isinstance(caught.value, llmaas.StreamError)
    assert caught.value.completion.text


@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_interrupted_stream_error_has_the_partial_response(sandbox, client, af, end):
    sandbox.script([{"content": "Un deux trois quatre.", "fault": f"cut:4:{end}"}])
    answer = client.get_response(af.turns(("user", "Compte")), stream=True)
    with pytest.raises(ChatClientException) as caught:
        await answer.get_final_response()
    came = [update.text for update in answer.updates]
    assert isinstance(caught.value, llmaas.StreamInterrupted)
    assert caught.value.completion.text == "".join(came) != ""


@pytest.mark.parametrize("fault", ["empty-200", "html-200", "truncated-200"])
async def test_invalid_body_raises_error(sandbox, client, af, stream, fault):
    sandbox.script([{"fault": fault}])
    with pytest.raises(ChatClientException):
        await af.ask(client, stream=stream)


async def test_html_body_raises_invalid_response_error(sandbox, client, af):
    sandbox.script([{"fault": "html-200"}])
    with pytest.raises(ChatClientInvalidResponseException, match="base_url"):
        await af.ask(client)


@pytest.mark.parametrize("fault", ["crlf", "comments", "no-done", "split-utf8", "json-cut", "gzip"])
async def test_response_variants_give_the_same_answer(sandbox, client, af, fault):
    sandbox.script([{"content": "Été à Orléans.", "reasoning": "Où ?", "fault": fault}])
    response = await af.ask(client, stream=True)
    assert af.kinds(response) == [("text_reasoning", "Où ?"), ("text", "Été à Orléans.")]


async def test_leaving_a_stream_early_closes_the_connection(sandbox, client, af):
    sandbox.script([{"content": "mot " * 200, "fault": "trickle:20:5"}])
    async with client.get_response(af.turns(("user", "?")), stream=True) as answer:
        async for _ in answer:
            break
    await soon(lambda: sandbox.requests[-1].disconnected)

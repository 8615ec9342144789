"""Usage, and the end of streams."""

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import UserMessage

from autogen_llmaas import LLMaaSChatCompletionClient
from llmaas import StreamInterrupted
from llmaas.warnings import EmptyAnswerWarning

MODEL = "gpt-oss:120b"


async def test_usage_without_options(ask, streams, client, sandbox):
    answer = await ask(client, 'Say "Oui"')
    assert answer.result.usage.prompt_tokens > 0
    assert answer.result.usage.completion_tokens > 0
    assert client.total_usage() == client.actual_usage() == answer.result.usage
    sent = list(sandbox.requests)[-1].json
    assert ("stream_options" in sent) is streams


async def test_stream_options_given_once_never_reach_create(ask, streams, sandbox):
    client = LLMaaSChatCompletionClient(MODEL, stream_options={"include_usage": True})
    assert (await ask(client, "Hi")).result.usage.prompt_tokens > 0
    assert ("stream_options" in list(sandbox.requests)[-1].json) is streams


async def test_streaming_agent_reports_usage(client):
    agent = AssistantAgent("writer", client, model_client_stream=True)
    answer = (await agent.run(task='Say "Oui"')).messages[-1]
    assert answer.models_usage.completion_tokens > 0


@pytest.mark.parametrize(
    "fault", ["usage-last", "usage-finish", "usage-every", "choiceless-backend"]
)
async def test_usage_wherever_it_comes(ask, client, sandbox, fault):
    sandbox.script([{"content": "Oui.", "fault": fault}])
    answer = await ask(client, "Hi")
    assert answer.result.finish_reason == "stop"
    assert answer.result.content == "Oui."
    assert answer.result.usage.completion_tokens > 0


async def test_absent_usage_is_no_error(ask, client, sandbox):
    sandbox.script([{"content": "Oui.", "fault": "usage-none"}])
    answer = await ask(client, "Hi")
    assert (answer.result.finish_reason, answer.result.content) == ("stop", "Oui.")
    assert answer.result.usage.completion_tokens == 0
    assert client.totals.without_usage == 1


@pytest.mark.parametrize("fault", ["cut:3:fin", "cut:3:rst"])
async def test_interrupted_stream_raises_error(client, sandbox, fault):
    sandbox.script([{"content": "one two three four five six seven", "fault": fault}])
    pieces = []

    async def read():
        async for piece in client.create_stream([UserMessage(content="Hi", source="u")]):
            pieces.append(piece)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(StreamInterrupted) as caught:
        await read()
    assert all(isinstance(piece, str) for piece in pieces)
    assert caught.value.completion is not None


async def test_empty_answer_warns_and_names_max_tokens(ask, client, sandbox):
    sandbox.script([{"content": "", "reasoning": "Long.", "finish_reason": "length"}])
    with pytest.warns(EmptyAnswerWarning, match="max_tokens"):
        answer = await ask(client, "Hi")
    assert (answer.result.content, answer.result.finish_reason) == ("", "length")


async def test_sensible_budget_is_asked_for(ask, client, sandbox):
    await ask(client, "Hi")
    assert list(sandbox.requests)[-1].json["max_tokens"] == 16_384
    await ask(client, "Hi", extra_create_args={"max_tokens": 900})
    assert list(sandbox.requests)[-1].json["max_tokens"] == 900


@pytest.mark.parametrize("wanted", [True, False, None])
async def test_usage_may_be_declined_as_with_the_stock_client(client, sandbox, wanted):
    hello = [UserMessage(content="Hi", source="user")]
    assert [x async for x in client.create_stream(hello, include_usage=wanted)]
    assert ("stream_options" in list(sandbox.requests)[-1].json) is (wanted is not False)


async def test_usage_asked_for_goes_before_the_configuration(sandbox):
    client = LLMaaSChatCompletionClient(MODEL, stream_options={"include_usage": False})
    hello = [UserMessage(content="Hello", source="user")]
    for wanted, sent in ((True, {"include_usage": True}), (None, {"include_usage": False})):
        assert [x async for x in client.create_stream(hello, include_usage=wanted)]
        assert list(sandbox.requests)[-1].json["stream_options"] == sent

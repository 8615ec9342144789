"""Teams of Agent Framework on models with strict chat templates."""

import pytest
from agent_framework import Agent, tool
from agent_framework.orchestrations import (
    GroupChatBuilder,
    HandoffAgentUserRequest,
    HandoffBuilder,
)

MODELS = ["mistral-small4:119b", "qwen3.6:27b"]
CALL = {"name": "get_weather", "arguments": {"city": "Paris"}}


@tool
def get_weather(city: str) -> str:
    """Tell the weather."""
    return f"21 degrees in {city}"


def steps(n):
    calling = [{"tool_calls": [CALL]}, {"tool_calls": [CALL, CALL], "content": "I look."}]
    return [calling[i // 2 % 2] if i % 2 else {"content": "So."} for i in range(n)]


def agents(client, **options):
    return [
        Agent(
            client, instructions="Be brief.", name=n, description=n, tools=[get_weather], **options
        )
        for n in ("ann", "bob")
    ]


def refused(sandbox):
    return [request for request in sandbox.requests if request.status == 400]


@pytest.mark.parametrize("model", MODELS)
async def test_group_chat_requests_are_accepted_by_strict_models(sandbox, make_client, model):
    sandbox.script(steps(80))
    members = agents(make_client(model))
    chat = GroupChatBuilder(
        participants=members,
        selection_func=lambda state: ("ann", "bob")[state.current_round % 2],
        max_rounds=20,
    ).build()
    await chat.run("What is the weather?")
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
async def test_session_of_two_agents_is_accepted_by_strict_models(sandbox, make_client, model):
    sandbox.script(steps(80))
    ann, bob = agents(make_client(model))
    session = ann.create_session()
    for turn in range(20):
        await (ann, bob)[turn % 2].run(f"Turn {turn}", session=session)
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
async def test_handoffs_are_never_refused_when_the_user_comes_between(sandbox, make_client, model):
    passes = [
        {"tool_calls": [{"name": f"handoff_to_{n}", "arguments": {}}]} for n in ("bob", "ann")
    ]
    looks = [{"tool_calls": [CALL]}, {"content": "So."}]
    sandbox.script([*looks, passes[0], *looks, passes[1]] * 8)
    ann, bob = agents(make_client(model), require_per_service_call_history_persistence=True)
    team = (
        HandoffBuilder(participants=[ann, bob])
        .with_start_agent(ann)
        .add_handoff(ann, [bob])
        .add_handoff(bob, [ann])
        .build()
    )
    result = await team.run("What is the weather?")
    for turn in range(8):
        asked = result.get_request_info_events()
        if not asked:
            break
        said = HandoffAgentUserRequest.create_response(f"Turn {turn}")
        result = await team.run(responses={event.request_id: said for event in asked})
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []

"""Agents, sessions, middleware, workflows and files on the chat client."""

import pytest
from agent_framework import (
    Agent,
    ChatContext,
    Content,
    FunctionInvocationContext,
    Message,
    chat_middleware,
    function_middleware,
    tool,
)
from agent_framework.orchestrations import ConcurrentBuilder, SequentialBuilder
from pydantic import BaseModel

CALL = {"name": "get_weather", "arguments": {"city": "Paris"}}


@tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"Il pleut à {city}."


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def run(request):
    """Run an agent whole or streamed."""

    async def go(agent, *args, **kwargs):
        if request.param:
            return await agent.run(*args, stream=True, **kwargs).get_final_response()
        return await agent.run(*args, **kwargs)

    return go


async def test_agent_uses_its_tools(sandbox, client, run):
    agent = Agent(client, instructions="Aide.", tools=[get_weather])
    response = await run(agent, 'What is the weather in "Paris"?')
    assert "Il pleut à Paris." in response.text
    assert [m["role"] for m in sandbox.requests[-1].json["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]


async def test_usage_of_a_tool_chain_is_summed(sandbox, client, run):
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    sandbox.script([{"tool_calls": [CALL], "usage": usage}, {"content": "Oui.", "usage": usage}])
    response = await run(Agent(client, tools=[get_weather]), "?")
    assert response.usage_details["total_token_count"] == 16


async def test_required_tools_are_required_once(sandbox, client, run):
    sandbox.script([{"tool_calls": [CALL]}, {"content": "Oui."}])
    agent = Agent(client, tools=[get_weather])
    await run(agent, "?", options={"tool_choice": "required"})
    first, second = (request.json.get("tool_choice") for request in sandbox.requests)
    assert first["function"]["name"] == "get_weather"
    assert second in (None, "auto")


async def test_session_remembers(sandbox, client, run):
    agent = Agent(client)
    session = agent.create_session()
    await run(agent, 'Say "Un"', session=session)
    await run(agent, 'Say "Deux"', session=session)
    said = [m["content"] for m in sandbox.requests[-1].json["messages"]]
    assert said == ['Say "Un"', "Un", 'Say "Deux"']


async def test_chat_and_function_middleware_see_everything(sandbox, make_client, run):
    seen = []

    @chat_middleware
    async def around_chat(context: ChatContext, call_next):
        seen.append(f"chat {len(context.messages)}")
        await call_next()

    @function_middleware
    async def around_function(context: FunctionInvocationContext, call_next):
        seen.append(context.function.name)
        await call_next()
        context.result = "Il neige."

    sandbox.script([{"tool_calls": [CALL]}, {"content": "Oui."}])
    client = make_client(middleware=[around_chat, around_function])
    await run(Agent(client, tools=[get_weather]), "?")
    assert seen == ["chat 1", "get_weather", "chat 3"]
    assert sandbox.requests[-1].json["messages"][-1]["content"] == "Il neige."


async def test_middleware_may_change_what_is_asked(sandbox, make_client, run):
    @chat_middleware
    async def shout(context: ChatContext, call_next):
        context.messages = [Message("user", [m.text.upper()]) for m in context.messages]
        await call_next()

    await run(Agent(make_client(middleware=[shout])), "bonjour")
    assert sandbox.requests[-1].json["messages"][0]["content"] == "BONJOUR"


ERASING = {"name": "erase", "arguments": {"name": "a.txt"}}


@tool(approval_mode="always_require")
def erase(name: str) -> str:
    """Erase a file."""
    return f"{name} erased"


async def test_tool_that_needs_approval_waits_for_it(sandbox, client, run):
    sandbox.script([{"tool_calls": [ERASING]}, {"content": "Fait."}])
    agent = Agent(client, tools=[erase])
    session = agent.create_session()
    asked = await run(agent, "Efface", session=session)
    (request,) = asked.user_input_requests
    assert len(sandbox.requests) == 1
    yes = Message("user", [request.to_function_approval_response(True)])
    assert (await run(agent, yes, session=session)).text == "Fait."
    messages = sandbox.requests[-1].json["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "tool"]
    assert messages[-1]["content"] == "a.txt erased"


async def test_text_beside_approval_follows_the_result(sandbox, client, run):
    sandbox.script([{"tool_calls": [ERASING]}, {"content": "Fait."}])
    agent = Agent(client, tools=[erase])
    session = agent.create_session()
    (request,) = (await run(agent, "Efface", session=session)).user_input_requests
    yes = request.to_function_approval_response(True)
    await run(agent, Message("user", [yes, Content.from_text("Vite !")]), session=session)
    messages = sandbox.requests[-1].json["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "user"]
    assert messages[-1]["content"] == "Vite !"


class Weather(BaseModel):
    city: str
    degrees: int


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```"])
async def test_agent_returns_a_value(sandbox, client, run, fence):
    text = fence.replace("{}", '{"city": "Paris", "degrees": 3}')
    sandbox.script([{"tool_calls": [CALL]}, {"content": text}])
    agent = Agent(client, tools=[get_weather])
    response = await run(agent, "?", options={"response_format": Weather})
    assert response.value == Weather(city="Paris", degrees=3)


async def test_agent_sees(sandbox, make_client, run):
    picture = Content.from_data(b"\x89PNG\r\n\x1a\n", "image/png")
    await run(Agent(make_client("gemma4:31b")), Message("user", ["Quoi ?", picture]))
    (message,) = sandbox.requests[-1].json["messages"]
    assert [part["type"] for part in message["content"]] == ["text", "image_url"]


async def test_agent_streams_reasoning(sandbox, client):
    sandbox.script([{"content": "Oui.", "reasoning": "Je réfléchis."}])
    thoughts = ""
    async for update in Agent(client).run("?", stream=True):
        thoughts += "".join(c.text for c in update.contents if c.type == "text_reasoning")
    assert thoughts == "Je réfléchis."


async def test_as_agent(client):
    assert (await client.as_agent(name="a").run('Say "Oui"')).text == "Oui"


async def test_agent_as_a_tool_of_another(sandbox, client, run):
    inner = Agent(client, name="meteo", description="Knows the weather")
    call = {"name": "meteo", "arguments": {"task": "Paris ?"}}
    sandbox.script([{"tool_calls": [call]}, {"content": "Il pleut."}, {"content": "Parapluie."}])
    assert (await run(Agent(client, tools=[inner.as_tool()]), "?")).text == "Parapluie."


async def test_sequential_workflow(sandbox, client):
    sandbox.script([{"content": "Brouillon."}, {"content": "Version finale."}])
    writer = Agent(client, name="rédacteur", instructions="Écris.")
    editor = Agent(client, name="relecteur", instructions="Relis.")
    result = await SequentialBuilder(participants=[writer, editor]).build().run("Un slogan ?")
    assert "Version finale." in str([o.text for o in result.get_outputs()])
    messages = sandbox.requests[-1].json["messages"]
    assert messages[0] == {"role": "system", "content": "Relis."}
    assert "Brouillon." in [m["content"] for m in messages]
    assert all(m.get("name", "redacteur").isascii() for m in messages)


async def test_concurrent_workflow(sandbox, client):
    participants = [Agent(client, name=name, instructions=name) for name in ("a", "b")]
    workflow = ConcurrentBuilder(participants=participants).build()
    result = await workflow.run('Say "Oui"')
    assert str([o.text for o in result.get_outputs()]).count("Oui") >= 2
    assert {r.json["messages"][0]["content"] for r in sandbox.requests} == {"a", "b"}


async def test_workflow_streams(client):
    participants = [Agent(client, name=name) for name in ("a", "b")]
    kinds = [
        event.type
        async for event in SequentialBuilder(participants=participants)
        .build()
        .run('Say "Oui"', stream=True)
    ]
    assert "output" in kinds
    assert "failed" not in kinds

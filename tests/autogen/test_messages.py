"""Conversion of messages and names."""

import base64

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat
from autogen_core import Image
from autogen_core.memory import ListMemory, MemoryContent, MemoryMimeType
from autogen_core.models import ModelFamily, SystemMessage, UserMessage

from autogen_llmaas import LLMaaSChatCompletionClient
from llmaas import ConfigurationError

MODEL = "gpt-oss:120b"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def last(sandbox):
    return list(sandbox.requests)[-1].json["messages"]


@pytest.mark.parametrize("streaming", [False, True])
async def test_memory_is_merged_to_the_head(client, sandbox, streaming):
    memory = ListMemory()
    await memory.add(MemoryContent(content="Answer in French.", mime_type=MemoryMimeType.TEXT))
    agent = AssistantAgent(
        "a", client, memory=[memory], system_message="Be short.", model_client_stream=streaming
    )
    await agent.run(task="Hello")
    head, *rest = last(sandbox)
    assert head["role"] == "system"
    assert head["content"].startswith("Be short.")
    assert "Answer in French." in head["content"]
    assert [message["role"] for message in rest] == ["user"]


@pytest.mark.parametrize("name", ["rédacteur", "Éditeur_en_chef", "作者"])
async def test_names_with_accents(client, sandbox, name):
    writer = AssistantAgent(name, client)
    editor = AssistantAgent("editor", client)
    team = RoundRobinGroupChat([writer, editor], max_turns=2)
    result = await team.run(task="Write a line")
    said = [m.source for m in result.messages if isinstance(m, TextMessage)]
    assert said == ["user", name, "editor"]
    names = [m["name"] for m in last(sandbox) if "name" in m]
    assert len(names) == 2
    assert all(n.isascii() and 1 <= len(n) <= 64 for n in names)


async def test_names_can_be_left_out(ask, sandbox):
    client = LLMaaSChatCompletionClient(MODEL, include_name_in_message=False)
    await ask(client, "Hi")
    assert last(sandbox) == [{"role": "user", "content": "Hi"}]


async def test_name_prefix_is_added_to_the_text(ask, sandbox):
    client = LLMaaSChatCompletionClient(
        MODEL, include_name_in_message=False, add_name_prefixes=True
    )
    await ask(client, [UserMessage(content="Hi", source="rédacteur")])
    assert last(sandbox) == [{"role": "user", "content": "rédacteur said:\nHi"}]


@pytest.mark.parametrize("model", [MODEL, "qwen3.6:27b", "gemma4:31b", "not-in-the-catalog"])
def test_family_is_unknown(sandbox, model):
    info = LLMaaSChatCompletionClient(model).model_info
    assert info["family"] == ModelFamily.UNKNOWN
    assert not ModelFamily.is_openai(info["family"])


@pytest.mark.parametrize("family", ["unknown", ModelFamily.GPT_4O])
async def test_selector_always_has_a_user_turn(sandbox, family):
    client = LLMaaSChatCompletionClient(MODEL, model_info={"family": family})
    sandbox.script([{"content": "editor"}, {"content": "Fine."}])
    agents = [AssistantAgent(name, client, description=name) for name in ("writer", "editor")]
    team = SelectorGroupChat(agents, client, max_turns=1)
    result = await team.run(task="Edit this")
    assert result.messages[-1].source == "editor"
    for request in sandbox.requests:
        assert "user" in [message["role"] for message in request.json["messages"]]


async def test_system_message_at_the_head_stays_as_it_is(ask, client, sandbox):
    await ask(
        client, [SystemMessage(content="Be short."), UserMessage(content="Hi", source="user")]
    )
    assert [m["role"] for m in last(sandbox)] == ["system", "user"]


async def test_images(ask, sandbox):
    client = LLMaaSChatCompletionClient("gemma4:31b")
    picture = Image.from_base64(base64.b64encode(PIXEL).decode())
    await ask(client, [UserMessage(content=["What is this?", picture], source="user")])
    text, image = last(sandbox)[0]["content"]
    assert text == {"type": "text", "text": "What is this?"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,")


async def test_images_are_refused_before_a_blind_model_is_asked(ask, client, sandbox):
    picture = Image.from_base64(base64.b64encode(PIXEL).decode())
    with pytest.raises(ConfigurationError, match="vision"):
        await ask(client, [UserMessage(content=[picture], source="user")])
    assert not list(sandbox.requests)

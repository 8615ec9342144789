"""Instructions, the default model and values of streamed answers."""

import pytest
from agent_framework import Message
from pydantic import BaseModel

from agent_framework_llmaas import LLMaaSEmbeddingClient


class Weather(BaseModel):
    city: str
    degrees: int


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [("Be brief.", "Be brief."), (" ", None), (["Be brief.", " "], "Be brief.")],
    ids=["text", "blank", "several"],
)
async def test_instructions_are_sent_once(sandbox, client, af, stream, instructions, expected):
    history = [Message("user", ["?"])]
    if instructions == "Be brief.":
        history.insert(0, Message("system", ["Be brief."]))
    await af.ask(client, history, stream=stream, instructions=instructions)
    systems = [m["content"] for m in af.sent(sandbox)["messages"] if m["role"] == "system"]
    assert systems == ([expected] if expected else [])


async def test_model_defaults_to_the_environment(sandbox, make_client, af, stream, monkeypatch):
    monkeypatch.setenv("LLMAAS_CHAT_MODEL", "gemma4:31b")
    await af.ask(make_client(None), stream=stream)
    assert af.sent(sandbox)["model"] == "gemma4:31b"


async def test_embedding_model_defaults_to_the_environment(sandbox, monkeypatch):
    monkeypatch.setenv("LLMAAS_EMBEDDING_MODEL", "bge-m3:567m")
    await LLMaaSEmbeddingClient().get_embeddings(["a"])
    assert sandbox.requests[-1].json["model"] == "bge-m3:567m"


async def test_value_is_parsed_when_text_surrounds_the_json(sandbox, client, af, stream):
    sandbox.script([{"content": 'Here it is: {"city": "Paris", "degrees": 3} Anything else?'}])
    response = await af.ask(client, stream=stream, response_format=Weather)
    assert response.value == Weather(city="Paris", degrees=3)


def test_misspelled_argument_names_the_public_class(make_client):
    with pytest.raises(TypeError, match=r"LLMaaSChatClient.*modle"):
        make_client(modle="x")

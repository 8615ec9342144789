"""Reranking, speech, transcription and images as agent tools."""

import json

import pytest
from agent_framework import Agent
from agent_framework.exceptions import ChatClientException

from agent_framework_llmaas import image_tool, rerank_tool, speech_tool, transcription_tool

RERANK, SPEECH, IMAGE = "qwen3-reranker:4b", "kokoro", "z-image:16b"
DOCUMENTS = ["Le chat dort.", "Le prix du classement est de 0,01 euro.", "Il pleut à Paris."]


def invoke(tool, **arguments):
    return tool.invoke(arguments=arguments)


async def test_rerank_among_known_documents(sandbox):
    tool = rerank_tool(model=RERANK, documents=DOCUMENTS, top_n=2)
    assert list(tool.parameters()["properties"]) == ["query"]
    (content,) = await invoke(tool, query="prix du classement")
    best = json.loads(content.text)
    assert len(best) == 2
    assert (best[0]["index"], best[0]["document"]) == (1, DOCUMENTS[1])
    assert best[0]["score"] > best[1]["score"]


async def test_rerank_among_documents_that_the_model_brings(sandbox):
    tool = rerank_tool(model=RERANK)
    (content,) = await invoke(tool, query="pluie Paris", documents=DOCUMENTS)
    assert json.loads(content.text)[0]["index"] == 2


async def test_agent_calls_it(sandbox, client):
    call = {"name": "rerank", "arguments": {"query": "prix du classement"}}
    sandbox.script([{"tool_calls": [call]}, {"path": "/v2/rerank"}, {"content": "0,01 euro."}])
    agent = Agent(client, tools=[rerank_tool(model=RERANK, documents=DOCUMENTS)])
    assert (await agent.run("Quel est le prix du classement ?")).text == "0,01 euro."
    assert [request.path for request in sandbox.requests][1] == "/v2/rerank"


async def test_transcription_of_a_file_of_the_folder(sandbox, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "voix.mp3").write_bytes(b"ID3" + bytes(2000))
    (content,) = await invoke(transcription_tool(folder=folder), file="voix.mp3", language="fr")
    assert content.text
    assert sandbox.requests[-1].path == "/v1/audio/transcriptions"


@pytest.mark.parametrize("name", ["../secret.mp3", "/etc/passwd", "none.mp3"])
async def test_transcription_stays_in_its_folder(sandbox, tmp_path, name):
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.mp3").write_bytes(b"ID3")
    with pytest.raises(FileNotFoundError) as caught:
        await invoke(transcription_tool(folder=folder), file=name)
    assert caught.value.__cause__ is not caught.value  # whoever follows causes comes to an end
    assert not sandbox.requests


async def test_speech_is_data_for_the_application(sandbox):
    tool = speech_tool(model=SPEECH, voice="ff_siwis", response_format="wav")
    (content,) = await invoke(tool, text="Bonjour")
    assert content.type == "data"
    assert content.media_type == "audio/wav"
    assert sandbox.requests[-1].json["voice"] == "ff_siwis"


async def test_speech_as_a_file(sandbox, tmp_path):
    tool = speech_tool(model=SPEECH, response_format="wav", folder=tmp_path)
    (content,) = await invoke(tool, text="Bonjour")
    (made,) = tmp_path.iterdir()
    assert made.name in content.text
    assert made.read_bytes().startswith(b"RIFF")


async def test_images_are_data_or_files(sandbox, tmp_path):
    (content,) = await invoke(image_tool(model=IMAGE), prompt="Un chat")
    assert content.media_type == "image/png"
    assert content.uri.startswith("data:image/png;base64,iVBOR")
    await invoke(image_tool(model=IMAGE, folder=tmp_path), prompt="Un chat")
    assert [path.suffix for path in tmp_path.iterdir()] == [".png"]


async def test_model_receives_the_type_of_the_output(sandbox, client):
    call = {"name": "draw", "arguments": {"prompt": "Un chat"}}
    image = {"path": "/v1/images/generations"}
    sandbox.script([{"tool_calls": [call]}, image, {"content": "Le voici."}])
    response = await Agent(client, tools=[image_tool(model=IMAGE)]).run("Dessine un chat")
    contents = [c for message in response.messages for c in message.contents]
    (result,) = [c for c in contents if c.type == "function_result"]
    assert result.items[0].media_type == "image/png"
    assert sandbox.requests[-1].json["messages"][-1]["content"] == "[image/png]"


async def test_errors_are_of_both_families(sandbox):
    sandbox.script([{"status": 403, "json": {"detail": "Prompt blocked for security reasons"}}])
    with pytest.raises(ChatClientException):
        await invoke(image_tool(model=IMAGE), prompt="Un chat")

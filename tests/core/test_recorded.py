"""What is sent and what is read, from recordings: one serves both clients and both SDK majors."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import openai
import pytest

import llmaas

THINKER = "gpt-oss:120b"
TALKER = "mistral-small4:119b"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
PASSAGES = ["La clé du dépôt est signée.", "Le prix du café monte.", "Un paquet a une version."]
SPOKEN = ("a.mp3", b"ID3")


@dataclass
class City:
    name: str


def test_chat(play: Any, api: Any) -> None:
    play("chat")
    answer = api().do("chat", 'Dis "été".', model=TALKER)
    assert answer.text == "été"
    assert answer.finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.backend.engine_type
    assert answer.cost_micro_eur > 0


def test_chat_by_the_plain_sdk(play: Any) -> None:
    play("chat")
    messages: Any = [{"role": "user", "content": 'Dis "été".'}]
    with llmaas.LLMaaS(max_retries=0).openai as client:
        answer = client.chat.completions.create(model=TALKER, messages=messages, max_tokens=16384)
    assert answer.choices[0].message.content == "été"


def test_chat_by_the_plain_asynchronous_sdk(play: Any) -> None:
    play("chat")
    messages: Any = [{"role": "user", "content": 'Dis "été".'}]

    async def ask() -> Any:
        async with llmaas.AsyncLLMaaS(max_retries=0).openai as client:
            return await client.chat.completions.create(
                model=TALKER, messages=messages, max_tokens=16384
            )

    assert asyncio.run(ask()).choices[0].message.content == "été"


def test_stream(play: Any, api: Any) -> None:
    play("stream")
    *deltas, done = api().events('Dis "un été à la mer".', model=TALKER)
    assert "".join(delta.text for delta in deltas) == "un été à la mer" == done.completion.text
    assert done.completion.usage.completion_tokens > 0


def test_reasoning(play: Any, api: Any) -> None:
    play("reasoning")
    answer = api().do("chat", "Pourquoi le ciel est-il bleu ?", model=THINKER)
    assert answer.reasoning
    assert answer.reasoning not in answer.text
    assert answer.usage.reasoning_tokens > 0


def test_reasoning_in_a_stream(play: Any, api: Any) -> None:
    play("reasoning-stream")
    events = api().events("Pourquoi le ciel est-il bleu ?", model=THINKER)
    kinds = [event.type for event in events]
    assert kinds.index("reasoning") < kinds.index("text")
    thoughts = "".join(event.text for event in events if event.type == "reasoning")
    assert thoughts == events[-1].completion.reasoning


def test_tools(play: Any, api: Any) -> None:
    """A call, its result, the answer: two exchanges."""
    play("tools")
    client = api()
    question: list[dict[str, Any]] = [{"role": "user", "content": 'Weather in "Paris"?'}]
    [call] = client.do("chat", question, model=TALKER, tools=[WEATHER]).tool_calls
    assert (call.name, call.parsed()) == ("get_weather", {"city": "Paris"})
    function = {"name": call.name, "arguments": call.arguments}
    asked = {"id": call.id, "type": "function", "function": function}
    turns = [
        *question,
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": call.id, "content": "18 degrees, sunny"},
    ]
    answer = client.do("chat", turns, model=TALKER, tools=[WEATHER])
    assert "18 degrees" in answer.text
    assert not answer.tool_calls


def test_tools_in_a_stream(play: Any, api: Any) -> None:
    play("tools-stream")
    *deltas, done = api().events('Weather in "Paris"?', model=TALKER, tools=[WEATHER])
    pieces = [delta for delta in deltas if delta.type == "tool_call"]
    [call] = done.completion.tool_calls
    assert "".join(piece.arguments for piece in pieces) == call.arguments
    assert call.parsed() == {"city": "Paris"}
    assert done.completion.finish_reason == "tool_calls"


def test_structured_output(play: Any, api: Any) -> None:
    play("structured")
    answer = api().do("chat", 'The city is "Nantes".', model=TALKER, response_format=City)
    assert answer.parsed == City("Nantes")


def test_embeddings(play: Any, api: Any) -> None:
    play("embeddings")
    answer = api().do("embed", PASSAGES, model="qwen3-embedding:0.6b", dimensions=8)
    assert [len(vector) for vector in answer.vectors] == [8, 8, 8]
    assert answer.usage.prompt_tokens > 0


def test_rerank(play: Any, api: Any) -> None:
    play("rerank")
    ranking = api().do("rerank", "paquet version", PASSAGES, model="bge-reranker-large")
    assert ranking.results[0].index == 2
    scores = [ranked.relevance_score for ranked in ranking.results]
    assert scores == sorted(scores, reverse=True)
    assert ranking.documents == 3


def test_models(play: Any, api: Any) -> None:
    play("models")
    models = {model.id: model for model in api().do("models")}
    assert TALKER in models
    assert any(model.aliases for model in models.values())


def test_transcription(play: Any, api: Any) -> None:
    play("transcription")
    answer = api().do("transcribe", SPOKEN, model="voxtral", language="fr")
    assert answer.text


def test_transcription_by_the_plain_sdk(play: Any) -> None:
    play("transcription-sdk")
    with llmaas.LLMaaS(max_retries=0).openai as client:
        answer = client.audio.transcriptions.create(model="voxtral", file=SPOKEN)
    assert answer.text


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
def test_unknown_model(play: Any, api: Any) -> None:
    play("unknown-model")
    with pytest.raises(llmaas.ModelNotFoundError) as caught:
        api().do("chat", "?", model="no-such-model")
    assert isinstance(caught.value, openai.NotFoundError)
    assert caught.value.code == "model_not_found"
    assert caught.value.hint


def test_wrong_parameter(play: Any, api: Any) -> None:
    play("wrong-parameter")
    with pytest.raises(llmaas.BadRequestError) as caught:
        api().do("chat", "?", model=TALKER, temperature=9)
    assert isinstance(caught.value, openai.BadRequestError)
    assert caught.value.param == "temperature"


def test_wrong_key(play: Any, api: Any) -> None:
    play("wrong-key")
    with pytest.raises(llmaas.AuthenticationError) as caught:
        api(api_key="sk-test-wrong").do("chat", "?", model=TALKER)
    assert "sk-test-wrong" not in str(caught.value)


def test_speech(play: Any, api: Any) -> None:
    play("speech")
    speech = api().do("speak", "Ah", model="kokoro", response_format="wav")
    assert speech.audio.startswith(b"RIFF")
    assert speech.content_type == "audio/wav"
    assert speech.duration > 0

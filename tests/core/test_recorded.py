"""What is sent and what is read, from recordings: one serves both clients and both SDK majors."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from operator import mul
from typing import Any

import openai
import pytest

import llmaas
from tests.helpers.cassettes import scenarios as on

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


@dataclass
class City:
    name: str


def test_chat(play: Any, api: Any) -> None:
    play("chat")
    answer = api().do("chat", on.SAY, model=on.TALKER)
    assert answer.text == "été"
    assert answer.finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.backend.engine_type
    cost = on.micro_eur(answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert answer.cost_micro_eur == cost > 0


def test_chat_by_the_plain_sdk(play: Any) -> None:
    play("chat")
    messages: Any = [{"role": "user", "content": on.SAY}]
    with llmaas.LLMaaS(max_retries=0).openai as client:
        answer = client.chat.completions.create(
            model=on.TALKER, messages=messages, max_tokens=16384
        )
    assert answer.choices[0].message.content == "été"


def test_chat_by_the_plain_asynchronous_sdk(play: Any) -> None:
    play("chat")
    messages: Any = [{"role": "user", "content": on.SAY}]

    async def ask() -> Any:
        async with llmaas.AsyncLLMaaS(max_retries=0).openai as client:
            return await client.chat.completions.create(
                model=on.TALKER, messages=messages, max_tokens=16384
            )

    assert asyncio.run(ask()).choices[0].message.content == "été"


def test_chat_in_a_stream(play: Any, api: Any) -> None:
    play("chat-stream")
    *deltas, done = api().events('Dis "un été à la mer".', model=on.TALKER)
    assert len(deltas) > 1
    assert "".join(delta.text for delta in deltas) == "un été à la mer" == done.completion.text
    usage = done.completion.usage
    cost = on.micro_eur(usage.prompt_tokens, usage.completion_tokens)
    assert done.completion.cost_micro_eur == cost > 0


def test_reasoning(play: Any, api: Any) -> None:
    play("reasoning")
    answer = api().do("chat", on.SKY, model=on.THINKER)
    assert answer.reasoning
    assert answer.reasoning not in answer.text
    assert answer.usage.reasoning_tokens > 0


def test_reasoning_in_a_stream(play: Any, api: Any) -> None:
    play("reasoning-stream")
    events = api().events(on.SKY, model=on.THINKER)
    kinds = [event.type for event in events]
    assert kinds.index("reasoning") < kinds.index("text")
    thoughts = "".join(event.text for event in events if event.type == "reasoning")
    assert thoughts == events[-1].completion.reasoning


def test_several_tools_at_once(play: Any, api: Any) -> None:
    """Two calls, their results, the answer: two exchanges."""
    play("tools")
    client = api()
    question: list[dict[str, Any]] = [{"role": "user", "content": on.TWO_CITIES}]
    asked = client.do("chat", question, model=on.TALKER, tools=[WEATHER])
    assert called(asked) == BOTH
    assert asked.finish_reason == "tool_calls"
    answer = client.do("chat", question + told(asked), model=on.TALKER, tools=[WEATHER])
    assert not answer.tool_calls
    assert "18 degrees in Paris" in answer.text
    assert "18 degrees in Lyon" in answer.text


def test_several_tools_at_once_in_a_stream(play: Any, api: Any) -> None:
    play("tools-stream")
    *deltas, done = api().events(on.TWO_CITIES, model=on.TALKER, tools=[WEATHER])
    pieces = [delta for delta in deltas if delta.type == "tool_call"]
    assert called(done.completion) == BOTH
    whole = "".join(call.arguments for call in done.completion.tool_calls)
    assert "".join(piece.arguments for piece in pieces) == whole
    assert done.completion.finish_reason == "tool_calls"


BOTH = [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Lyon"})]


def called(completion: Any) -> list[tuple[str, Any]]:
    return [(call.name, call.parsed()) for call in completion.tool_calls]


def told(completion: Any) -> list[dict[str, Any]]:
    """Return the turns that follow: the calls, and a result for each."""
    calls = [
        {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
        for c in completion.tool_calls
    ]
    results = [
        {"role": "tool", "tool_call_id": c.id, "content": f"18 degrees in {c.parsed()['city']}"}
        for c in completion.tool_calls
    ]
    return [{"role": "assistant", "content": None, "tool_calls": calls}, *results]


def test_structured_output(play: Any, api: Any) -> None:
    play("structured")
    answer = api().do("chat", on.NAMED, model=on.TALKER, response_format=City)
    assert answer.parsed == City("Nantes")


def test_structured_output_in_a_stream(play: Any, api: Any) -> None:
    play("structured-stream")
    *_, done = api().events(on.NAMED, model=on.TALKER, response_format=City)
    assert done.completion.parsed == City("Nantes")


def test_embeddings(play: Any, api: Any) -> None:
    """Passages, then a question about one of them, which is the nearest."""
    play("embeddings")
    client, how = api(), {"model": on.EMBEDDER, "dimensions": 16}
    passages = client.do("embed", list(on.PASSAGES), **how)
    [question] = client.do("embed", on.PRICE, **how).vectors
    assert [len(vector) for vector in (*passages.vectors, question)] == [16] * 4
    products = [sum(map(mul, vector, question)) for vector in passages.vectors]
    assert products.index(max(products)) == 1
    tokens = passages.usage.prompt_tokens
    assert passages.cost_micro_eur == on.micro_eur(tokens, 0) > 0


def test_rerank(play: Any, api: Any) -> None:
    play("rerank")
    ranking = api().do("rerank", on.PRICE, list(on.PASSAGES), model="bge-reranker-large")
    assert ranking.results[0].index == 1
    scores = [ranked.relevance_score for ranked in ranking.results]
    assert scores == sorted(scores, reverse=True)
    assert ranking.documents == 3


def test_models(play: Any, api: Any) -> None:
    play("models")
    models = {model.id: model for model in api().do("models")}
    assert on.TALKER in models
    assert any(model.aliases for model in models.values())


def test_transcription(play: Any, api: Any) -> None:
    play("transcription")
    answer = api().do("transcribe", on.SPOKEN, model="voxtral", language="fr")
    assert answer.text


def test_transcription_by_the_plain_sdk(play: Any) -> None:
    play("transcription-sdk")
    with llmaas.LLMaaS(max_retries=0).openai as client:
        answer = client.audio.transcriptions.create(model="voxtral", file=on.SPOKEN)
    assert answer.text


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def refused(play: Any, api: Any, request: Any) -> Any:
    """Play a scenario, ask, and return the error that must come."""

    def refused(scenario: str, faults: str = "", key: str | None = None, **how: Any) -> Any:
        play(f"{scenario}-stream" if request.param else scenario, faults=faults)
        client, asked = api(api_key=key), {"model": on.TALKER, **how}
        with pytest.raises(llmaas.APIStatusError) as caught:
            client.events(on.SAY, **asked) if request.param else client.do("chat", on.SAY, **asked)
        return caught.value

    return refused


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
def test_unknown_model(refused: Any) -> None:
    error = refused("unknown-model", model=on.UNKNOWN)
    assert isinstance(error, llmaas.ModelNotFoundError)
    assert isinstance(error, openai.NotFoundError)
    assert (error.status_code, error.code) == (404, "model_not_found")
    assert error.hint


def test_wrong_parameter(refused: Any) -> None:
    error = refused("wrong-parameter", temperature=9)
    assert isinstance(error, llmaas.BadRequestError)
    assert isinstance(error, openai.BadRequestError)
    assert (error.status_code, error.param) == (400, "temperature")


def test_wrong_key(refused: Any) -> None:
    error = refused("wrong-key", key=on.WRONG_KEY)
    assert isinstance(error, llmaas.AuthenticationError)
    assert on.WRONG_KEY not in f"{error} {error!r}"


def test_a_limit_reached(refused: Any) -> None:
    error = refused("limit-reached", faults=on.LIMIT)
    assert isinstance(error, llmaas.RateLimitError)
    assert isinstance(error, openai.RateLimitError)
    assert (error.status_code, error.retry_after) == (429, 7)


def test_speech(play: Any, api: Any) -> None:
    play("speech")
    speech = api().do("speak", "Ah", model="kokoro", response_format="wav")
    assert speech.audio.startswith(b"RIFF")
    assert speech.content_type == "audio/wav"
    assert speech.duration > 0

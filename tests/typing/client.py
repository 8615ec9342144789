"""Types of the client's public API, as mypy and pyright infer them (never executed)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from pydantic import BaseModel

from llmaas import (
    AsyncLLMaaS,
    AsyncStream,
    Completion,
    Done,
    Embeddings,
    Event,
    Image,
    LLMaaS,
    ReasoningDelta,
    RerankResponse,
    Speech,
    Stream,
    TextDelta,
    ToolCallDelta,
    Transcription,
)
from llmaas.model_names import ChatModelName, EmbeddingModelName, ModelName
from llmaas.options import ChatOptions


class City(BaseModel):
    name: str


@dataclass
class Street:
    name: str


class House(TypedDict):
    number: int


def parsed_is_of_the_requested_class(client: LLMaaS) -> None:
    answer = client.chat("Paris?", model="gpt-oss:120b", response_format=City, temperature=0)
    assert_type(answer, Completion[City])
    assert_type(answer.parsed, City)
    assert_type(client.chat("Paris?", model="m", response_format=Street).parsed, Street)
    assert_type(client.chat("Paris?", model="m", response_format=House).parsed, House)
    assert_type(client.chat("Paris?", model="m", response_format=list[City]).parsed, list[City])
    assert_type(client.chat("Paris?", model="m", response_format=int).parsed, int)


def parsed_is_any_without_a_class(client: LLMaaS, options: ChatOptions) -> None:
    assert_type(client.chat("Paris?", model="m"), Completion[Any])
    assert_type(client.chat("Paris?", model="m", response_format=None).parsed, Any)
    assert_type(
        client.chat("Paris?", model="m", response_format={"type": "json_object"}).parsed, Any
    )
    assert_type(client.chat("Paris?", model="m", **options).parsed, Any)


def completion_needs_no_parameter(client: LLMaaS) -> Completion:
    answer: Completion = client.chat("Paris?", model="m", response_format=City)
    assert_type(answer.parsed, Any)
    return answer


def stream_has_the_requested_class(client: LLMaaS) -> None:
    with client.stream("Paris?", model="m", response_format=City) as stream:
        assert_type(stream, Stream[City])
        for event in stream:
            assert_type(event, TextDelta | ReasoningDelta | ToolCallDelta | Done[City])
            if event.type == "done":
                assert_type(event.completion.parsed, City)
            elif event.type == "text":
                assert_type(event, TextDelta)
        assert_type(stream.completion.parsed, City)
        assert_type(stream.until_done().parsed, City)
    assert_type(client.stream("Paris?", model="m"), Stream[Any])


def events_are_a_union(event: Event) -> str:
    match event:
        case TextDelta(text=text) | ReasoningDelta(text=text):
            return text
        case ToolCallDelta(arguments=arguments):
            return arguments
        case Done(completion=completion):
            return completion.text


async def async_client_has_the_same_types(client: AsyncLLMaaS, options: ChatOptions) -> None:
    assert_type(await client.chat("Paris?", model="m", response_format=City), Completion[City])
    assert_type(await client.chat("Paris?", model="m", **options), Completion[Any])
    stream = await client.stream("Paris?", model="m", response_format=City)
    assert_type(stream, AsyncStream[City])
    async for event in stream:
        if event.type == "done":
            assert_type(event.completion.parsed, City)
    assert_type((await stream.until_done()).parsed, City)
    assert_type(await client.embed(["a"], model="bge-m3:567m"), Embeddings)
    assert_type(await client.rerank("a", ["b"], model="m"), RerankResponse)
    assert_type(await client.transcribe(b""), Transcription)
    assert_type(await client.speak("a", model="m"), Speech)
    assert_type(await client.generate_images("a", model="m"), list[Image])


def other_calls(client: LLMaaS) -> None:
    assert_type(client.embed(["a"], model="bge-m3:567m"), Embeddings)
    assert_type(client.rerank("a", ["b"], model="bge-reranker-large"), RerankResponse)
    assert_type(client.transcribe(b""), Transcription)
    assert_type(client.speak("a", model="kokoro"), Speech)
    assert_type(client.generate_images("a", model="z-image:16b"), list[Image])


def every_string_is_a_model_name(client: LLMaaS, name: str) -> None:
    chat: ChatModelName = "qwen3.6:35b"
    embedding: EmbeddingModelName = name
    names: list[ModelName] = [chat, embedding, "a model of tomorrow"]
    client.chat("Paris?", model=names[0], fallbacks=[name, "gpt-oss:120b"])


def copies_keep_their_class(client: LLMaaS) -> None:
    assert_type(client.with_options(max_retries=0), LLMaaS)
    with client as entered:
        assert_type(entered, LLMaaS)

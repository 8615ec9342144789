"""Requests and responses of recorded cassettes, with both SDK major versions."""

import numpy as np
import pytest
from pydantic import BaseModel
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.contents import AudioContent
from semantic_kernel.exceptions import ServiceInvalidAuthError, ServiceInvalidRequestError

import llmaas
from semantic_kernel_llmaas import (
    LLMaaSAudioToText,
    LLMaaSAudioToTextExecutionSettings,
    LLMaaSChatCompletion,
    LLMaaSChatPromptExecutionSettings,
    LLMaaSEmbeddingPromptExecutionSettings,
    LLMaaSRerankPlugin,
    LLMaaSTextCompletion,
    LLMaaSTextEmbedding,
    LLMaaSTextPromptExecutionSettings,
    LLMaaSTextToAudio,
    LLMaaSTextToAudioExecutionSettings,
)
from semantic_kernel_llmaas.errors import LLMaaSRateLimitError
from tests.helpers.cassettes import scenarios as on


class City(BaseModel):
    name: str


@pytest.fixture
def start(play, ask):
    """Play a scenario's cassette, the streamed one if ``ask`` streams; return a chat service."""

    def start(scenario, model=on.TALKER, faults="", **options):
        play(f"{scenario}-stream" if ask.streamed else scenario, faults=faults)
        return LLMaaSChatCompletion(model, max_retries=0, **options)

    return start


async def test_chat(start, ask):
    answer = await ask(start("chat"), on.SAY)
    usage = answer.metadata["usage"]
    assert (answer.content, answer.finish_reason) == ("été", "stop")
    assert usage.prompt_tokens > 0
    cost = on.micro_eur(usage.prompt_tokens, usage.completion_tokens)
    assert answer.metadata["cost_eur"] == pytest.approx(cost / 1e6)
    assert answer.metadata["backend"]["machine_name"]


async def test_reasoning(start, ask):
    answer = await ask(start("reasoning", on.THINKER), on.SKY)
    thought = answer.metadata["reasoning_content"]
    assert "ciel" in thought
    assert thought not in answer.content
    assert answer.metadata["usage"].completion_tokens_details.reasoning_tokens > 0


async def test_several_tools_at_once(start, ask, weather):
    """The kernel calls both, and asks for the answer: two exchanges."""
    kernel = Kernel()
    kernel.add_plugin(weather, "weather")
    settings = LLMaaSChatPromptExecutionSettings()
    settings.function_choice_behavior = FunctionChoiceBehavior.Auto()
    answer = await ask(start("tools"), on.TWO_CITIES, settings, kernel=kernel)
    assert weather.asked == ["Paris", "Lyon"]
    assert "Paris: sunny" in answer.content
    assert "Lyon: sunny" in answer.content


async def test_structured_output(start, ask):
    settings = LLMaaSChatPromptExecutionSettings(response_format=City)
    answer = await ask(start("structured"), on.NAMED, settings)
    assert answer.metadata["parsed"] == City(name="Nantes")
    assert City.model_validate_json(answer.content) == City(name="Nantes")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
async def test_unknown_model(start, ask):
    with pytest.raises(ServiceInvalidRequestError) as caught:
        await ask(start("unknown-model", on.UNKNOWN), on.SAY)
    assert isinstance(caught.value, llmaas.ModelNotFoundError)
    assert (caught.value.status_code, caught.value.code) == (404, "model_not_found")
    assert caught.value.hint


async def test_wrong_key(start, ask):
    with pytest.raises(ServiceInvalidAuthError) as caught:
        await ask(start("wrong-key", api_key=on.WRONG_KEY), on.SAY)
    assert caught.value.status_code == 401
    assert on.WRONG_KEY not in f"{caught.value} {caught.value!r}"


async def test_limit_reached(start, ask):
    with pytest.raises(LLMaaSRateLimitError) as caught:
        await ask(start("limit-reached", faults=on.LIMIT), on.SAY)
    assert (caught.value.status_code, caught.value.retry_after) == (429, 7)


async def test_prompt_of_the_kernel(play):
    """A prompt that is text alone is the same request."""
    play("chat")
    kernel = Kernel()
    kernel.add_service(LLMaaSChatCompletion(on.TALKER, max_retries=0))
    assert str(await kernel.invoke_prompt(on.SAY)) == "été"


async def test_text_completion_sends_a_chat(play):
    play("chat")
    service = LLMaaSTextCompletion(on.TALKER, max_retries=0)
    content = await service.get_text_content(on.SAY, LLMaaSTextPromptExecutionSettings())
    assert content.text == "été"


async def test_embeddings(play):
    """Passages, then a question about one of them, which is the nearest."""
    play("embeddings")
    service = LLMaaSTextEmbedding(on.EMBEDDER, max_retries=0)
    settings = LLMaaSEmbeddingPromptExecutionSettings(dimensions=16)
    rows = await service.generate_embeddings(list(on.PASSAGES), settings)
    [question] = await service.generate_raw_embeddings([on.PRICE], settings)
    assert rows.shape == (3, 16)
    assert np.argmax(rows @ np.array(question)) == 1


async def test_rerank(play):
    play("rerank")
    kernel = Kernel()
    kernel.add_plugin(LLMaaSRerankPlugin(on.RERANKER, max_retries=0), "rerank")
    how = {"query": on.PRICE, "documents": list(on.PASSAGES), "top_n": 2}
    result = await kernel.invoke(plugin_name="rerank", function_name="rerank", **how)
    best, second = result.value
    assert (best["index"], best["document"]) == (1, on.PASSAGES[1])
    assert best["relevance_score"] > second["relevance_score"]


async def test_transcription(play):
    play("transcription")
    name, data = on.SPOKEN
    service = LLMaaSAudioToText("voxtral", max_retries=0)
    settings = LLMaaSAudioToTextExecutionSettings(language="fr", filename=name)
    [content] = await service.get_text_contents(AudioContent(data=data), settings)
    assert content.text.endswith(".")
    assert content.metadata["language"] == "fr"


async def test_speech(play):
    play("speech")
    settings = LLMaaSTextToAudioExecutionSettings(response_format="wav")
    service = LLMaaSTextToAudio("kokoro", max_retries=0)
    [content] = await service.get_audio_contents("Ah", settings)
    assert content.data.startswith(b"RIFF")
    assert content.mime_type == "audio/wav"
    assert content.metadata["duration"] > 0

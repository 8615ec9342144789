"""Embeddings, speech, images, text completion and reranking."""

import base64

import numpy as np
import pytest
from openai import AsyncOpenAI
from semantic_kernel import Kernel
from semantic_kernel.connectors.ai.open_ai import (
    OpenAITextToImage,
    OpenAITextToImageExecutionSettings,
)
from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings
from semantic_kernel.contents import AudioContent
from semantic_kernel.exceptions import ServiceInvalidRequestError, ServiceResponseException

import llmaas
from llmaas.warnings import LLMaaSWarning
from semantic_kernel_llmaas import (
    LLMaaSAudioToText,
    LLMaaSAudioToTextExecutionSettings,
    LLMaaSEmbeddingPromptExecutionSettings,
    LLMaaSRerankPlugin,
    LLMaaSTextCompletion,
    LLMaaSTextEmbedding,
    LLMaaSTextPromptExecutionSettings,
    LLMaaSTextToAudio,
    LLMaaSTextToAudioExecutionSettings,
    LLMaaSTextToImage,
    LLMaaSTextToImageExecutionSettings,
)


@pytest.fixture
def embedding(sandbox):
    return LLMaaSTextEmbedding("bge-m3:567m", max_retries=0)


async def test_embeddings_are_floats_of_strings(sandbox, embedding):
    rows = await embedding.generate_embeddings(["un", "deux"])
    assert isinstance(rows, np.ndarray)
    assert rows.shape == (2, 1024)
    assert sandbox.requests[0].json == {
        "model": "bge-m3:567m",
        "input": ["un", "deux"],
        "encoding_format": "float",
    }


async def test_raw_embeddings_are_lists(embedding):
    rows = await embedding.generate_raw_embeddings(["un"])
    assert isinstance(rows[0], list)
    assert isinstance(rows[0][0], float)
    assert np.allclose(rows, await embedding.generate_embeddings(["un"]), atol=1e-6)


async def test_empty_list_sends_no_request(sandbox, embedding):
    assert (await embedding.generate_embeddings([])).size == 0
    assert await embedding.generate_raw_embeddings([]) == []
    assert not sandbox.requests


async def test_long_lists_are_sent_in_batches_in_order(sandbox, embedding):
    texts = [f"text {n}" for n in range(150)]
    rows = await embedding.generate_embeddings(texts)
    assert [len(request.json["input"]) for request in sandbox.requests] == [64, 64, 22]
    alone = await embedding.generate_embeddings([texts[149]])
    assert np.allclose(rows[149], alone[0], atol=1e-6)
    sandbox.requests[0]
    settings = LLMaaSEmbeddingPromptExecutionSettings(batch_size=100, concurrency=1)
    await embedding.generate_embeddings(texts, settings)
    assert [len(request.json["input"]) for request in sandbox.requests[-2:]] == [100, 50]


async def test_settings_of_vector_stores_pass(sandbox):
    embedding = LLMaaSTextEmbedding("qwen3-embedding:0.6b", max_retries=0)
    await embedding.generate_raw_embeddings(["un"], PromptExecutionSettings(dimensions=256))
    assert sandbox.requests[0].json["dimensions"] == 256


async def test_rejected_text_raises_error(sandbox, embedding):
    bad = {"status": 400, "json": {"error": {"message": "too long"}}}
    sandbox.script([bad, {"json": {"data": [{"index": 0, "embedding": [1.0]}]}}, bad])
    with pytest.raises(ServiceInvalidRequestError, match=r"text 1 of 2.*too long"):
        await embedding.generate_embeddings(["un", "deux"])


@pytest.fixture
def recording(tmp_path):
    from llmaas import LLMaaS

    speech = LLMaaS().speak("Bonjour à tous.", model="kokoro", response_format="wav").audio
    path = tmp_path / "salut.wav"
    path.write_bytes(speech)
    return path


async def test_transcription_of_bytes_and_of_paths(sandbox, recording):
    service = LLMaaSAudioToText("whisper-1")
    data = recording.read_bytes()
    contents = [
        AudioContent(data=data, data_format="base64", mime_type="audio/wav"),
        AudioContent(uri=str(recording)),
        AudioContent.from_audio_file(str(recording)),
    ]
    heard = [await service.get_text_content(content) for content in contents]
    assert heard[0].text
    assert {content.text for content in heard} == {heard[0].text}
    assert heard[0].metadata["segments"]
    names = [b'filename="audio.wav"', b'filename="salut.wav"', b'filename="salut.wav"']
    bodies = [request for request in sandbox.requests if "transcriptions" in request.path]
    assert [name in request.body for name, request in zip(names, bodies, strict=True)] == [True] * 3


async def test_settings_of_the_transcription(sandbox, recording):
    settings = LLMaaSAudioToTextExecutionSettings(
        language="fr", prompt="noms propres", task="transcribe", temperature=0.0
    )
    await LLMaaSAudioToText("whisper-1").get_text_contents(
        AudioContent(uri=str(recording)), settings
    )
    body = sandbox.requests[-1].body
    for field, value in {
        b"language": b"fr",
        b"initial_prompt": b"noms propres",
        b"task": b"transcribe",
        b"temperature": b"0.0",
    }.items():
        assert b'name="' + field + b'"\r\n\r\n' + value in body
    assert b'name="prompt"' not in body


async def test_audio_without_data_raises_error(sandbox):
    with pytest.raises(ServiceInvalidRequestError) as caught:
        await LLMaaSAudioToText("whisper-1").get_text_contents(AudioContent())
    assert isinstance(caught.value, llmaas.InvalidInputError)


async def test_any_voice_and_an_audio_type(sandbox):
    service = LLMaaSTextToAudio("kokoro")
    settings = LLMaaSTextToAudioExecutionSettings(
        voice="chef", response_format="wav", speed=1.5, lang_code="f"
    )
    audio = await service.get_audio_content("Bonjour à tous.", settings)
    assert audio.data.startswith(b"RIFF")
    assert audio.mime_type.startswith("audio/")
    assert audio.metadata["duration"] > 0
    body = sandbox.requests[-1].json
    assert body == {
        "model": "kokoro",
        "input": "Bonjour à tous.",
        "voice": "chef",
        "response_format": "wav",
        "speed": 1.5,
        "lang_code": "f",
    }
    assert (await service.get_audio_content("Bonjour.")).data


async def test_images_are_bytes_and_become_contents(sandbox):
    service = LLMaaSTextToImage("z-image:16b")
    assert (await service.generate_image("A cat")).startswith(b"\x89PNG")
    assert sandbox.requests[-1].json["response_format"] == "b64_json"
    settings = LLMaaSTextToImageExecutionSettings(size="1024x1024", n=1)
    content = await service.get_image_content("A cat", settings)
    assert content.data.startswith(b"\x89PNG")
    assert sandbox.requests[-1].json["size"] == "1024x1024"


@pytest.mark.parametrize(
    "settings",
    [
        LLMaaSTextToImageExecutionSettings(width=1024, height=1536),
        LLMaaSTextToImageExecutionSettings(size=(1024, 1536)),
        PromptExecutionSettings(size={"any": 1}) and PromptExecutionSettings(size="1024x1536"),
    ],
)
async def test_sizes_in_every_form(sandbox, settings):
    await LLMaaSTextToImage("z-image:16b").generate_image("A cat", settings=settings)
    assert sandbox.requests[-1].json["size"] == "1024x1536"


async def test_images_take_the_settings_of_openai_s_connector(sandbox):
    settings = OpenAITextToImageExecutionSettings(width=512, height=512, prompt="not this")
    drawn = await LLMaaSTextToImage("z-image:16b").generate_images("A cat", settings=settings, n=2)
    assert len(drawn) == 2
    body = sandbox.requests[-1].json
    assert (body["prompt"], body["size"], body["n"]) == ("A cat", "512x512", 2)


async def test_extra_body_is_laid_over_every_request(sandbox, embedding):
    settings = PromptExecutionSettings(extra_body={"team": "a", "user": "b"}, user="c")
    await embedding.generate_raw_embeddings(["x"], settings)
    await LLMaaSTextToImage("z-image:16b").generate_image("x", settings=settings)
    await LLMaaSTextToAudio("kokoro").get_audio_content("x", settings)
    bodies = [request.json for request in sandbox.requests]
    assert [(body["team"], body["user"]) for body in bodies] == [("a", "b")] * 3
    assert not any("extra_body" in body for body in bodies)


async def test_several_images_and_addresses(sandbox):
    service = LLMaaSTextToImage("z-image:16b")
    settings = LLMaaSTextToImageExecutionSettings(n=2, size=(1024, 1024))
    assert len(await service.generate_images("A cat", settings)) == 2
    sandbox.script([{"status": 200, "json": {"data": [{"url": "https://example.org/cat.png"}]}}])
    assert await service.generate_image("A cat") == "https://example.org/cat.png"


async def test_several_images_are_text_as_from_the_stock_connector(sandbox):
    data = base64.b64encode(b"picture").decode()
    step = {"status": 200, "json": {"data": [{"b64_json": data}, {"url": "https://example.org/a"}]}}
    sandbox.script([step, step, step])
    async with AsyncOpenAI(api_key="sk-stock", base_url=sandbox.base_url) as client:
        stock = OpenAITextToImage("z-image:16b", async_client=client)
        expected = await stock.generate_images(prompt="A cat", n=2)
    ours = LLMaaSTextToImage("z-image:16b")
    assert (
        await ours.generate_images(prompt="A cat", n=2)
        == expected
        == [data, "https://example.org/a"]
    )
    assert await ours.generate_image("A cat") == b"picture"


async def test_invalid_image_is_skipped_with_a_warning(sandbox):
    entries = [{"url": "https://example.org/a.png"}, {"b64_json": "!!!"}]
    sandbox.script([{"status": 200, "json": {"data": entries}}])
    settings = LLMaaSTextToImageExecutionSettings(n=2)
    with pytest.warns(LLMaaSWarning, match="base64"):
        drawn = await LLMaaSTextToImage("z-image:16b").generate_images("A cat", settings=settings)
    assert drawn == ["https://example.org/a.png"]


@pytest.mark.parametrize("service", [LLMaaSTextToAudio, LLMaaSTextToImage])
async def test_errors_of_these_services_are_in_the_family(sandbox, service):
    made = service("no-such-model", max_retries=0)
    ask = made.get_audio_contents if service is LLMaaSTextToAudio else made.generate_image
    with pytest.raises(ServiceResponseException) as caught:
        await ask("x")
    assert isinstance(caught.value, llmaas.LLMaaSError)


async def test_text_completion_is_a_chat_of_one_message(sandbox):
    service = LLMaaSTextCompletion("gpt-oss:120b")
    settings = LLMaaSTextPromptExecutionSettings(top_k=3, prompt="not this")
    answer = await service.get_text_content("Say 'oui'", settings)
    assert answer.text == "oui"
    assert answer.metadata["usage"].completion_tokens > 0
    assert answer.metadata["reasoning_content"]
    body = sandbox.requests[-1].json
    assert body["messages"] == [{"role": "user", "content": "Say 'oui'"}]
    assert body["top_k"] == 3
    assert "prompt" not in body


async def test_text_completion_streams(sandbox):
    service = LLMaaSTextCompletion("gemma4:31b")
    sandbox.script([{"content": "un deux trois quatre"}])
    settings = PromptExecutionSettings(temperature=0.1)
    chunks = [chunk async for chunk in service.get_streaming_text_content("?", settings)]
    assert len(chunks) > 2
    assert "".join(chunk.text for chunk in chunks) == "un deux trois quatre"
    assert chunks[-1].metadata["usage"].prompt_tokens > 0
    assert str(sum(chunks[1:], chunks[0])) == "un deux trois quatre"


async def texts(service, settings, *, streamed):
    if not streamed:
        return (await service.get_text_content("?", settings)).text
    chunks = service.get_streaming_text_content("?", settings)
    return "".join([chunk.text async for chunk in chunks])


@pytest.mark.parametrize("streamed", [False, True])
async def test_refusal_is_the_text_of_a_completion(sandbox, streamed):
    said = {"role": "assistant", "refusal": "I will not."}
    choice = {"index": 0, "delta" if streamed else "message": said, "finish_reason": "stop"}
    answer = {"id": "x", "model": "m", "choices": [choice]}
    sandbox.script([{"sse": [answer, "[DONE]"]} if streamed else {"status": 200, "json": answer}])
    service = LLMaaSTextCompletion("gemma4:31b", max_retries=0)
    assert await texts(service, PromptExecutionSettings(), streamed=streamed) == "I will not."


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("kind", ["json_object", "text"])
async def test_text_completion_keeps_the_fence_when_not_json(sandbox, kind, streamed):
    fenced = '```json\n{"a": 1}\n```'
    sandbox.script([{"content": fenced}])
    settings = LLMaaSTextPromptExecutionSettings(response_format={"type": kind})
    said = await texts(LLMaaSTextCompletion("gemma4:31b"), settings, streamed=streamed)
    assert said == ('{"a": 1}' if kind == "json_object" else fenced)


async def test_text_completion_in_a_kernel(sandbox):
    kernel = Kernel()
    kernel.add_service(LLMaaSTextCompletion("gemma4:31b"))
    assert str(await kernel.invoke_prompt("Say 'oui'")) == "oui"


async def test_text_completion_errors_have_both_types(sandbox):
    service = LLMaaSTextCompletion("gemma4:31b", max_retries=0)
    sandbox.script([{"status": 500, "json": {"detail": "no"}}] * 2)
    with pytest.raises(ServiceResponseException):
        await service.get_text_content("?", PromptExecutionSettings())
    with pytest.raises(ServiceResponseException):
        async for _ in service.get_streaming_text_content("?", PromptExecutionSettings()):
            pass


DOCUMENTS = ["Paris is in France.", "Cats sleep a lot.", "The capital of France is Paris."]


@pytest.fixture
def reranker(sandbox):
    return LLMaaSRerankPlugin("qwen3-reranker:4b", max_retries=0)


async def test_rerank_as_a_plugin(sandbox, reranker):
    kernel = Kernel()
    kernel.add_plugin(reranker, "rerank")
    result = await kernel.invoke(
        plugin_name="rerank",
        function_name="rerank",
        query="the capital of France",
        documents=DOCUMENTS,
        top_n=2,
    )
    assert [ranked["index"] for ranked in result.value] == [2, 0]
    assert result.value[0]["document"] == DOCUMENTS[2]
    assert result.value[0]["relevance_score"] > result.value[1]["relevance_score"]
    assert sandbox.requests[-1].json["top_n"] == 2


async def test_rerank_over_results(reranker):
    results = [{"text": text} for text in DOCUMENTS]

    async def found():
        for result in results:
            yield result

    query = "the capital of France"
    best = await reranker.rerank_results(query, found(), text=lambda r: r["text"], top_n=1)
    assert best[0][0] is results[2]
    assert best == await reranker.rerank_results(query, results, text=lambda r: r["text"], top_n=1)
    assert await reranker.rerank_results(query, [], text=str) == []


async def test_rerank_errors_have_both_types(sandbox, reranker):
    sandbox.script([{"status": 500, "json": {"detail": "no"}}])
    with pytest.raises(ServiceResponseException):
        await reranker.rerank("?", DOCUMENTS)


async def test_batch_size_of_an_embedding_service_holds_unless_settings_tell_another(sandbox):
    service = LLMaaSTextEmbedding("bge-m3:567m", batch_size=2, concurrency=1)
    texts = [f"text {n}" for n in range(3)]
    await service.generate_embeddings(texts, PromptExecutionSettings(dimensions=1024))
    assert [len(r.json["input"]) for r in sandbox.requests] == [2, 1]
    assert "dimensions" not in sandbox.requests[0].json
    own = LLMaaSEmbeddingPromptExecutionSettings(batch_size=3)
    await service.generate_embeddings(texts, own)
    assert len(sandbox.requests[-1].json["input"]) == 3
    again = LLMaaSTextEmbedding.from_dict(service.to_dict())
    assert (again.batch_size, again.concurrency) == (2, 1)
    assert (again.vector_size, again.context) == (1024, 8192)


def test_misspelled_argument_names_the_public_class(sandbox):
    with pytest.raises(TypeError, match=r"LLMaaSTextEmbedding\(\) got an unexpected .*'misspelt'"):
        LLMaaSTextEmbedding("bge-m3:567m", misspelt=1)

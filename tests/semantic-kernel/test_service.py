"""Service objects: construction, serialization, copies and event loops."""

import asyncio
import copy
import json
import pickle
import subprocess
import sys

import pytest
from semantic_kernel import Kernel
from semantic_kernel.contents import ChatHistory
from semantic_kernel.exceptions import KernelFunctionAlreadyExistsError

from llmaas import AsyncLLMaaS
from llmaas.settings import Timeout
from semantic_kernel_llmaas import (
    LLMaaSAudioToText,
    LLMaaSChatCompletion,
    LLMaaSChatPromptExecutionSettings,
    LLMaaSRerankPlugin,
    LLMaaSTextCompletion,
    LLMaaSTextEmbedding,
    LLMaaSTextToAudio,
    LLMaaSTextToImage,
)
from tests.helpers.waiting import soon

SERVICES = {
    LLMaaSAudioToText: "AUDIO_TO_TEXT",
    LLMaaSChatCompletion: "CHAT",
    LLMaaSTextCompletion: "TEXT",
    LLMaaSTextEmbedding: "EMBEDDING",
    LLMaaSTextToAudio: "TEXT_TO_AUDIO",
    LLMaaSTextToImage: "TEXT_TO_IMAGE",
}
URL = "http://127.0.0.1:9/v1"
each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda kind: kind.__name__)


@each_service
def test_dump_without_key_recreates_the_service(service, monkeypatch):
    made = service(
        "m", "s", "sk-secret", URL, timeout=Timeout(3, 30), max_retries=5, proxy="http://u:secret@p"
    )
    dump = json.loads(json.dumps(made.to_dict()))
    assert "secret" not in f"{dump} {made!r} {made} {made.model_dump()} {made.model_dump_json()}"
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-other")
    again = service.from_dict(dump)
    assert type(again) is service
    assert (again.ai_model_id, again.service_id, again.service_url()) == ("m", "s", URL)
    assert again.client.settings.timeout == Timeout(3, 30)
    assert again.to_dict() == dump


def test_options_of_the_chat_are_kept():
    made = LLMaaSChatCompletion(
        "m", api_key="sk-x", instruction_role="developer", reasoning="content", send_reasoning=True
    )
    again = LLMaaSChatCompletion.from_dict({**made.to_dict(), "api_key": "sk-y"})
    assert again.to_dict() == made.to_dict()
    assert again.reasoning == "content"
    assert again.send_reasoning
    assert again.instruction_role == "developer"


async def test_kernel_can_be_copied(sandbox, kernel, ask):
    again = copy.deepcopy(kernel)
    service = again.get_service("gemma4:31b")
    assert (await ask(service, "Say 'oui'")).content == "oui"
    assert kernel.clone().get_service("gemma4:31b") is kernel.get_service("gemma4:31b")


async def test_pickle_has_no_key(sandbox, make, ask):
    stored = pickle.dumps(make())
    assert sandbox.api_key.encode() not in stored
    assert (await ask(pickle.loads(stored), "Say 'oui'")).content == "oui"


def test_openai_s_environment_is_ignored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("CHAT_MODEL_ID", "ORG_ID", "API_KEY", "BASE_URL", "TEXT_MODEL_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "leaked")
    service = LLMaaSChatCompletion("m", api_key="sk-x")
    assert service.ai_model_id == "m"
    assert service.service_url() == "https://api.ai.cloud-temple.com/v1"
    with pytest.raises(Exception, match="LLMAAS_API_KEY"):
        LLMaaSChatCompletion("m")


@each_service
def test_environment_sets_key_base_url_and_model(service, monkeypatch):
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-x")
    monkeypatch.setenv("LLMAAS_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv(f"LLMAAS_{SERVICES[service]}_MODEL_ID", "from-environment")
    made = service()
    assert (made.ai_model_id, made.service_url()) == ("from-environment", URL)
    assert service("argument").ai_model_id == "argument"


def test_rerank_plugin_reads_the_environment(monkeypatch):
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-secret")
    monkeypatch.setenv("LLMAAS_RERANK_MODEL_ID", "from-environment")
    made = LLMaaSRerankPlugin()
    assert made.ai_model_id == "from-environment"
    assert "secret" not in f"{made!r} {vars(made)}"
    assert b"secret" not in pickle.dumps(made)
    assert copy.deepcopy(made).ai_model_id == made.ai_model_id


def test_file_names_what_the_environment_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("LLMAAS_API_KEY=sk-file\nLLMAAS_CHAT_MODEL_ID=file\n")
    (tmp_path / "other.env").write_text("LLMAAS_CHAT_MODEL_ID=other\n")
    assert LLMaaSChatCompletion().ai_model_id == "file"
    assert LLMaaSChatCompletion(api_key="x", env_file_path="other.env").ai_model_id == "other"
    monkeypatch.setenv("LLMAAS_CHAT_MODEL_ID", "environment")
    assert LLMaaSChatCompletion().ai_model_id == "environment"


def test_services_can_be_created_in_threads(monkeypatch):
    async def main():
        made = [asyncio.to_thread(LLMaaSChatCompletion, f"m{n}", api_key="sk-x") for n in range(40)]
        return [service.ai_model_id for service in await asyncio.gather(*made)]

    assert asyncio.run(main()) == [f"m{n}" for n in range(40)]


async def test_key_that_rotates_and_a_client_of_your_own(sandbox, ask):
    keys = []

    def key():
        keys.append(1)
        return sandbox.api_key

    service = LLMaaSChatCompletion("gemma4:31b", api_key=key)
    await ask(service, "Say 'oui'")
    await ask(service, "Say 'oui'")
    assert len(keys) == 2
    client = AsyncLLMaaS(base_url=sandbox.base_url, api_key=sandbox.api_key)
    mine = LLMaaSChatCompletion("gemma4:31b", client=client, api_key="not looked at")
    assert (await ask(mine, "Say 'oui'")).content == "oui"


async def test_headers_of_your_own(sandbox, make, ask):
    await ask(make(default_headers={"x-team": "blue"}), "Say 'oui'")
    assert sandbox.requests[-1].headers["x-team"] == "blue"


def test_chat_and_embedding_of_one_model_need_service_ids(sandbox):
    kernel = Kernel()
    kernel.add_service(LLMaaSChatCompletion("m"))
    with pytest.raises(KernelFunctionAlreadyExistsError):
        kernel.add_service(LLMaaSTextEmbedding("m"))
    kernel.add_service(LLMaaSTextEmbedding("m", service_id="vectors"))
    assert isinstance(kernel.get_service(type=LLMaaSTextEmbedding), LLMaaSTextEmbedding)


PROCESS = """
import asyncio, json, sys
import semantic_kernel_llmaas
facts = {"package": sorted(sys.modules)}
import llmaas; llmaas.AsyncLLMaaS
facts["core"] = sorted(sys.modules)
from semantic_kernel_llmaas import LLMaaSChatCompletion, LLMaaSTextCompletion
facts["chat"] = sorted(sys.modules)
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
from semantic_kernel.contents import ChatHistory
from semantic_kernel_llmaas import LLMaaSChatPromptExecutionSettings
async def main():
    history = ChatHistory()
    history.add_user_message("Say 'oui'")
    settings = LLMaaSChatPromptExecutionSettings(temperature=0.5)
    chat, text = LLMaaSChatCompletion("gemma4:31b"), LLMaaSTextCompletion("gemma4:31b")
    await chat.get_chat_message_content(history, settings)
    async for _ in chat.get_streaming_chat_message_content(history, settings): pass
    await text.get_text_content("Say 'oui'", settings)
    async for _ in text.get_streaming_text_content("Say 'oui'", settings): pass
asyncio.run(main())
from semantic_kernel import Kernel
from semantic_kernel.functions import KernelArguments, kernel_function
class Words:
    @kernel_function
    def say(self, word: str) -> str:
        return f"Say '{word}'"
PROMPTS = {
    "semantic-kernel": "{{words.say word=$word}}",
    "handlebars": "{{words-say word=word}}",
    "jinja2": "{{ words_say(word=word) }}",
}
async def prompts(language):
    kernel, arguments = Kernel(), KernelArguments(word="oui")
    kernel.add_service(LLMaaSChatCompletion("gemma4:31b"))
    kernel.add_plugin(Words(), "words")
    ask = {"arguments": arguments, "template_format": language}
    yield str(await kernel.invoke_prompt(PROMPTS[language], **ask))
    stream = kernel.invoke_prompt_stream(PROMPTS[language], **ask)
    yield "".join([str(piece) async for pieces in stream for piece in pieces])
async def in_every_language():
    return {language: [text async for text in prompts(language)] for language in PROMPTS}
facts["spans"] = [dict(span.attributes) for span in exporter.get_finished_spans()]
facts["prompts"] = asyncio.run(in_every_language())
print(json.dumps(facts))
"""


def test_and_template_languages_in_a_process(sandbox, monkeypatch):
    """One process for all, as importing Semantic Kernel takes seconds.

    The helpers of handlebars and jinja2 patch asyncio for good (nest_asyncio): whatever comes
    after them, orchestrations for instance, breaks in Semantic Kernel itself.
    """
    monkeypatch.setenv("SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS", "true")
    facts = json.loads(python(PROCESS))
    imports_are_lazy(facts)
    each_call_is_one_span_with_our_name_and_the_tokens(facts["spans"], sandbox.base_url)
    languages = ("semantic-kernel", "handlebars", "jinja2")
    assert facts["prompts"] == {language: ["oui", "oui"] for language in languages}


def imports_are_lazy(facts):
    assert not {"semantic_kernel", "llmaas.client"} & set(facts["package"])
    assert "semantic_kernel" not in facts["core"]
    assert not {"aiortc", "semantic_kernel.connectors.ai.open_ai"} & set(facts["chat"])


def each_call_is_one_span_with_our_name_and_the_tokens(spans, address):
    operations = [span["gen_ai.operation.name"] for span in spans]
    assert operations == ["chat", "chat", "text_completions", "text_completions"]
    for span in spans:
        assert span["gen_ai.system"] == "llmaas"
        assert span["gen_ai.request.model"] == "gemma4:31b"
        assert span["gen_ai.request.temperature"] == 0.5
        assert span["gen_ai.usage.input_tokens"] > 0
        assert span["gen_ai.usage.output_tokens"] > 0
        assert span["server.address"] == address


def test_every_name_is_there():
    import semantic_kernel_llmaas as package

    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError):
        package.nothing  # noqa: B018


def test_service_outlives_an_event_loop(sandbox, make):
    service = make()
    history = ChatHistory()
    history.add_user_message("Say 'oui'")
    settings = LLMaaSChatPromptExecutionSettings()
    for _ in range(2):
        answer = asyncio.run(service.get_chat_message_content(history, settings))
        assert answer.content == "oui"


async def test_leaving_a_stream_early_closes_it(sandbox, make):
    history = ChatHistory()
    history.add_user_message("?")
    sandbox.script([{"content": "word " * 2000, "fault": "trickle:40:1"}])
    settings = LLMaaSChatPromptExecutionSettings()
    stream = make().get_streaming_chat_message_contents(history, settings)
    async for _ in stream:
        break
    await stream.aclose()
    await soon(lambda: sandbox.requests[-1].disconnected)


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("made", [LLMaaSChatCompletion, LLMaaSRerankPlugin])
def test_misspelt_argument_is_refused_by_the_name_of_the_class(made):
    expected = rf"{made.__name__}\(\) got an unexpected keyword argument 'ai_model'"
    with pytest.raises(TypeError, match=expected):
        made(ai_model="gpt-oss:120b")

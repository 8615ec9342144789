"""Rows 25 to 30: loops, threads, copies, keys; and what is written to YAML."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.generators import OpenAIImageGenerator
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.generators.utils import print_streaming_chunk
from haystack.utils import Secret

import llmaas
from haystack_integrations.common.llmaas import connection
from haystack_integrations.components.audio.llmaas import LLMaaSTranscriber
from haystack_integrations.components.converters.llmaas import LLMaaSOCRDocumentConverter
from haystack_integrations.components.embedders.llmaas import (
    LLMaaSDocumentEmbedder,
    LLMaaSTextEmbedder,
)
from haystack_integrations.components.generators.llmaas import (
    LLMaaSBatchChatGenerator,
    LLMaaSChatGenerator,
    LLMaaSImageGenerator,
)
from haystack_integrations.components.rankers.llmaas import LLMaaSRanker
from haystack_integrations.components.routers.llmaas import LLMaaSGuard

ALL = [
    LLMaaSBatchChatGenerator,
    LLMaaSChatGenerator,
    LLMaaSDocumentEmbedder,
    LLMaaSGuard,
    LLMaaSImageGenerator,
    LLMaaSOCRDocumentConverter,
    LLMaaSRanker,
    LLMaaSTextEmbedder,
    LLMaaSTranscriber,
]
STOCK = [
    (LLMaaSChatGenerator, OpenAIChatGenerator),
    (LLMaaSTextEmbedder, OpenAITextEmbedder),
    (LLMaaSDocumentEmbedder, OpenAIDocumentEmbedder),
    (LLMaaSImageGenerator, OpenAIImageGenerator),
]
each = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
KEY = "sk-very-secret-token"


@pytest.mark.parametrize("retries", [0, 2])
def test_three_event_loops(sandbox: Any, retries: int) -> None:
    generator = LLMaaSChatGenerator(max_retries=retries)
    for _ in range(3):
        replies = asyncio.run(generator.run_async('Say "oui"'))["replies"]
        assert replies[0].text == "oui"
    assert len(sandbox.requests) == 3


def test_eight_threads_make_one_client(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(settings: Any) -> Any:
        made.append(llmaas.LLMaaS.from_settings(settings))
        return made[-1]

    monkeypatch.setattr(connection, "open_client", counted)
    generator = LLMaaSChatGenerator()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: generator.run("?")["replies"], range(8)))
    assert len(replies) == 8
    assert len(made) == 1


@each
def test_copies_of_a_warm_component(sandbox: Any, kind: Any) -> None:
    component = kind()
    component.warm_up()
    asyncio.run(component.warm_up_async())
    for twin in (copy.deepcopy(component), pickle.loads(pickle.dumps(component))):
        assert (twin.client, twin.async_client) == (None, None)
        assert twin.to_dict() == component.to_dict()
        twin.warm_up()
        twin.close()
    assert component.client is not None


def test_from_dict_twice(sandbox: Any) -> None:
    data = LLMaaSChatGenerator(streaming_callback=print_streaming_chunk).to_dict()
    before = json.dumps(data)
    for _ in range(2):
        twin = LLMaaSChatGenerator.from_dict(data)
        assert twin.streaming_callback is print_streaming_chunk
    assert json.dumps(data) == before


@each
def test_closing_is_always_possible(sandbox: Any, kind: Any) -> None:
    component = kind()
    component.close()
    asyncio.run(component.close_async())
    component.warm_up()
    asyncio.run(component.warm_up_async())
    for _ in range(2):
        component.close()
        asyncio.run(component.close_async())
    assert (component.client, component.async_client) == (None, None)


def test_close_and_close_async_are_independent(sandbox: Any) -> None:
    generator = LLMaaSChatGenerator()
    generator.warm_up()
    asyncio.run(generator.run_async("?"))
    generator.close()
    assert generator.async_client is not None
    assert asyncio.run(generator.run_async("?"))["replies"]
    asyncio.run(generator.close_async())
    assert generator.run("?")["replies"]  # opened again


@each
def test_key_is_needed_by_the_first_run_only(kind: Any) -> None:
    component = kind()  # no key in the environment
    with pytest.raises(ValueError, match=r"None of the .* environment variables are set") as caught:
        component.warm_up()
    assert isinstance(caught.value, llmaas.MissingAPIKeyError)
    with pytest.raises(llmaas.MissingAPIKeyError):
        asyncio.run(component.warm_up_async())


@each
def test_token_is_never_written_or_shown(sandbox: Any, kind: Any) -> None:
    component = kind(api_key=Secret.from_token(KEY))
    component.warm_up()
    with pytest.raises(ValueError, match="Cannot serialize token-based secret"):
        component.to_dict()
    pickled = pickle.dumps(component)
    assert KEY.encode() not in pickled
    assert KEY not in f"{component!r} {component.client!r} {vars(component)!r}"
    assert pickle.loads(pickled).api_key == connection.DEFAULT_API_KEY
    assert copy.deepcopy(component).api_key.resolve_value() == KEY


def test_key_in_an_error_is_scrubbed(sandbox: Any) -> None:
    sandbox.script([{"status": 401, "json": {"error": {"message": f"bad key {KEY}"}}}])
    with pytest.raises(llmaas.AuthenticationError) as caught:
        LLMaaSChatGenerator(api_key=Secret.from_token(KEY)).run("?")
    assert KEY not in f"{caught.value} {caught.value!r} {caught.value.body} {vars(caught.value)}"


@each
def test_component_round_trips_through_dict(kind: Any) -> None:
    data = kind().to_dict()
    assert data["type"] == f"{kind.__module__}.{kind.__name__}"
    json.dumps(data)
    before = json.dumps(data)
    assert kind.from_dict(data).to_dict() == data
    assert json.dumps(data) == before


@each
def test_run_and_run_async_agree(kind: Any) -> None:
    sync, aio = (inspect.signature(getattr(kind, name)) for name in ("run", "run_async"))
    assert sync == aio
    assert inspect.iscoroutinefunction(kind.run_async)


@pytest.mark.parametrize(("ours", "stock"), STOCK, ids=lambda kind: kind.__name__)
def test_signature_matches_stock_class(ours: Any, stock: Any) -> None:
    for method in ("run", "run_async"):
        theirs = inspect.signature(getattr(stock, method)).parameters
        assert list(inspect.signature(getattr(ours, method)).parameters) == list(theirs)
    mine = list(inspect.signature(ours.__init__).parameters.values())
    theirs = list(inspect.signature(stock.__init__).parameters.values())
    assert [p.name for p in mine[: len(theirs)]] == [p.name for p in theirs]
    assert [p.kind for p in mine[: len(theirs)]] == [p.kind for p in theirs]
    assert ours is not LLMaaSChatGenerator or len(mine) == len(theirs)
    plain = stock(api_key=Secret.from_env_var("K")).to_dict()["init_parameters"]
    assert set(plain) <= set(ours().to_dict()["init_parameters"])


def test_openai_environment_is_ignored(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "BASE_URL", "ORG_ID", "TIMEOUT", "MAX_RETRIES"):
        monkeypatch.setenv(f"OPENAI_{name}", "999")
    generator = LLMaaSChatGenerator(organization="acme")
    assert generator.run('Say "oui"')["replies"][0].text == "oui"
    settings = generator.client.settings
    assert (settings.timeout.read, settings.retry.max_retries) == (600, 2)
    assert not any("organization" in name.lower() for name in sandbox.requests[-1].headers)


def test_settings_reach_the_client(sandbox: Any) -> None:
    generator = LLMaaSChatGenerator(
        timeout=40.0,
        max_retries=1,
        http_client_kwargs={"headers": {"x-team": "rag"}, "limits": {"max_connections": 3}},
    )
    generator.run("?")
    assert generator.client.settings.timeout.read == 40
    assert generator.client.settings.retry.max_retries == 1
    assert sandbox.requests[-1].headers["x-team"] == "rag"


@pytest.mark.parametrize("kwargs", [{"verify": False}, {"auth": "x"}])
def test_unsupported_http_client_kwargs_raise(sandbox: Any, kwargs: Any) -> None:
    generator = LLMaaSChatGenerator(http_client_kwargs=kwargs)
    assert generator.to_dict()["init_parameters"]["http_client_kwargs"] == kwargs
    with pytest.raises(llmaas.ConfigurationError):
        generator.run("?")


def test_open_client_sees_all_requests(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test may replace one function and see every request, chat, stream or vector."""
    urls: list[str] = []

    class Spy:
        def __init__(self, settings: Any) -> None:
            from llmaas.transport.httpx_transport import HTTPXTransport

            self.inner = HTTPXTransport(settings)

        def send(self, request: Any) -> Any:
            urls.append(request.url.rpartition("/v")[2])
            return self.inner.send(request)

    monkeypatch.setattr(
        connection,
        "open_client",
        lambda settings: llmaas.LLMaaS.from_settings(settings, Spy(settings)),
    )
    LLMaaSChatGenerator().run("?")
    LLMaaSChatGenerator(streaming_callback=lambda chunk: None).run("?")
    LLMaaSTextEmbedder().run("a")
    connection_of_models = __import__("haystack_integrations.common.llmaas", fromlist=["x"])
    assert connection_of_models.list_models()
    assert urls == ["1/chat/completions"] * 2 + ["1/embeddings", "1/models"]
